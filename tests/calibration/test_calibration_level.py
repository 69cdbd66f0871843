"""How often the judge condemns a test that is right."""

from __future__ import annotations

import numpy as np
import pytest

from hydrometer.stats.calibration import judge_level, superuniform


@pytest.mark.parametrize("runs", [400, pytest.param(5000, marks=pytest.mark.slow)])
def test_the_judge_keeps_its_own_level(runs: int) -> None:
    rng = np.random.default_rng(5)
    counts = rng.binomial(300, 0.05, size=runs)
    wrong = sum(not judge_level(int(k), 300, 0.05, confidence=0.9).holds for k in counts)
    assert judge_level(wrong, runs, 0.05).holds
    uniform = 1.0 - rng.random((runs, 200))
    wrong = sum(not superuniform(p, confidence=0.9).holds for p in uniform)
    assert judge_level(wrong, runs, 0.1).holds
