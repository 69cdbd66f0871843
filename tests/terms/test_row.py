import contextlib
import sys
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
from terms_toys import row, writer

from hydrometer.errors import HydrometerError, InputError
from hydrometer.terms.row import DEEPEST, MOST_WRITERS, day_of, parse_row, parse_writer


def test_a_row():
    name, (w,), dataset = parse_row(row(writer(" Toy ", provider=" "), dataset=" a/b "))
    assert (name, w["model"], w["provider"], dataset) == ("r1", "Toy", None, "a/b")
    assert w["distilled_from"] == ()
    assert parse_row({"id": "r", "writers": []}) == ("r", (), None)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-08-14", date(2026, 8, 14)),
        ("20260814", date(2026, 8, 14)),
        ("2026-08-14T23:59:59", date(2026, 8, 14)),
        ("2026-08-14T23:59:59Z", date(2026, 8, 14)),
        ("2026-08-14T00:30:00+01:00", date(2026, 8, 13)),
        ("2026-08-13T22:30:00-02:00", date(2026, 8, 14)),
        ("2026-08-14 00:00:00+00:00", date(2026, 8, 14)),
    ],
)
def test_days_in_utc(text, day):
    assert day_of(text) == day
    assert parse_writer(writer(generated_at=text))["generated_at"] == day.isoformat()


@pytest.mark.parametrize(
    "text",
    [
        *("2026-02-30", "14.8.2026", "2026", "soon", "2026-08-14T25:00", "1755129600"),
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "\u0662026-08-14"),
        *("2026-08-14T00:00:00+25:00", "+002026-08-14"),
    ],
)
def test_what_is_no_day(text):
    with pytest.raises(InputError, match="generated_at is no date"):
        parse_writer(writer(generated_at=text))


@pytest.mark.parametrize(
    ("raw", "match"),
    [
        ([], "a row must be an object"),
        (None, "a row must be an object"),
        ({"writers": []}, "needs an id"),
        ({"id": " ", "writers": []}, "needs an id"),
        ({"id": 5, "writers": []}, "needs an id"),
        ({"id": "\ud800", "writers": []}, "lone surrogate"),
        ({"id": "r"}, "writers must be a list"),
        ({"id": "r", "writers": {}}, "writers must be a list"),
        ({"id": "r", "writers": "human"}, "writers must be a list"),
        ({"id": "r", "writers": [[]]}, "a writer must be an object"),
        ({"id": "r", "writers": ["human"]}, "a writer must be an object"),
        ({"id": "r", "writers": [], "dataset": 5}, "dataset must be text"),
        ({"id": "r", "writers": [], "dataset": ["a/b"]}, "dataset must be text"),
        ({"id": "r", "writers": [], "Dataset": "a/b"}, "misspelt"),
        ({"id": "r", "writers": [], "data_set": "a/b"}, "misspelt"),
        ({"id": "r", "writers": [], "writer": []}, "misspelt"),
        ({"id": "r", "writers": [{}]}, "needs a model"),
        ({"id": "r", "writers": [writer(" ")]}, "needs a model"),
        ({"id": "r", "writers": [writer(role=None)]}, "no such role"),
        ({"id": "r", "writers": [writer(role="Answer")]}, "no such role"),
        ({"id": "r", "writers": [writer(provider=True)]}, "must be text"),
        ({"id": "r", "writers": [writer(generated_at=20260814)]}, "must be text"),
        ({"id": "r", "writers": [writer(teacher="x")]}, "fields that mean nothing"),
        ({"id": "r", "writers": [writer(distilled_from={})]}, "list of writers"),
        ({"id": "r", "writers": [writer(distilled_from=["x"])]}, "must be an object"),
        ({"id": "r", "writers": [writer(distilled_from=[{}])]}, "needs a model"),
    ],
)
def test_what_is_no_row(raw, match):
    with pytest.raises(InputError, match=match):
        parse_row(raw)


def test_other_fields_of_a_row_are_left_alone():
    assert parse_row({**row(writer()), "messages": [{}], "text": 5, 7: None})[0] == "r1"


def test_limits():
    parse_row(row(*[writer()] * MOST_WRITERS))
    with pytest.raises(InputError, match="too many"):
        parse_row(row(*[writer()] * (MOST_WRITERS + 1)))
    deep = writer()
    for _ in range(DEEPEST):
        deep = writer(distilled_from=[deep])
    parse_row(row(deep))
    with pytest.raises(InputError, match="too deep"):
        parse_row(row(writer(distilled_from=[deep])))


def test_a_teacher_is_a_writer_of_the_answer_unless_it_says_otherwise():
    w = parse_writer(writer(distilled_from=[{"model": "t"}, {"model": "u", "role": "judge"}]))
    assert [t["role"] for t in w["distilled_from"]] == ["answer", "judge"]
    assert parse_writer(w) == w


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)
FIELDS = (
    *("model", "role", "surface", "provider", "host", "aggregator", "account"),
    *("generated_at", "distilled_from"),
)
WRITER = st.fixed_dictionaries(
    {"model": ANY | st.just("m"), "role": ANY | st.just("answer")},
    optional={name: ANY for name in FIELDS[2:]},
)


@given(ANY | st.fixed_dictionaries({"id": ANY, "writers": ANY | st.lists(WRITER), "dataset": ANY}))
def test_only_our_errors_come_out(raw):
    with contextlib.suppress(HydrometerError):
        name, writers, dataset = parse_row(raw)
        assert name
        assert all(w["model"].isprintable() for w in writers)
        assert dataset is None or dataset


@given(st.text(max_size=30) | st.datetimes(timezones=st.timezones()).map(str))
def test_only_our_errors_come_out_of_a_date(text):
    with contextlib.suppress(HydrometerError):
        assert isinstance(day_of(text), date)
