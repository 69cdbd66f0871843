"""Consents that almost fit open nothing and say why."""

import contextlib
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
from terms_toys import consent, held, made, names, result, table, use, verdict, writer

from hydrometer.errors import HydrometerError, InputError
from hydrometer.terms.consent import KEYS, parse_consent, read_consent
from hydrometer.terms.names import read_names

BARRED = held(made(reading="bars-any"))


def with_consent(catalogue=BARRED, *writers, known=None, declared=None, dataset=None, **fields):
    given_use = use(consents=[consent(**fields)], **(declared or {}))
    return result(
        catalogue, *(writers or (writer(),)), declared=given_use, known=known, dataset=dataset
    )


def test_one_that_fits_opens():
    found = with_consent()
    assert found.verdict == "permitted"
    assert "B. Signer for acme on 2026-01-01" in found.reasons[0].because
    assert verdict(BARRED, writer()) == "prohibited"


ALMOST = [
    ({"signed_by": None}, "not signed"),
    ({"signed_by": " "}, "not signed"),
    ({"signed_on": None}, "not signed"),
    ({"signed_on": date(2026, 9, 2)}, "after the use"),
    ({"valid_from": None}, "from when"),
    ({"expires": None}, "from when"),
    ({"expires": ""}, "from when"),
    ({"valid_from": date(2026, 9, 2)}, "begins on"),
    ({"expires": date(2026, 9, 1)}, "expired on"),
    ({"purpose": "evaluate"}, "for the purpose"),
    ({"purpose": "Train-Model"}, "for the purpose"),
    ({"student_name": "Pupil2"}, "for the student"),
    ({"student_name": None}, "does not say: student_name"),
    ({"scope": None}, "does not say: scope"),
    ({"licensor": None}, "does not say: licensor"),
    ({"licensee": None}, "does not say: licensee"),
    ({"territory": []}, "no territory"),
    ({"territory": ["FR"]}, "does not reach DE"),
    ({"instruments": []}, "no model and no instrument"),
]


@pytest.mark.parametrize(("fields", "why"), ALMOST)
def test_one_that_almost_fits_opens_nothing_and_says_why(fields, why):
    assert with_consent(**fields).verdict == "prohibited"
    lacks = parse_consent(consent(**fields)).lacks(use(), read_names())
    assert why in lacks


@pytest.mark.parametrize(
    "fields",
    [
        {"licensor": "other"},
        {"instruments": ["acme"]},
        {"instruments": ["acme-api "[:7]]},
        {"instruments": ["acme-api@2023-01-01"]},
        {"instruments": ["ACME-API"]},
        {"instruments": ["*"]},
        {"instruments": [], "models": ["toy"]},
        {"instruments": [], "models": ["*"]},
        {"instruments": [], "models": ["toy-1"], "licensor": "other"},
    ],
)
def test_one_for_something_else_opens_nothing(fields):
    assert with_consent(**fields).verdict == "prohibited"


def test_days_are_half_open():
    day = date(2026, 9, 1)
    assert with_consent(valid_from=day, signed_on=day).verdict == "permitted"
    assert with_consent(expires=day + timedelta(1)).verdict == "permitted"


def test_the_licensee_of_the_use_where_it_names_one():
    assert with_consent(declared={"licensee": "Us"}).verdict == "permitted"
    assert with_consent(declared={"licensee": "Them"}).verdict == "prohibited"


def test_territory_of_the_use_must_be_known_and_inside():
    assert with_consent(territory=["EU"]).verdict == "permitted"
    assert with_consent(territory=["EU"], declared={"territory": ["DE", "US"]}).verdict != (
        "permitted"
    )
    assert with_consent(territory=["DE"], declared={"territory": ["EU"]}).verdict == "prohibited"
    assert with_consent(declared={"territory": None}).verdict == "prohibited"


def test_a_student_without_a_name_has_no_consent():
    assert with_consent(student_name=None, declared={"student_name": None}).verdict == "prohibited"


def test_other_names_of_the_licensor_and_of_versions():
    known = names()
    named = {"licensor": " ACME inc. ", "instruments": ["acme-api@2024-01-01"]}
    assert with_consent(known=known, **named).verdict == "permitted"
    by_model = {"instruments": [], "models": ["TOY-1"]}
    assert with_consent(known=known, **by_model).verdict == "permitted"


def test_a_version_named_opens_that_version_only():
    c = held(
        made(version="2024-01-01", reading="bars-any", effective_to=date(2026, 6, 1)),
        made(version="2026-06-01", reading="bars-any"),
    )
    assert with_consent(c, instruments=["acme-api@2026-06-01"]).verdict == "prohibited"
    assert with_consent(c, instruments=["acme-api"]).verdict == "permitted"


