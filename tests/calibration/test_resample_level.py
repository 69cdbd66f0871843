"""Levels of permutation tests and misses of bootstrap intervals."""

from __future__ import annotations

import numpy as np
import pytest

from hydrometer.stats.calibration import judge_level, superuniform
from hydrometer.stats.resample import bootstrap_interval, permutation_test

SLOW = pytest.mark.slow


@pytest.mark.parametrize(("runs", "draws"), [(300, 199), pytest.param(5000, 999, marks=SLOW)])
@pytest.mark.parametrize("paired", [True, False])
def test_permutation_level(runs: int, draws: int, paired: bool) -> None:
    rng = np.random.default_rng(150)
    units = np.repeat(np.arange(12), 3)
    p = np.empty(runs)
    for i in range(runs):
        x, y = rng.standard_t(2, size=(2, 12))[:, units] + 0.1 * rng.normal(size=(2, 36))
        mate = None if paired else units
        p[i] = permutation_test(
            x, y, paired=paired, x_units=units, y_units=mate, seed=i, draws=draws
        ).pvalue
    verdict = judge_level(int(np.sum(p <= 0.05)), runs, 0.05)
    assert verdict.holds, str(verdict)
    assert superuniform(p).holds


@pytest.mark.parametrize(("runs", "draws"), [(200, 300), pytest.param(3000, 2000, marks=SLOW)])
def test_bootstrap_misses(runs: int, draws: int) -> None:
    """Asymptotic: judged against the nominal miss rate plus a stated slack of 3 points."""
    rng = np.random.default_rng(151)
    models = np.repeat(np.arange(40), 10)
    missed = flat = 0
    for i in range(runs):
        x = rng.exponential(size=40)[models] + rng.normal(size=400)
        found = bootstrap_interval(x, about="models", units=models, seed=i, draws=draws)
        missed += not found.low <= 1.0 <= found.high
        naive = bootstrap_interval(x, about="prompts", seed=i, draws=draws, method="percentile")
        flat += not naive.low <= 1.0 <= naive.high
    verdict = judge_level(missed, runs, 0.08)
    assert verdict.holds, str(verdict)
    # Why the two must not be confused: rows as units miss far more often.
    assert not judge_level(flat, runs, 0.08).holds
