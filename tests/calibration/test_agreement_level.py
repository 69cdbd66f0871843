"""False-positive rate of shared rare answers, with chances known and with chances estimated."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hydrometer.stats.agreement import log_poisson_binomial_tail, shared_rare_answers
from hydrometer.stats.calibration import judge_level, superuniform

RUNS = [200, pytest.param(4000, marks=pytest.mark.slow)]
ITEMS, ANSWERS = 150, 25


def _world(rng: np.random.Generator, models: int, shape: float) -> tuple[np.ndarray, np.ndarray]:
    """Answer shares, (items, answers), and answers of suspect, teacher and registry."""
    shares = rng.dirichlet(np.full(ANSWERS, shape), size=ITEMS)
    drawn = rng.random((models + 2, ITEMS, 1)) > shares.cumsum(axis=1)[None]
    return shares, np.minimum(drawn.sum(axis=2), ANSWERS - 1)


@pytest.mark.parametrize("runs", RUNS)
def test_known_chances(runs: int) -> None:
    rng = np.random.default_rng(110)
    p = np.empty(runs)
    for i in range(runs):
        shares, answers = _world(rng, 0, 0.3)
        q = shares[np.arange(ITEMS), answers[1]]
        p[i] = math.exp(log_poisson_binomial_tail(q, int(np.sum(answers[0] == answers[1]))))
    verdict = judge_level(int(np.sum(p <= 0.05)), runs, 0.05)
    assert verdict.holds, str(verdict)
    assert superuniform(p).holds


@pytest.mark.parametrize("runs", RUNS)
@pytest.mark.parametrize("models", [20, 60])
@pytest.mark.parametrize("shape", [0.1, 5.0])
def test_estimated_chances(runs: int, models: int, shape: float) -> None:
    """Suspect, teacher and registry answer alike at random; the default prior holds the level."""
    rng = np.random.default_rng(111)
    once, split = np.ones(runs), np.ones(runs)
    for i in range(runs):
        _, answers = _world(rng, models, shape)
        found = shared_rare_answers(answers[0], answers[1], answers[2:])
        once[i] = found.pvalue if found.items else 1.0
        found = shared_rare_answers(answers[0], answers[1], answers[2:], rare=0.1, split_seed=i)
        split[i] = found.pvalue if found.items else 1.0
    for p in (once, split):
        verdict = judge_level(int(np.sum(p <= 0.05)), runs, 0.05)
        assert verdict.holds, str(verdict)


@pytest.mark.parametrize("runs", RUNS)
def test_choosing_and_estimating_with_the_same_votes_can_fail_and_the_split_mends_it(
    runs: int,
) -> None:
    """Every wrong answer has share 1/10 and none is rare; chance makes some look rare."""
    rng = np.random.default_rng(112)
    once = split = 0
    for i in range(runs):
        answers = rng.integers(0, 10, size=(42, 1500))
        kwargs = {"rare": 0.05}
        found = shared_rare_answers(answers[0], answers[1], answers[2:], **kwargs)
        once += bool(found.items) and found.pvalue <= 0.05
        found = shared_rare_answers(answers[0], answers[1], answers[2:], split_seed=i, **kwargs)
        split += bool(found.items) and found.pvalue <= 0.05
    assert not judge_level(once, runs, 0.05).holds
    verdict = judge_level(split, runs, 0.05)
    assert verdict.holds, str(verdict)
