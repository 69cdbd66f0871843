import contextlib
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
from terms_toys import consent, table, use

from hydrometer.errors import HydrometerError, InputError
from hydrometer.terms.use import KEYS, Use, parse_use, read_use

BARE = {"purpose": "train-model", "used_at": date(2026, 9, 1)}


def test_what_is_not_said_is_not_declared():
    u = parse_use(BARE)
    for name in ("competing", "similar", "commercial", "collection", "student_kind", "domicile"):
        assert getattr(u, name) is None
    assert (u.territory, u.revenue_usd, u.distribution, u.declared_by) == ((), None, None, None)
    assert parse_use({**BARE, "competing": "undeclared"}).competing is None
    assert parse_use({**BARE, "competing": "  "}).competing is None


def test_views_in_ones_own_favour_need_a_name():
    for name in ("competing", "similar", "commercial", "collection", "student_kind"):
        assert not parse_use(BARE).signed(name)
        assert not parse_use({**BARE, "declared_by": "   "}).signed(name)
        assert use().signed(name)
    assert parse_use(BARE).signed("territory")


def test_freshness_is_settable_downward_only():
    u = parse_use({**BARE, "hosted_days": 0, "weights_days": 90})
    assert (u.hosted_days, u.weights_days) == (0, 90)
    for name, days in (("hosted_days", 31), ("weights_days", 91)):
        for wrong in (days, -1, 10**400, True, False, 5.0, "5", float("nan")):
            with pytest.raises(InputError, match="stricter"):
                parse_use({**BARE, name: wrong})


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"purpose": " "}, "no purpose"),
        ({"used_at": None}, "no day"),
        ({"used_at": "soon"}, "no date"),
        ({"competing": "No"}, "says nothing known"),
        ({"competing": False}, "no text"),
        ({"distribution": "undeclared"}, "says nothing known"),
        ({"territory": ["Atlantis"]}, "no such place"),
        ({"territory": "Europe"}, "no such place"),
        ({"domicile": "USA"}, "no such place"),
        ({"domicile": ["US"]}, "no text"),
        ({"revenue_usd": -1}, "no amount"),
        ({"revenue_usd": True}, "no amount"),
        ({"revenue_usd": "1"}, "no amount"),
        ({"revenue_usd": float("nan")}, "no amount"),
        ({"revenue_usd": float("inf")}, "no amount"),
        ({"monthly_active_users": 10**400}, "no amount"),
        ({"declared_by": 5}, "no text"),
        ({"competes": "no"}, "mean nothing"),
    ],
)
def test_what_is_refused(fields, match):
    with pytest.raises(InputError, match=match):
        parse_use({**BARE, **fields})


def test_today_stands_in_for_the_day_of_use():
    assert parse_use({"purpose": "p"}, today=date(2026, 1, 1)).used_at == date(2026, 1, 1)
    assert parse_use(BARE, today=date(2026, 1, 1)).used_at == date(2026, 9, 1)
    late = datetime(2026, 9, 1, 23, tzinfo=UTC)
    assert parse_use({**BARE, "used_at": late}).used_at == date(2026, 9, 1)


def test_the_digest_covers_all_that_is_declared_and_attached():
    seen = {use().sha256}
    for fields in ({"competing": None}, {"territory": ["DE", "US"]}, {"student_name": "x"}):
        seen.add(use(**fields).sha256)
    seen.add(use(consents=[consent()]).sha256)
    assert len(seen) == 5
    assert use().sha256 == use().sha256


def test_a_file_names_its_consents_from_its_own_folder(tmp_path):
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "acme.toml").write_text(table("", consent()))
    view = {
        "instrument": "acme-api",
        "verdict": "permitted",
        "by": "C. Counsel",
        "reason": "R",
        "made_on": date(2026, 1, 1),
        "expires": date(2027, 1, 1),
    }
    (tmp_path / "view.toml").write_text(table("", view))
    path = tmp_path / "use.toml"
    path.write_text(table("", {**BARE, "consents": ["c/acme.toml"], "overrides": ["view.toml"]}))
    u = read_use(path)
    assert u.consents[0].licensor == "acme"
    assert len(u.consents[0].sha256) == 64
    assert u.overrides[0].by == "C. Counsel"
    path.write_text(table("", {**BARE, "consents": ["none.toml"]}))
    with pytest.raises(InputError, match="cannot read the consent"):
        read_use(path)
    path.write_text(table("", {**BARE, "competing": "maybe"}))
    with pytest.raises(InputError, match=r"use\.toml: competing says nothing known"):
        read_use(path)


ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from(["yes", "no", "DE", "EU", "weights"])
    | st.dates(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=4), ANY, max_size=4))
def test_only_our_errors_come_out(fields):
    with contextlib.suppress(HydrometerError):
        assert isinstance(parse_use({**BARE, **fields}), Use)
