import json
import sys
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from terms_toys import made

from hydrometer.terms.record import ORDER, instrument_record, worst_reading
from hydrometer.terms.version import READINGS


def test_every_field_as_json():
    i, _ = made(
        effective_to=date(2025, 1, 1),
        predicates=[{"fact": "territory", "test": "in", "value": ["EU"]}],
    )
    r = instrument_record(i)
    assert json.loads(json.dumps(r)) == r
    assert (r["name"], r["reading"]) == ("acme-api@2024-01-01", "permits")
    assert (r["effective_from"], r["effective_to"]) == ("2024-01-01", "2025-01-01")
    assert r["clauses"][0]["quote"] == "words of the text"
    assert r["predicates"][0]["value"] == ["EU"]
    assert r["source"]["commit"] == "c0ffee"


def test_the_reading_in_one_word():
    assert sorted(ORDER) == sorted(READINGS)
    assert worst_reading(made(clauses=("permits", "if-competing", "routes"))[0]) == "if-competing"
    assert worst_reading(made(clauses=("bars-any", "permits"))[0]) == "bars-any"
    assert worst_reading(made(clauses=("routes",))[0]) == "routes"
