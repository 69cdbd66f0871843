"""Files of instruments: what is taken, what is refused, and that nothing wrong is read past."""

import contextlib
import json
import sys
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
from terms_toys import made, text

from hydrometer.errors import HydrometerError, InputError
from hydrometer.terms.instrument import parse_instrument, read_instrument

NAME = "acme-api@2024-01-01.toml"


def refused(raw, match, name=NAME):
    with pytest.raises(InputError, match=match):
        parse_instrument(raw, name)


def test_every_field_arrives():
    i, _ = made(
        "acme-api",
        "2024-01-01",
        reading="bars-any",
        effective_to=date(2025, 1, 1),
        accounts=["business"],
        binds=["EU", "CH"],
        beside=True,
        language="fr",
        note="N",
        excepts=[{"student_kind": ["classifier", "embedding"], "distribution": ["internal"]}],
        duties=[{"kind": "name-prefix", "text": "Acme", "when": ["weights"]}],
        predicates=[
            {"fact": "territory", "test": "in", "value": ["EU"]},
            {"fact": "revenue_usd", "test": "over", "value": 10, "then": "conditional"},
        ],
    )
    assert i.name == "acme-api@2024-01-01"
    assert i.clauses[0].reading == "bars-any"
    assert i.clauses[0].excepts[0]["student_kind"] == ("classifier", "embedding")
    assert i.duties[0].when == ("weights",)
    assert [p.value for p in i.predicates] == [("EU",), 10.0]
    assert (i.accounts, i.binds, i.beside, i.language) == (("business",), ("EU", "CH"), True, "fr")
    assert i.source.commit == "c0ffee"


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"status": "draft"}, "status is 'draft'"),
        ({"evidence": "rumour"}, "evidence is 'rumour'"),
        ({"surface": []}, "surface must be a list"),
        ({"surface": "api"}, "surface must be a list"),
        ({"surface": ["API"]}, "surface is 'API'"),
        ({"effective_from": "2024-01-01"}, "effective_from must be a date"),
        ({"effective_to": date(2024, 1, 1)}, "later than effective_from"),
        ({"seen": None}, "day on which it was seen"),
        ({"read_on": None}, "read_on must be a date"),
        ({"provider": "Acme"}, "provider must be the slug 'acme'"),
        ({"provider": "open ai"}, "provider must be the slug 'openai'"),
        ({"title": " "}, "title must be text"),
        ({"beside": "false"}, "beside must be of the kind bool"),
        ({"binds": "EU"}, "binds must be a list"),
        ({"binds": ["eu"]}, "'eu' is no place"),
        ({"binds": ["Europe"]}, "'Europe' is no place"),
        ({"accounts": "business"}, "accounts must be a list"),
        ({"accounts": [1]}, "accounts must be a list"),
        ({"wish": 1}, "unknown key 'wish'"),
        ({"duties": [{"kind": "prayer", "text": "x"}]}, "kind is 'prayer'"),
        ({"duties": [{"kind": "notice", "text": "x", "when": "weights"}]}, "when must be a list"),
        ({"duties": [{"kind": "notice", "text": "x", "when": []}]}, "when must be a list"),
        ({"duties": [{"kind": "notice", "text": "x", "when": ["home"]}]}, "when is 'home'"),
        ({"excepts": [{}]}, "hold for every use"),
        ({"excepts": [{"mood": ["good"]}]}, "'mood' is no fact"),
        ({"excepts": [{"territory": ["DE"]}]}, "'territory' is no fact that is told in words"),
        ({"excepts": [{"student_kind": "classifier"}]}, "must be a list of texts"),
        ({"excepts": [{"student_kind": ["Classifier"]}]}, "is 'Classifier', not one of"),
    ],
)
def test_what_is_refused(fields, match):
    refused(text(reading="bars-any", **fields), match)


@pytest.mark.parametrize(
    ("predicate", "match"),
    [
        ({"fact": "weather", "test": "in", "value": ["x"]}, "fact is 'weather'"),
        ({"fact": "territory", "test": "over", "value": ["DE"]}, "test is 'over'"),
        ({"fact": "territory", "test": "in", "value": ["Germany"]}, "'Germany' is no place"),
        ({"fact": "territory", "test": "in", "value": ["de"]}, "'de' is no place"),
        ({"fact": "territory", "test": "in", "value": []}, "must be a list of texts"),
        ({"fact": "territory", "test": "in", "value": "DE"}, "must be a list of texts"),
        ({"fact": "commercial", "test": "in", "value": ["Yes"]}, "is 'Yes', not one of"),
        ({"fact": "revenue_usd", "test": "over", "value": True}, "must be a number"),
        ({"fact": "revenue_usd", "test": "over", "value": -1}, "must be a number"),
        ({"fact": "revenue_usd", "test": "over", "value": 10**400}, "must be a number"),
        ({"fact": "revenue_usd", "test": "in", "value": 5}, "test is 'in'"),
        ({"fact": "domicile", "test": "in", "value": ["DE"], "then": "fine"}, "then is 'fine'"),
        ({"fact": "domicile", "test": "in", "value": ["DE"], "then": "duty"}, "text must be text"),
    ],
)
def test_a_predicate_that_could_never_hold_is_refused(predicate, match):
    refused(text(predicates=[predicate]), match)


