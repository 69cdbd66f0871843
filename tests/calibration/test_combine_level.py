"""Levels of combined views under several dependences, the nasty one included."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from hydrometer.stats import combine
from hydrometer.stats.calibration import judge_level

N = 5


def _views(rng: np.random.Generator, runs: int, kind: str) -> np.ndarray:
    """Uniform p-values, (runs, N)."""
    if kind == "independent":
        return 1.0 - rng.random((runs, N))
    if kind == "common":
        z = 0.9**0.5 * rng.normal(size=(runs, 1)) + 0.1**0.5 * rng.normal(size=(runs, N))
        return norm.sf(z)
    # Opposed: evenly spaced around the circle, so that one view is always small.
    u = (rng.random((runs, 1)) + np.arange(N) / N) % 1.0
    return np.maximum(u, 1e-12)


@pytest.mark.parametrize("runs", [1500, pytest.param(20_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", ["independent", "common", "opposed"])
def test_levels(runs: int, kind: str) -> None:
    p = _views(np.random.default_rng(130), runs, kind)
    log_e = -0.5 * np.log(p) + np.log(0.5)
    rejected = {
        "bonferroni": sum(combine.bonferroni_minimum(row).pvalue <= 0.05 for row in p),
        "twice mean": sum(combine.twice_mean(row).pvalue <= 0.05 for row in p),
        "harmonic": sum(combine.harmonic_mean(row).pvalue <= 0.05 for row in p),
        "e": sum(combine.average_evalues(row).log_e >= np.log(20.0) for row in log_e),
    }
    for name, count in rejected.items():
        verdict = judge_level(int(count), runs, 0.05)
        assert verdict.holds, f"{name}: {verdict}"
    if kind == "independent":
        cauchy = sum(combine.cauchy_combination(row).pvalue <= 0.05 for row in p)
        assert judge_level(int(cauchy), runs, 0.05).exact
        raw = sum(combine.harmonic_mean(row, exact=False).pvalue <= 0.05 for row in p)
        assert not judge_level(int(raw), runs, 0.05, confidence=0.9).conservative
