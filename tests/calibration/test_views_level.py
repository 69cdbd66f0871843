"""Each view's own rank, when the suspect is one more null model, is nowhere too small."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from hydrometer.stats.calibration import judge_level, superuniform
from hydrometer.trace.panel import VIEWS

sys.path.insert(0, str(Path(__file__).parents[1] / "trace"))
from trace_toys import null_repetitions

TOYS = [pytest.param(60), pytest.param(1000, marks=pytest.mark.slow)]


@pytest.mark.parametrize("runs", TOYS)
@pytest.mark.parametrize("view", [name for name, _ in VIEWS])
def test_view_level(view, runs):
    p = null_repetitions(runs, 35)["views"][:, [name for name, _ in VIEWS].index(view)]
    for alpha in (0.1, 0.2, 0.5):
        verdict = judge_level(int(np.sum(p <= alpha + 1e-12)), runs, alpha)
        assert verdict.holds, str(verdict)
    assert superuniform(p).holds
