"""Answers to closed questions: read from text, and rare mistakes that are shared."""

import contextlib
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrometer.errors import HydrometerError, InputError
from hydrometer.exchange import Message, prompt_key
from hydrometer.trace.calibrate import population
from hydrometer.trace.closed import builtin_key, closed_views, extract, read_key
from hydrometer.trace.lineage import Lineage, Record


@pytest.mark.parametrize(
    ("response", "key", "found"),
    [
        ('{"answer": "B"}', "C", "b"),
        ('{"answer": 42}', "7", "42"),
        ("First 3, then 1,024.0.", "9", "1024"),
        ("no number", "9", ""),
        ("-5 it is", "9", "-5"),
        ("It is Paris.", "Paris", "paris"),
        ("Parisian", "Paris", "parisian"),
        ("London.\nOr so", "Paris", "london"),
        ("", "Paris", ""),
        ("  \n ", "Paris", ""),
    ],
)
def test_answers_are_read(response, key, found):
    assert extract(response, key) == found


@given(st.text(st.characters(), max_size=60), st.text(st.characters(), max_size=8))
def test_any_text_can_be_read(response, key):
    assert isinstance(extract(response, key), str)


def test_the_builtin_prompts_have_a_key():
    key = builtin_key()
    assert len(key) >= 5
    assert all(key.values())


def test_a_key_is_read(tmp_path):
    path = tmp_path / "key.jsonl"
    rows = [{"prompt": "Two and two?", "answer": 4}, {"prompt": "Open", "answer": None}]
    path.write_text("\n".join(map(json.dumps, rows)) + "\n\n", encoding="utf-8")
    assert read_key(path) == {prompt_key((Message("user", "Two and two?"),)): "4"}


@pytest.mark.parametrize("text", ["{", "[]", '{"prompt": "a"}', "null", "[" * 100_000])
def test_what_is_no_key_is_said(tmp_path, text):
    path = tmp_path / "key.jsonl"
    path.write_text("\n" + text, encoding="utf-8")
    with pytest.raises(InputError, match=":2: not a key"):
        read_key(path)
    with pytest.raises(InputError, match="cannot read the answer key"):
        read_key(tmp_path / "absent")


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("key") / "key.jsonl"


@given(st.binary(max_size=80))
def test_any_bytes_raise_only_our_errors(scratch, raw):
    scratch.write_bytes(raw)
    with contextlib.suppress(HydrometerError):
        read_key(scratch)


def world_of(copies):
    """Thirty questions; the suspect makes so many of the teacher's mistakes."""
    rng = np.random.default_rng(0)
    items = [f"q{j}" for j in range(30)]
    key = dict.fromkeys(items, "100")
    names = ["teacher", *(f"n{c}" for c in "abcdefghij")]
    answers = {m: {q: str(rng.integers(1000, 10**9)) for q in items} for m in names}
    suspect = {q: str(rng.integers(1000, 10**9)) for q in items}
    suspect.update({q: answers["teacher"][q] for q in items[:copies]})
    records = {m: Record(m, "clean") for m in names}
    records["teacher"] = Record("teacher", "teacher", source="V")
    who = population(names, ["teacher"], Lineage(records), suspect_family=None)
    return closed_views(answers, suspect, ["teacher"], who, key)


def test_a_shared_rare_mistake_is_seen():
    (view,) = world_of(12)["teacher"]
    assert view.statistic == 12
    assert view.pvalue == pytest.approx(1 / 11)
    assert view.agrees is True
    assert view.weak
    (none,) = world_of(0)["teacher"]
    assert none.pvalue > 0.5
    assert none.agrees is None


def test_too_few_questions_are_no_view():
    who = population(["t"], ["t"], Lineage(), suspect_family=None)
    assert closed_views({"t": {"q": "1"}}, {"q": "1"}, ["t"], who, {"q": "2"}) == {}