def test_no_number_that_nothing_exceeds():
    raw = text(predicates=[{"fact": "revenue_usd", "test": "over", "value": 1}])
    for word in ("nan", "inf"):
        refused(raw.replace("value = 1\n", f"value = {word}\n"), "must be a number")


@pytest.mark.parametrize("name", ["predicate", "duty", "clause"])
def test_a_single_table_is_not_read_as_none(name):
    bar = {"fact": "territory", "test": "in", "value": ["EU"]}
    raw = text(predicates=[bar], duties=[{"kind": "notice", "text": "x"}])
    assert parse_instrument(raw, NAME).predicates
    refused(raw.replace(f"[[{name}]]", f"[{name}]"), f"{name} must be a list of tables")


def test_a_quote_has_at_most_fifteen_words():
    raw = text()
    fifteen = " ".join(["w"] * 15)
    assert parse_instrument(raw.replace("words of the text", fifteen), NAME).clauses[0].quote
    refused(raw.replace("words of the text", fifteen + " w"), "at most 15 words")
    refused(raw.replace('"words of the text"', "5"), "at most 15 words")


def test_what_was_read_shows_its_words_and_where():
    refused(text().replace('quote = "words of the text"', ""), "needs its quote")
    refused(text().replace(f'sha256 = "{"0" * 64}"', ""), "needs its quote and sha256")
    refused(text().replace("0" * 64, "0" * 63), "64 hexadecimal digits")
    refused(text().replace("commit", "url"), "needs source.commit or source.sha256")
    refused(text().replace('archive = "toy"', ""), "archive must be text")
    refused(text().replace("[[clause]]", "[[clausel]]"), "unknown key 'clausel'")


def test_what_was_not_read_is_unknown():
    for evidence in ("secondary", "none"):
        refused(text(evidence=evidence), "what was not read in the text")
        made("acme-api", evidence=evidence, reading="unknown", seen=None)


def test_the_name_of_the_file_is_that_of_the_version():
    for name in ("acme-api@2024-01-02.toml", "acme@2024-01-01.toml", "x.toml"):
        refused(text(), "the file must be called acme-api@2024-01-01.toml", name)
    refused(text(key="Acme_API"), "key must be lower case", "Acme_API@2024-01-01.toml")


def test_names_of_inner_tables_cannot_be_passed_at_the_top():
    for name in ("clauses", "duties", "predicates"):
        refused(f"{name} = []\n" + text(), f"unknown key '{name}'")


def test_everything_wrong_is_told_at_once():
    with pytest.raises(InputError) as caught:
        parse_instrument(text(status="x", evidence="y", surface=["z"]), NAME)
    assert all(f"is '{w}'" in str(caught.value) for w in "xyz")


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match="cannot read"):
        read_instrument(tmp_path / NAME)
    (tmp_path / NAME).write_bytes(b"key = '\xff'")
    with pytest.raises(InputError, match="cannot read"):
        read_instrument(tmp_path / NAME)
    (tmp_path / NAME).write_text(text())
    assert read_instrument(tmp_path / NAME).key == "acme-api"


@pytest.mark.parametrize("raw", ["x = " + "[" * 3000, "x = " + "9" * 5000, "=", "\0", "x = 1e"])
def test_toml_that_breaks_readers(raw):
    refused(raw, "cannot read|no instrument")


VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.dates(),
    lambda inner: st.lists(inner, max_size=2),
    max_leaves=4,
)
FIELDS = (
    *("key", "version", "provider", "title", "surface", "status", "effective_from"),
    *("effective_to", "evidence", "seen", "read_on", "language", "binds", "accounts", "beside"),
)


@given(st.dictionaries(st.sampled_from(FIELDS), VALUE, max_size=3))
def test_only_our_errors_come_out(fields):
    kept = [x for x in text().splitlines() if x.partition(" = ")[0] not in fields]
    added = [f"{k} = {anything(v)}" for k, v in fields.items() if v is not None]
    with contextlib.suppress(HydrometerError):
        assert parse_instrument("\n".join([*added, *kept]), NAME).key == "acme-api"


def anything(value):
    if isinstance(value, list):
        return "[" + ", ".join(anything(v) for v in value if v is not None) + "]"
    return value.isoformat() if isinstance(value, date) else json.dumps(value)


@given(st.text(max_size=60))
def test_only_our_errors_come_out_of_any_text(raw):
    with pytest.raises(HydrometerError):
        parse_instrument(raw, NAME)


PLACES = st.sampled_from(text(duties=[{"kind": "notice", "text": "x"}]).splitlines())


@given(PLACES, st.sampled_from(["", "[[duty]]", "[source]", "surface = 5", "seen = 07:00:00"]))
def test_only_our_errors_come_out_of_a_changed_line(old, new):
    raw = text(duties=[{"kind": "notice", "text": "x"}])
    with contextlib.suppress(HydrometerError):
        changed = raw.replace(old, new, 1) if old else new + "\n" + raw
        assert parse_instrument(changed, NAME).key == "acme-api"
