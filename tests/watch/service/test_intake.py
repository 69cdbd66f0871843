import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hydrometer.errors import InputError
from hydrometer.watch.key import Key
from hydrometer.watch.observe import Observer
from hydrometer.watch.service.intake import Intake
from hydrometer.watch.sources.attribution import Attribution

NOW = 1_780_000_000_000_000
HEADER = {
    "format": "jsonl",
    "source": "test",
    "type": "application/json",
    "encoding": "",
    "arrival": NOW,
}


@pytest.fixture
def intake():
    return Intake(Observer(Key(bytes(32))), Attribution(), window=2.0)


def row(seconds, n=0):
    return {"id": f"r{n}", "account": "a", "time": NOW + int(seconds * 1e6), "model": "m"}


@pytest.mark.parametrize(
    ("seconds", "kept", "skewed"),
    [
        (0, 1, 0),
        (-3600, 1, 0),
        (599, 1, 0),
        (601, 1, 1),
        (86_399, 1, 1),
        (86_401, 0, 0),
        (-2 * 86_400 + 5, 1, 0),
        (-2 * 86_400 - 5, 1, 1),
    ],
)
def test_times_against_the_clock_of_arrival(intake, seconds, kept, skewed):
    taken = intake(HEADER, json.dumps(row(seconds)).encode())
    assert (taken.events.num_rows, taken.skewed) == (kept, skewed)
    assert len(taken.rejected) == 1 - kept
    if kept:
        assert taken.events.column("time").to_pylist() == [NOW + int(seconds * 1e6)]


def test_bad_rows_stand_beside_good_ones(intake):
    body = b"\n".join([json.dumps(row(0, 1)).encode(), b"{", json.dumps(row(0, 2)).encode()])
    taken = intake(HEADER, body)
    assert taken.events.num_rows == 2
    assert [r.line for r in taken.rejected] == [2]
    assert "a" not in str(taken.events.column("account").to_pylist())


def test_a_body_that_is_nothing_is_an_error_of_ours(intake):
    with pytest.raises(InputError):
        intake({**HEADER, "encoding": "gzip"}, b"x")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)
fields = ["id", "account", "time", "model", "prompt", "sampling", "headers", "tokens_in"]
rows = st.fixed_dictionaries(
    {"account": st.text() | values, "time": st.integers(0, 4 * NOW) | values},
    optional={name: values for name in fields if name not in ("account", "time")},
)
READ = Intake(Observer(Key(bytes(32))), Attribution(), window=2.0)


@settings(max_examples=60)
@given(st.binary() | st.lists(rows, min_size=1, max_size=3).map(lambda v: json.dumps(v).encode()))
def test_whatever_comes_only_our_errors_come_of_it(body):
    for format in ("jsonl", "litellm", "otlp-traces"):
        try:
            taken = READ({**HEADER, "format": format}, body)
        except InputError:
            continue
        assert all(t <= NOW + 86_400_000_000 for t in taken.events.column("time").to_pylist())
