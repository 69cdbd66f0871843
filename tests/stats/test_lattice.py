"""Exact and bounded tails of sums of independent integer draws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from hydrometer.stats.lattice import log_chernoff_tail, log_lattice_tail


@pytest.mark.parametrize("observed", [0, 30, 50, 70, 99, 100])
def test_binomial(observed: int) -> None:
    coins = np.tile([0.0, 1.0], (100, 1))
    expected = float(stats.binom.logsf(observed - 1, 100, 0.5))
    assert log_lattice_tail(coins, observed) == pytest.approx(expected, abs=1e-8)


def test_uneven_rows_and_offsets() -> None:
    table = np.array([[-3.0, 5.0, np.nan], [2.0, 2.0, 7.0]])
    sums = np.array([a + b for a in (-3, 5) for b in (2, 2, 7)])
    for value in range(-2, 13):
        exact = np.mean(sums >= value)
        found = log_lattice_tail(table, value)
        assert found == pytest.approx(math.log(exact) if exact else -math.inf, abs=1e-8)


def test_chernoff_is_above_the_exact_tail_and_close_in_the_exponent() -> None:
    dice = np.tile(np.arange(1.0, 7.0), (80, 1))
    for value in (300, 340, 400, 470, 480):
        exact, bound = log_lattice_tail(dice, value), log_chernoff_tail(dice, value)
        assert exact <= bound + 1e-9
        assert bound - exact < 5.0


def test_no_underflow_far_out() -> None:
    table = np.tile(np.arange(8.0), (1500, 1))
    assert log_lattice_tail(table, 7 * 1500) == pytest.approx(-1500 * math.log(8))
    assert -1500 * math.log(8) < log_lattice_tail(table, 7 * 1500 - 5) < -3000.0


def test_fractional_values_are_refused() -> None:
    with pytest.raises(ValueError, match="integers"):
        log_lattice_tail(np.array([[0.5, 1.0]]), 1)


@pytest.mark.parametrize("share", [0.55, 0.7, 0.9, 0.99, 0.999])
def test_equals_whole_number_arithmetic_at_any_depth(share: float) -> None:
    rng = np.random.default_rng(11)
    table = rng.integers(0, 30, size=(120, 6)).astype(float)
    counts = [1]
    for row in table.astype(int):
        fresh = [0] * (len(counts) + int(row.max()))
        for step in row:
            for at, count in enumerate(counts):
                fresh[at + int(step)] += count
        counts = fresh
    observed = int(share * (len(counts) - 1))
    tail, total = sum(counts[observed:]), 6**120
    expected = math.log(tail) - math.log(total)
    found = log_lattice_tail(table, observed)
    assert expected <= found <= expected + 1e-8
