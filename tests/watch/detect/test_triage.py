"""Triage: the sample is bounded and has no order; campaigns come before turns of phrase."""

import numpy as np
import pyarrow as pa
import pytest
from tests.watch.detect.detect_toys import OBSERVER, benign, population, view

from hydrometer.watch.detect.profile import FEATURES
from hydrometer.watch.detect.select import Found, gather
from hydrometer.watch.detect.triage import Sample, triage

BATCH = OBSERVER(benign(np.random.default_rng(9), accounts=150))


def ids(sample):
    return sorted(i for b in sample.batches for i in b["id"].to_pylist())


@pytest.mark.parametrize("most", [10, 100, 10_000])
def test_the_sample_is_bounded_and_has_no_order(most):
    seen = []
    for seed, size in ((0, 7), (1, 50), (2, 1000)):
        mixed = BATCH.take(pa.array(np.random.default_rng(seed).permutation(BATCH.num_rows)))
        sample = Sample(most)
        for i in range(0, mixed.num_rows, size):
            sample.add(mixed.slice(i, size))
            assert sample.rows <= most
        assert sample.rows == sum(b.num_rows for b in sample.batches)
        seen.append(ids(sample))
    assert seen[0] == seen[1] == seen[2]
    assert len(seen[0]) >= min(most // 4, BATCH.num_rows)


def test_every_account_has_its_chance():
    sample = Sample(BATCH.num_rows // 2)
    sample.add(BATCH)
    kept = {a for b in sample.batches for a in b["account"].to_pylist()}
    busy = {
        a for a, n in zip(*np.unique(BATCH["account"], return_counts=True), strict=True) if n > 9
    }
    assert busy <= kept


def two(rng, people):
    """A campaign as group 1, a turn of phrase as group 0, and an empty group 2."""
    phrase = view(
        rng,
        people=people,
        hits=np.ones(120, int),
        objects=np.full(120, 14),
        answer=rng.random(120),
        single=rng.random(120),
        elicit=np.zeros(120),
    )
    frame = view(
        rng,
        people=people,
        hits=np.full(120, 6),
        objects=np.full(120, 14),
        answer=0.9 + 0.1 * rng.random(120),
        single=np.ones(120),
        elicit=np.ones(120),
    )
    n = np.zeros(120, dtype=np.int64)
    return gather([Found(n, phrase.rows), Found(n + 1, frame.rows)])


def test_a_frame_comes_before_a_phrase():
    rng = np.random.default_rng(10)
    people = population(rng)
    found = triage(two(rng, people), 3, people)
    assert found[1] > found[0] + 1.0
    assert found[2] == -np.inf


def test_scores_are_those_of_the_signals_in_range():
    rng = np.random.default_rng(11)
    people = population(rng)
    found = triage(two(rng, people), 3, people)
    assert -3.0 <= found[0] < 0.5
    assert 1.5 < found[1] <= 3.0


def test_nothing_recorded_is_no_score():
    rng = np.random.default_rng(12)
    bare = population(rng, sample=np.full((600, len(FEATURES)), np.nan))
    rows = view(rng, people=bare).rows
    assert triage(Found(np.zeros(120, np.int64), rows), 1, bare).tolist() == [0.0]
    assert triage(gather([]), 2, bare).tolist() == [-np.inf, -np.inf]
