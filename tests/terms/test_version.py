import sys
from datetime import date
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from terms_toys import made

from hydrometer.terms.instrument import Instrument as Same
from hydrometer.terms.version import FACTS, READINGS, Instrument


def test_a_version_covers_a_half_open_interval():
    i, _ = made("acme-api", "2024-01-01", effective_to=date(2025, 1, 1))
    assert i.name == "acme-api@2024-01-01"
    assert [i.covers(date(2023, 12, 31)), i.covers(date(2024, 1, 1))] == [False, True]
    assert [i.covers(date(2024, 12, 31)), i.covers(date(2025, 1, 1))] == [True, False]
    assert made("acme-api", "2024-01-01")[0].covers(date(2999, 1, 1))


def test_a_record_never_changes():
    i, _ = made()
    with pytest.raises(AttributeError):
        i.status = "retired"


def test_the_vocabulary_is_that_of_the_format():
    assert Same is Instrument
    assert len(READINGS) == 8
    assert set(FACTS.values()) == {"text", "places", "number"}
