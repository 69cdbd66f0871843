"""False-positive rate of an audit when the suspect is one more null model, and its power.

Arrays of scores for thousands of repetitions, made-up models with the real views for dozens.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from hydrometer.stats.calibration import judge_level, superuniform
from hydrometer.trace.audit import audit_rows, suspect_rows
from hydrometer.trace.calibrate import Population, combine

sys.path.insert(0, str(Path(__file__).parents[1] / "trace"))
from trace_toys import make_world, null_repetitions

RUNS = [pytest.param(1000), pytest.param(20_000, marks=pytest.mark.slow)]
TOYS = [pytest.param(60), pytest.param(1000, marks=pytest.mark.slow)]
MODELS, CANDIDATES, VIEWS, PROMPTS = 39, 6, 3, 60


class Scored:
    """Rows of a suspect with scores drawn at random in place of texts.

    Models differ in level (skewed, common to views and candidates) and in length; prompts add
    noise. Two candidates belong to one vendor.
    """

    def __init__(self, rng, *, lift=0.0):
        shape = (PROMPTS, MODELS + 1, CANDIDATES)
        level = rng.exponential(size=(1, MODELS + 1, 1)) + rng.normal(size=(1, *shape[1:]))
        self.views = [
            level + 0.5 * rng.normal(size=(1, *shape[1:])) + 2.0 * rng.normal(size=shape)
            for _ in range(VIEWS)
        ]
        for view in self.views:
            view[:, -1, 0] += lift
        lengths = np.exp(rng.normal(4.0, 0.6, size=MODELS + 1)).astype(int) + 1
        self.tokens = [np.empty(lengths[-1])] * PROMPTS
        corpus = SimpleNamespace(lengths=np.repeat(lengths[:-1, None], PROMPTS, axis=1))
        self.panel = SimpleNamespace(candidates=tuple("abcdef"), corpus=corpus)
        blank = np.zeros((MODELS, CANDIDATES), dtype=bool)
        families = tuple(str(i) for i in range(MODELS))
        self.who = Population(~blank, blank, ("A", "A", "B", "C", "D", "E"), families)

    def scores(self, prompts):
        return combine([v[prompts].mean(axis=0) for v in self.views], self.who)


def audited(runs, seed, **options):
    """Smallest adjusted p-value, rank of one candidate, and its e-value."""
    rng = np.random.default_rng(seed)
    out = np.empty((runs, 3))
    for i in range(runs):
        audit = audit_rows(Scored(rng), np.arange(PROMPTS), seed=i, jackknife=0, **options)
        one = next(c for c in audit.candidates if c.teacher == "c")
        out[i] = min(c.adjusted for c in audit.candidates), one.rank.pvalue, one.evalue
    return out.T


@pytest.mark.parametrize("runs", RUNS)
def test_rank_and_adjusted_level(runs):
    adjusted, rank, evalues = audited(runs, 31)
    for p in (adjusted, rank):
        for alpha in (0.05, 0.1, 0.5):
            verdict = judge_level(int(np.sum(p <= alpha)), runs, alpha)
            assert verdict.holds, str(verdict)
        assert superuniform(p).holds
    assert adjusted.min() >= 1 / (MODELS + 1)
    assert evalues.mean() <= 1 + 4 * evalues.std() / np.sqrt(runs)


@pytest.mark.parametrize("runs", RUNS)
def test_early_stopping_level(runs):
    adjusted, _, _ = audited(runs, 32, until_decided=0.05)
    verdict = judge_level(int(np.sum(adjusted <= 0.05)), runs, 0.05)
    assert verdict.holds, str(verdict)


@pytest.mark.parametrize("runs", RUNS)
def test_max_over_candidates_unpaid_for_would_not_hold(runs):
    # Why the adjusted p-value is there: the smallest of six ranks accuses too often.
    rng = np.random.default_rng(33)
    smallest = np.empty(runs)
    for i in range(runs):
        audit = audit_rows(Scored(rng), np.arange(PROMPTS), seed=i, jackknife=0)
        smallest[i] = min(c.rank.pvalue for c in audit.candidates)
    assert not judge_level(int(np.sum(smallest <= 0.05)), runs, 0.05).holds


def test_power_on_scores():
    rng = np.random.default_rng(34)
    for early in (None, 0.05):
        found = 0
        for i in range(50):
            rows = Scored(rng, lift=12.0)
            audit = audit_rows(rows, np.arange(PROMPTS), seed=i, jackknife=0, until_decided=early)
            best = audit.candidates[0]
            found += best.teacher == "a" and best.adjusted <= 2 / (MODELS + 1)
        assert found >= 48


@pytest.mark.parametrize("runs", TOYS)
def test_level_with_the_real_views(runs):
    found = null_repetitions(runs, 35)
    for name in ("rank", "adjusted", "early"):
        verdict = judge_level(int(np.sum(found[name] <= 0.1)), runs, 0.1)
        assert verdict.holds, f"{name}: {verdict}"
        assert superuniform(found[name]).holds, name


@pytest.mark.parametrize("runs", [pytest.param(20), pytest.param(200, marks=pytest.mark.slow)])
def test_a_planted_student_is_found(runs):
    hits = 0
    for run in range(runs):
        world = make_world((36, run), nulls=19, prompts=24)
        rows, shared = suspect_rows(
            world.panel.fit(world.panel.candidates), world.student("teachera", 0.5)
        )
        best = audit_rows(rows, shared, seed=run, jackknife=0).candidates[0]
        hits += best.teacher == "teachera" and best.adjusted <= 1 / 21 + 1e-12
    assert hits >= 0.95 * runs
