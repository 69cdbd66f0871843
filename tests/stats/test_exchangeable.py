"""Exact tails, randomisation and ties of the within-set tests."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hydrometer.stats.exchangeable import (
    doubled_midranks,
    lattice_scores,
    magnitude_test,
    random_ranks,
    randomisation_test,
    rank_sum_test,
    smallest_log_p,
)


def enumerate_tail(values: np.ndarray) -> float:
    """Tail of the sum by visiting every relabelling."""
    rows = [row[~np.isnan(row)] for row in values]
    observed = sum(row[0] for row in rows)
    sums = np.array([sum(pick) for pick in itertools.product(*rows)])
    return float(np.mean(sums >= observed - 1e-9))


tables = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).integers(0, 4, size=(5, 4)).astype(float)
)


@settings(max_examples=50, deadline=None)
@given(tables)
def test_rank_sum_equals_enumeration_with_ties(table: np.ndarray) -> None:
    table[1, 3] = np.nan
    expected = enumerate_tail(doubled_midranks(table))
    assert rank_sum_test(table).p == pytest.approx(expected, rel=1e-8)


@settings(max_examples=50, deadline=None)
@given(tables)
def test_magnitude_equals_enumeration(table: np.ndarray) -> None:
    table[0, 2] = np.nan
    expected = enumerate_tail(lattice_scores(table))
    assert magnitude_test(table).p == pytest.approx(expected, rel=1e-8)


def test_the_smallest_p_is_reached_and_never_passed() -> None:
    table = np.tile([5.0, 1.0, 2.0, 3.0, 4.0], (500, 1))
    expected = -500 * math.log(5)
    assert smallest_log_p(np.full(500, 5)) == pytest.approx(expected)
    assert rank_sum_test(table).log_p == pytest.approx(expected)
    assert magnitude_test(table).log_p == pytest.approx(expected)
    assert rank_sum_test(table).p > 0.0


def test_all_tied_gives_one() -> None:
    table = np.ones((7, 3))
    assert rank_sum_test(table).p == 1.0
    assert magnitude_test(table).p == 1.0


def test_randomisation_agrees_with_the_exact_tail() -> None:
    rng = np.random.default_rng(3)
    table = rng.normal(size=(40, 5))
    table[:, 0] += 0.25
    exact = enumerate_small = magnitude_test(table, steps=400, clip=10.0).p
    assert enumerate_small == exact
    found = randomisation_test(table, draws=20_000, seed=1)
    assert found.p == pytest.approx(2 * exact, rel=0.15)


def test_far_tail_is_bounded_not_invented() -> None:
    rng = np.random.default_rng(4)
    table = rng.normal(size=(60, 5))
    table[:, 0] += 2.0
    bound = randomisation_test(table, draws=99, seed=1)
    exact = magnitude_test(table, steps=400, clip=20.0)
    assert exact.log_p < bound.log_p < math.log(1e-6)


def test_random_ranks_are_uniform_over_ties() -> None:
    ranks, sizes = random_ranks(np.zeros((6000, 3)), seed=9)
    assert set(sizes.tolist()) == {3}
    counts = np.bincount(ranks, minlength=3)
    assert np.all(np.abs(counts - 2000) < 150)


def test_seed_decides_ties() -> None:
    table = np.zeros((50, 4))
    assert np.array_equal(random_ranks(table, seed=1)[0], random_ranks(table, seed=1)[0])
    assert not np.array_equal(random_ranks(table, seed=1)[0], random_ranks(table, seed=2)[0])


@settings(max_examples=25, deadline=None)
@given(tables, st.permutations([1, 2, 3]))
def test_order_of_companions_does_not_matter(table: np.ndarray, order: list[int]) -> None:
    shuffled = table[:, [0, *order]]
    assert rank_sum_test(shuffled).log_p == pytest.approx(rank_sum_test(table).log_p)
    assert magnitude_test(shuffled).log_p == pytest.approx(magnitude_test(table).log_p)


@pytest.mark.parametrize(
    "bad",
    [
        np.zeros((0, 3)),
        np.zeros((3, 1)),
        np.array([[np.nan, 1.0]]),
        np.array([[1.0, np.nan]]),
        np.array([[np.inf, 1.0]]),
    ],
)
def test_malformed_tables_are_named(bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match="wanted"):
        rank_sum_test(bad)
