"""Family-wise error and false discovery rate under strong dependence."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from hydrometer.stats.calibration import judge_level
from hydrometer.stats.multiplicity import benjamini, e_benjamini, e_bonferroni, holm


@pytest.mark.parametrize("runs", [1000, pytest.param(20_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("common", [0.0, 0.9])
def test_levels(runs: int, common: float) -> None:
    rng = np.random.default_rng(70)
    shared = rng.normal(size=(runs, 1))
    z = np.sqrt(common) * shared + np.sqrt(1.0 - common) * rng.normal(size=(runs, 10))
    z[:, :4] += 3.0
    log_e = 2.0 * z - 2.0  # likelihood ratio of N(2, 1) to N(0, 1)
    wrong = dict.fromkeys(("holm", "e-bonferroni"), 0)
    share = dict.fromkeys(("bh", "by", "e-bh"), 0.0)
    for row, bets in zip(norm.sf(z), log_e, strict=True):
        for name, found in (("holm", holm(row)), ("e-bonferroni", e_bonferroni(bets))):
            wrong[name] += any(i >= 4 for i in found.rejected(0.05))
        for name, found in (
            ("bh", benjamini(row, method="bh")),
            ("by", benjamini(row)),
            ("e-bh", e_benjamini(bets)),
        ):
            hit = found.rejected(0.05)
            share[name] += sum(i >= 4 for i in hit) / max(1, len(hit))
    for name, count in wrong.items():
        assert judge_level(count, runs, 0.05).holds, name
    for name, total in share.items():
        # A share in [0, 1] with mean m has variance at most m (1 - m).
        assert total / runs <= 0.05 + 3.3 * np.sqrt(0.05 * 0.95 / runs), name
