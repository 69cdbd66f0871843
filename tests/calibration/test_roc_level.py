"""How often the intervals miss the true area and the true rate."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from hydrometer.stats.calibration import judge_level
from hydrometer.stats.roc import auroc, exact_rate

SLOW = pytest.mark.slow


@pytest.mark.parametrize(("runs", "slack"), [(600, 0.03), pytest.param(8000, 0.02, marks=SLOW)])
def test_delong_misses(runs: int, slack: float) -> None:
    """DeLong is asymptotic: judged against the nominal miss rate plus a stated slack."""
    rng = np.random.default_rng(30)
    area = float(norm.cdf(1.0 / np.sqrt(2.0)))
    truth = np.arange(100) < 40
    missed = 0
    for _ in range(runs):
        found = auroc(rng.normal(size=100) + truth, truth)
        missed += not found.low <= area <= found.high
    verdict = judge_level(missed, runs, 0.05 + slack)
    assert verdict.holds, str(verdict)


@pytest.mark.parametrize(("runs", "draws"), [(100, 200), pytest.param(1000, 1000, marks=SLOW)])
def test_cluster_bootstrap_misses_and_flat_delong_is_worse(runs: int, draws: int) -> None:
    rng = np.random.default_rng(31)
    area = float(norm.cdf(1.0 / np.sqrt(2.0 * 1.25)))
    units = np.repeat(np.arange(60), 5)
    truth = units < 30
    missed = flat = 0
    for i in range(runs):
        scores = truth + rng.normal(size=60)[units] + 0.5 * rng.normal(size=300)
        found = auroc(scores, truth, clusters=units, seed=i, draws=draws)
        missed += not found.low <= area <= found.high
        naive = auroc(scores, truth)
        flat += not naive.low <= area <= naive.high
    assert judge_level(missed, runs, 0.05 + 0.03).holds, missed / runs
    assert not judge_level(flat, runs, 0.05 + 0.03).holds, flat / runs


@pytest.mark.parametrize("runs", [400, pytest.param(20_000, marks=SLOW)])
def test_exact_rate_misses(runs: int) -> None:
    rng = np.random.default_rng(32)
    for chance in (0.01, 0.3):
        missed = sum(
            not (r := exact_rate(int(k), 50)).low <= chance <= r.high
            for k in rng.binomial(50, chance, size=runs)
        )
        assert judge_level(missed, runs, 0.05).holds
