"""The record in: hashes that never change, and a round trip that loses nothing."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hydrometer.errors import SchemaError
from hydrometer.exchange import (
    Exchange,
    Message,
    Sampling,
    from_batch,
    from_record,
    to_record,
    to_table,
)

FULL = Exchange(
    prompt=(Message("system", "é\ud800"), Message("user", " Hi ")),
    response="Hello \U0001f600",
    model="m",
    model_answered="m2",
    account="a",
    time=datetime(2026, 1, 2, tzinfo=UTC),
    sampling=Sampling(0.5, 1.0, 3, 4, ("a", "b"), 7),
    draw=2,
    source="f:1",
)


def test_hashes_are_stable():
    """Stored ids join old files to new ones: these values may never change."""
    bare = Exchange(prompt=(Message("user", "Hi"),), response="Hello", model="m")
    assert bare.id == "e1:1f3635f8c81206749efad09cdb9e9f3659df316926dd5311cea402379918f4de"
    assert bare.content == "c1:615154ada1a2ce07f24d09e7b3ad1d07e86ac317714f51c339145c3042d2d80f"
    assert bare.key == "8b1450277179b15b70831cee0e0ec563"
    assert FULL.id == "e1:45e9c7b281262691cc7a738a4e5f5a4ed8c6ceee3899bec817aadd950662a7c6"
    assert FULL.content == "c1:61872c6a86648450ec3122e77958b981315402fb93e852484cdbb4373824d7ef"
    assert FULL.key == "335bfa9c89dd609b24b04c1c1e60330a"


def test_content_does_not_depend_on_the_order_of_asking():
    first = Exchange(prompt=FULL.prompt, response="x", model="m", account="a")
    second = Exchange(prompt=FULL.prompt, response="x", model="m", account="a")
    assert (first.id, first.content) == (second.id, second.content)
    third = Exchange(prompt=FULL.prompt, response="x", model="m", account="b")
    assert third.content == first.content
    assert third.id != first.id


def test_time_zone_does_not_change_the_id():
    there = FULL.time.astimezone(timezone(timedelta(hours=5)))
    assert from_record({**to_record(FULL), "time": there}).id == FULL.id


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
maybe = st.none() | text
exchanges = st.builds(
    Exchange,
    prompt=st.lists(st.builds(Message, text, text), min_size=1, max_size=3).map(tuple),
    response=text,
    model=text.filter(bool),
    model_answered=maybe,
    account=maybe,
    time=st.none() | st.datetimes(datetime(1970, 1, 2), timezones=st.just(UTC)),  # noqa: DTZ001
    sampling=st.builds(
        Sampling,
        temperature=st.none() | st.floats(0, 2),
        seed=st.none() | st.integers(-(2**63), 2**63 - 1),
        stop=st.none() | st.lists(text, max_size=2).map(tuple),
    ),
    draw=st.none() | st.integers(0, 99),
    tokens_in=st.none() | st.integers(0, 2**40),
    logprobs=st.none() | st.lists(st.floats(-50, 0), max_size=3).map(tuple),
    headers=st.dictionaries(text, text, max_size=2),
    source=maybe,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(exchanges, max_size=4))
def test_round_trip_through_arrow(found):
    again = from_batch(to_table(found))
    assert again == found
    assert [e.id for e in again] == [e.id for e in found]


def test_what_does_not_fit_the_schema_is_a_schema_error():
    with pytest.raises(SchemaError):
        to_table([FULL])
    big = Exchange(prompt=(Message("user", "a"),), response="b", model="m", tokens_in=2**70)
    with pytest.raises(SchemaError):
        to_table([big])


odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(),
    lambda x: st.lists(x, max_size=3) | st.dictionaries(st.text(max_size=5), x, max_size=3),
    max_leaves=6,
)
KEYS = [*to_record(FULL), "unknown"]


@settings(max_examples=200, deadline=None)
@given(change=st.dictionaries(st.sampled_from(KEYS), odd | st.just([10**400]), max_size=4))
def test_only_schema_errors_escape(change):
    try:
        found = from_record({**to_record(FULL), **change})
        to_table([found])
    except SchemaError:
        pass
