import sys
from datetime import date
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from terms_toys import held, made, result, table, use, writer

from hydrometer.errors import InputError
from hydrometer.terms.counsel import Override, read_override

VIEW = {
    "instrument": "acme-api",
    "verdict": "permitted",
    "by": "C. Counsel",
    "reason": "the bar does not reach us",
    "made_on": date(2026, 1, 1),
    "expires": date(2027, 1, 1),
}


def view(**fields):
    return Override(**{"clause": None, **VIEW, **fields})


def test_it_is_shown_and_changes_no_verdict_in_either_direction():
    barred, open_ = held(made(reading="bars-any")), held(made())
    for said in ("permitted", "prohibited"):
        declared = use(overrides=[view(verdict=said)])
        assert result(barred, writer(), declared=declared).verdict == "prohibited"
        found = result(open_, writer(), declared=declared)
        assert found.verdict == "permitted"
        assert found.reasons[0].counsel == (
            f"C. Counsel: {said} (the bar does not reach us; until 2027-01-01)"
        )


def test_it_speaks_of_its_instrument_clause_and_days():
    o = view()
    assert o.concerns("acme-api@2024-01-01", date(2026, 1, 1))
    assert not o.concerns("acme-api@2024-01-01", date(2025, 12, 31))
    assert not o.concerns("acme-api@2024-01-01", date(2027, 1, 1))
    assert not o.concerns("acme-api2@2024-01-01", date(2026, 5, 1))
    assert not view(instrument="acme-api@2020-01-01").concerns(
        "acme-api@2024-01-01", date(2026, 5, 1)
    )
    declared = use(overrides=[view(clause="9.9")])
    assert result(held(made()), writer(), declared=declared).reasons[0].counsel is None


def test_a_file(tmp_path):
    path = tmp_path / "view.toml"
    path.write_text(table("", VIEW))
    assert read_override(path).by == "C. Counsel"
    for fields, match in (
        ({"by": None}, "no override"),
        ({"reason": " "}, "no override"),
        ({"verdict": "fine"}, "no such verdict"),
        ({"expires": None}, "no date"),
        ({"until": "x"}, "mean nothing"),
    ):
        path.write_text(table("", {**VIEW, **fields}))
        with pytest.raises(InputError, match=match):
            read_override(path)
