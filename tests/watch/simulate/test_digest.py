from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hydrometer.exchange import Exchange, Message, Sampling
from hydrometer.watch.simulate.digest import Digester

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
DIGEST = Digester()


@given(
    st.lists(st.tuples(st.sampled_from(["system", "user", "tool"]), TEXT), min_size=1),
    TEXT,
    st.sampled_from([None, 0.0, 0.7, 1.0]),
    st.sampled_from([None, 1024]),
    st.integers(0, 4 * 10**15),
)
def test_the_hashes_are_those_of_the_exchange(messages, response, temperature, limit, micros):
    asked = (temperature, None, limit)
    got = DIGEST(tuple(messages), response, "m", "m", "ok", asked, "key_1", micros, "req_1")
    want = Exchange(
        prompt=tuple(Message(r, c) for r, c in messages),
        response=response,
        model="m",
        model_answered="m",
        account="key_1",
        time=datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros),
        sampling=Sampling(temperature=temperature, max_tokens=limit),
        source="req_1",
    )
    assert got == (want.id, want.content, want.key)