def test_it_never_opens_what_is_somebody_elses():
    hosted = held(
        made("hoster-terms", provider="hoster", surface=["host"], reading="bars-any"),
        made("acme-weights", surface=["weights"], reading="bars-any"),
    )
    known = names([{"names": ["toy-1"], "weights": "acme-weights"}])
    w = writer(host="hoster")
    both = {"instruments": ["acme-weights", "hoster-terms"], "models": ["toy-1"]}
    found = with_consent(hosted, w, known=known, **both)
    assert found.verdict == "prohibited"
    assert {r.instrument for r in found.reasons if r.verdict == "prohibited"} == {
        "hoster-terms@2024-01-01"
    }


def test_it_never_opens_the_terms_of_a_teacher():
    known = names(
        [
            {"names": ["student"], "weights": "acme-weights", "built_on": ["teacher"]},
            {"names": ["teacher"], "weights": "base-weights", "maker": "base"},
        ]
    )
    c = held(
        made("acme-weights", surface=["weights"], reading="bars-any"),
        made("base-weights", provider="base", surface=["weights"], reading="bars-any"),
    )
    w = writer("student", surface="weights", provider=None)
    fields = {"instruments": ["acme-weights", "base-weights"], "models": ["student", "teacher"]}
    assert with_consent(c, w, known=known, **fields).verdict == "prohibited"
    taught = writer("student", surface="weights", provider=None, distilled_from=[writer()])
    known = names([{"names": ["student"], "weights": "acme-weights"}])
    c = held(made("acme-weights", surface=["weights"]), made("acme-api", reading="bars-any"))
    assert with_consent(c, taught, known=known, instruments=["acme-weights"]).verdict == (
        "prohibited"
    )


def test_it_settles_what_is_open_of_that_licensor():
    states = {
        "conditional": (made(reading="if-competing"), {"competing": None}),
        "silent": (made(reading="silent"), {}),
        "stale": (made(seen=date(2026, 1, 1)), {}),
        "unread": (made(evidence="none", reading="unknown", seen=None), {}),
        "predicate": (
            made(predicates=[{"fact": "territory", "test": "in", "value": ["DE"]}]),
            {},
        ),
    }
    for name, (i, declared) in states.items():
        found = with_consent(held(i), declared=declared)
        assert found.verdict == "permitted", name
        assert with_consent(held(i), declared=declared, licensor="x").verdict not in (
            *("permitted", "with-duties"),
        )


def test_a_party_that_is_not_known_has_nothing_to_open():
    w = writer(provider="shell-company")
    fields = {"licensor": "shell-company", "models": ["toy-1"]}
    assert with_consent(held(made()), w, **fields).verdict == "unknown"
    known = names([{"names": ["toy-1"]}])
    w = writer(surface="weights", provider=None)
    assert with_consent(held(made()), w, known=known, models=["toy-1"]).verdict == "permitted"
    assert with_consent(held(made()), w, models=["toy-1"]).verdict == "unknown"


def test_duties_stay():
    duty = {"kind": "notice", "text": "say so"}
    found = with_consent(held(made(reading="bars-any", duties=[duty])))
    assert found.verdict == "with-duties"
    assert found.duties[0].text == "say so"


def test_it_cannot_say_when_an_answer_was_made_or_who_served_it():
    for w in (writer(generated_at=None), writer(provider=None), writer(surface="fax")):
        assert with_consent(held(made()), w).verdict == "unknown"


def test_values_of_the_wrong_kind():
    for fields in (
        {"signed_on": "yesterday"},
        {"models": [1]},
        {"territory": ["Mars"]},
        {"signed_by": 7},
        {"document_sha256": "A" * 64},
        {"document_sha256": "ab"},
        {"valid": True},
    ):
        with pytest.raises(InputError):
            parse_consent(consent(**fields))
    assert parse_consent(consent(document_sha256="a" * 64)).document_sha256 == "a" * 64


def test_a_file(tmp_path):
    path = tmp_path / "c.toml"
    path.write_text(table("", consent()))
    assert read_consent(path).licensor == "acme"
    path.write_text(table("", consent(signed_on="x")))
    with pytest.raises(InputError, match=r"c\.toml: the consent's signed_on is no date"):
        read_consent(path)


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.dates(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=4), ANY, max_size=4))
def test_only_our_errors_come_out(fields):
    with contextlib.suppress(HydrometerError):
        made_of = parse_consent({**consent(), **fields})
        assert made_of.lacks(use(), read_names()) is None or made_of.lacks(use(), read_names())
