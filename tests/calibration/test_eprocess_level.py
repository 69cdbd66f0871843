"""Ville: looking after every observation, the wealth reaches 1 / alpha with chance <= alpha."""

from __future__ import annotations

import numpy as np
import pytest

from hydrometer.stats.calibration import judge_level
from hydrometer.stats.eprocess import average_processes, bet_on_means, bet_on_pvalues

RUNS = [pytest.param(600, 150), pytest.param(10_000, 500, marks=pytest.mark.slow)]


@pytest.mark.parametrize(("runs", "length"), RUNS)
@pytest.mark.parametrize("bet", ["p", "discrete p", "mixture", "agrapa", "average"])
def test_crossing_under_optional_stopping(runs: int, length: int, bet: str) -> None:
    rng = np.random.default_rng(90)
    crossed = {0.05: 0, 0.2: 0}
    for _ in range(runs):
        u = 1.0 - rng.random(length)
        if bet == "p":
            wealth = bet_on_pvalues(u)
        elif bet == "discrete p":
            wealth = bet_on_pvalues(np.ceil(10.0 * u) / 10.0)
        elif bet == "average":
            wealth = average_processes([bet_on_pvalues(u), bet_on_means(1.0 - u, mean=0.5)])
        else:
            skewed = (u < 0.2).astype(float)
            wealth = bet_on_means(skewed, mean=0.2, method=bet)  # type: ignore[arg-type]
        for alpha in crossed:
            crossed[alpha] += wealth.stopped_at(alpha) is not None
    for alpha, count in crossed.items():
        verdict = judge_level(count, runs, alpha)
        assert verdict.holds, str(verdict)


@pytest.mark.parametrize(("runs", "length"), RUNS)
def test_repeated_pvalues_do_not_hold_it(runs: int, length: int) -> None:
    """The reason for e-processes: the same looks with a z-test reject far too often."""
    rng = np.random.default_rng(91)
    z = np.cumsum(rng.normal(size=(runs, length)), axis=1) / np.sqrt(np.arange(1, length + 1))
    assert not judge_level(int(np.sum((z > 1.645).any(axis=1))), runs, 0.05).holds
