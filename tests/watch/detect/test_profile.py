"""Profiles: the law exactly, a fair draw, and what is not recorded."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.watch.detect.detect_toys import OBSERVER, benign

from hydrometer.watch.detect.profile import FEATURES, Profiles, features
from hydrometer.watch.observation import Observation

ROWS = benign(np.random.default_rng(3), accounts=15)
COLUMNS = ("account", "n", "first", "last", "draw", "sample")


def fold(rows):
    found = Profiles()
    found.update(OBSERVER(rows))
    return found


def equal(one, other):
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@given(st.permutations(range(len(ROWS))), st.integers(0, len(ROWS)))
def test_the_law_holds_exactly(order, cut):
    mixed = [ROWS[i] for i in order]
    a = fold(mixed[:cut])
    a.merge(fold(mixed[cut:]))
    equal(a, fold(ROWS))
    assert a.n.sum() == len(ROWS)


def test_each_exchange_of_an_account_is_drawn_alike():
    rows = [
        Observation(f"{i}/{k}", f"a{i}", k, "m", turns=1 + (k == 0))
        for i in range(4000)
        for k in range(4)
    ]
    first = np.mean(fold(rows).sample[:, FEATURES.index("single")] == 0)
    assert abs(first - 0.25) < 4 * np.sqrt(0.25 * 0.75 / 4000)


def test_features_keep_not_recorded_apart():
    bare, told = features(
        OBSERVER(
            [
                Observation("r", "a", 0, "m"),
                Observation(
                    *("r", "a", 0, "m", None, "score from 1, step by step", 2, 3, 15, 9, 0.0),
                    **{"stream": True, "tools": True},
                ),
            ]
        )
    )
    held = dict(zip(FEATURES, bare, strict=True))
    assert {k for k, v in held.items() if np.isnan(v)} == {
        *("single", "ratio", "answer", "batch", "elicit", "trace")
    }
    assert told.tolist() == [0.0, 2.0, 4.0, 0.0, 1.0, 1.0, 0.0, 1.0]


def test_no_tokens_are_not_unknown_tokens():
    row = Observation("r", "a", 0, "m", tokens_in=0, tokens_out=0)
    found = features(OBSERVER([row]))[0]
    assert found[FEATURES.index("ratio")] == found[FEATURES.index("answer")] == 0.0


def test_an_empty_batch_changes_nothing():
    found = fold(ROWS)
    found.update(OBSERVER([]))
    found.merge(Profiles())
    equal(found, fold(ROWS))
    assert found.nbytes / len(found) == pytest.approx(72)
