"""The state: the law, its size, and that a trimmed one stays small."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.watch.detect.detect_toys import OBSERVER, benign, campaign, state_of

from hydrometer.watch.detect.state import State
from hydrometer.watch.observation import Observation

RNG = np.random.default_rng(4)
ROWS = benign(RNG, accounts=30) + campaign(RNG, accounts=8, each=3)


def numbers(state):
    tables = (state.pairs, state.profiles)
    return state.events, [{k: v.tolist() for k, v in vars(t).items()} for t in tables]


WHOLE = repr(numbers(state_of(ROWS)))


@settings(max_examples=25)
@given(st.permutations(range(len(ROWS))), st.lists(st.integers(0, len(ROWS)), max_size=4))
def test_the_law_holds_exactly(order, cuts):
    mixed = [ROWS[i] for i in order]
    found = State()
    for begin, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(ROWS)], strict=True):
        found.merge(state_of(mixed[begin:end]))
    assert repr(numbers(found)) == WHOLE


def test_a_slice_of_a_batch_is_its_rows():
    found = State()
    batch = OBSERVER(ROWS)
    for i in range(0, len(ROWS), 37):
        found.update(batch.slice(i, 37))
    assert repr(numbers(found)) == WHOLE


def test_two_kilobytes_an_account_after_trimming():
    rng = np.random.default_rng(5)
    rows = [
        Observation(f"{i}/{k}", f"a{i}", k, "m", user=" ".join(rng.choice(list("abcdefgh"), 30)))
        for i in range(50)
        for k in range(40)
    ]
    found = state_of(rows)
    before = found.nbytes / 50
    found.pairs.trim(young=0, cap=40)
    assert np.unique(found.pairs.account, return_counts=True)[1].max() <= 40
    assert found.nbytes / 50 <= 2000 < before
    assert found.get() == {"accounts": 50, "pairs": len(found.pairs), "bytes": found.nbytes}


def test_nothing_is_no_state():
    found = State()
    found.update(OBSERVER([]))
    found.merge(State())
    assert found.get() == {"accounts": 0, "pairs": 0, "bytes": 0}
