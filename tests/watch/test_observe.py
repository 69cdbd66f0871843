"""From observations to events: what is kept, what is told apart, and what is never there."""

import io

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrometer.watch.event import EVENTS, FLAGS, Kind
from hydrometer.watch.key import Key
from hydrometer.watch.observation import Observation
from hydrometer.watch.observe import Observer, observe

KEY = Key(bytes(range(32)))
OBSERVER = Observer(KEY)


def row(**more):
    return Observation(**{"request": "r", "account": "a", "time": 0, "model": "m", **more})


def one(**more):
    return OBSERVER([row(**more)]).to_pylist()[0]


def test_no_identifier_and_no_word_survives():
    secret = [
        "zebedee",
        "quixotry",
        "199.51.100.7",
        "199.51.100.0",
        "hunter",
        "gazebo",
        "9f86d081",
    ]
    told = row(
        request="9f86d081",
        account="zebedee@example.com",
        system="You are a quixotry machine, and one that helps",
        user="Tell me of the gazebo, the Hunter and the quixotry of it all. Once more, please!",
        links={"ip": "199.51.100.7", "payment": "hunter", "other:quixotry": "gazebo"},
    )
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, EVENTS) as out:
        out.write_batch(OBSERVER([told]))
    stored = sink.getvalue().lower()
    assert bytes([199, 51, 100]) not in stored
    for word in secret:
        assert word.encode() not in stored


def test_not_recorded_is_not_zero():
    none, zero = one(), one(turns=0, tokens_in=0, tokens_out=0, max_tokens=0, temperature=0.0)
    for name in ("turns", "tokens_in", "tokens_out", "max_tokens"):
        assert (none[name], zero[name]) == (-1, 0)
    assert np.isnan(none["temperature"])
    assert zero["temperature"] == 0.0
    assert not none["flags"] & FLAGS["known_sampling"]
    assert zero["flags"] & FLAGS["known_sampling"]
    assert not none["flags"] & FLAGS["known_stream"]
    assert one(stream=False)["flags"] & (FLAGS["known_stream"] | FLAGS["stream"]) == 128
    assert (none["words"], none["script"], none["digest"], none["system"]) == (-1, -1, 0, 0)


def test_flags_say_what_was_asked_and_came():
    found = one(stream=True, tools=True, logprobs=True, choices=3, user="hi", status="truncated")
    want = ("text", "stream", "tools", "logprobs", "choices", "truncated", "known_stream")
    assert found["flags"] == sum(FLAGS[w] for w in want)
    assert one(status="throttled")["flags"] == FLAGS["failed"]


def test_extreme_values_fit_their_columns():
    found = one(
        tokens_in=2**63, tokens_out=-7, temperature=1e300, top_p=float("inf"), model="\ud800"
    )
    assert (found["tokens_in"], found["tokens_out"]) == (2**31 - 1, -1)
    assert found["temperature"] == np.float32(1e9)
    assert found["model"] == "?"


@pytest.mark.parametrize(
    ("one_ip", "other", "same_net"),
    [
        ("192.0.2.1", "192.0.2.77", True),
        ("192.0.2.1", "192.0.3.1", False),
        ("2001:db8:1::1", "2001:db8:1:2::9", True),
        ("2001:db8:1::1", "2001:db8:2::1", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
    ],
)
def test_networks_of_addresses(one_ip, other, same_net):
    a, b = (set(one(links={"ip": x})["links"]) for x in (one_ip, other))
    assert [sorted(x >> 60 for x in s) for s in (a, b)] == [[Kind.IP, Kind.NET]] * 2
    assert len(a & b) == same_net


@pytest.mark.parametrize("garbage", ["unknown", "1.2.3", "::g", "999.1.1.1", "1.2.3.4, 5.6.7.8"])
def test_an_address_that_is_none_is_still_a_link(garbage):
    assert [x >> 60 for x in one(links={"ip": garbage})["links"]] == [Kind.IP]
    assert one(links={"ip": "  "})["links"] == []


def test_a_replay_has_the_same_id():
    batch = OBSERVER([row(), row(user="other", time=9), row(request="s")])
    ids = batch["id"].to_pylist()
    assert ids[0] == ids[1] != ids[2]
    assert observe([row()], Key(bytes(32)))["id"][0] != batch["id"][0]


def test_metadata_only_reads_no_text():
    told = row(system="You are kind and good", user="Tell me of it step by step", turns=1)
    found = Observer(KEY, text=False)([told]).to_pylist()[0]
    assert (found["sketch"], found["words"], found["elicit"], found["digest"]) == ([], -1, 0, 0)
    assert found["turns"] == 1


def test_objects_of_a_prompt_bear_their_kinds():
    system = "You are a kind and patient teacher"
    found = one(system=system, user="one two three four five six seven eight nine ten eleven")
    kinds = [x >> 60 for x in found["sketch"]]
    assert kinds.count(Kind.SHINGLE) == 8
    assert kinds.count(Kind.EDGE) == 2
    assert kinds.count(Kind.SYSTEM) == 4
    assert one(system=system, user="other")["system"] == found["system"] != 0


rows = st.builds(
    row,
    request=st.text(max_size=4),
    user=st.none() | st.text(max_size=40),
    system=st.none() | st.sampled_from(["You are kind to us", "Be brief"]),
    turns=st.none() | st.integers(),
    max_tokens=st.none() | st.integers(),
    links=st.dictionaries(st.sampled_from(["ip", "org", "other:x"]), st.text(max_size=5)),
)


@given(st.lists(rows, max_size=8), st.integers(0, 8))
def test_a_batch_is_its_rows(some, cut):
    whole = OBSERVER(some)
    assert whole.schema.equals(EVENTS, check_metadata=True)
    parts = OBSERVER(some[:cut]).to_pylist() + OBSERVER(some[cut:]).to_pylist()
    assert repr(whole.to_pylist()) == repr(parts)
