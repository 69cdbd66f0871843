"""On pure noise a score's rank keeps its level; the sign of the logit does only between equals."""

from __future__ import annotations

import numpy as np
import pytest

from hydrometer.stats.calibration import judge_level
from hydrometer.stats.conformal import rank_pvalue
from hydrometer.stats.logistic import fit_logistic


@pytest.mark.parametrize("runs", [60, pytest.param(3000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("positives", [50, 90])
def test_rank_of_a_noise_score(runs: int, positives: int) -> None:
    rng = np.random.default_rng(50)
    rejected = favoured = 0
    for _ in range(runs):
        y = (np.arange(100) < positives).astype(int)
        fit = fit_logistic(rng.normal(size=(100, 4)), y, l2=0.1)
        fresh = fit.logits(rng.normal(size=(40, 4)))[:, 1]
        rejected += rank_pvalue(fresh[0], fresh[1:]).pvalue <= 0.05
        favoured += bool(fresh[0] > 0.0)
    verdict = judge_level(int(rejected), runs, 0.05)
    assert verdict.holds, str(verdict)
    if positives == 50:
        assert judge_level(int(favoured), runs, 0.5).exact
