"""False-positive rate of ranks among null models, families included."""

from __future__ import annotations

import numpy as np
import pytest

from hydrometer.stats.calibration import judge_level, superuniform
from hydrometer.stats.conformal import conformal_evalue, prediction_set, rank_pvalue

RUNS = [pytest.param(1500), pytest.param(20_000, marks=pytest.mark.slow)]


@pytest.mark.parametrize("runs", RUNS)
@pytest.mark.parametrize("ties", ["against", "random"])
def test_rank_level(runs: int, ties: str) -> None:
    rng = np.random.default_rng(20)
    p = np.empty(runs)
    for i in range(runs):
        scores = np.round(rng.normal(size=40), 1)
        p[i] = rank_pvalue(scores[0], scores[1:], ties=ties, seed=i).pvalue  # type: ignore[arg-type]
    verdict = judge_level(int(np.sum(p <= 0.05)), runs, 0.05)
    assert verdict.holds, str(verdict)
    if ties == "random":
        assert verdict.exact, str(verdict)
    assert superuniform(p).holds


def _clustered(
    rng: np.random.Generator, families: int, spread: float = 0.1
) -> tuple[float, np.ndarray, np.ndarray]:
    """One suspect from a new family; the null families are of very unequal size."""
    sizes = rng.choice([1, 1, 2, 30], size=families)
    labels = np.repeat(np.arange(families), sizes)
    null = np.repeat(rng.normal(size=families), sizes) + rng.normal(0.0, spread, labels.size)
    return float(rng.normal() + rng.normal(0.0, spread)), null, labels


@pytest.mark.parametrize("runs", RUNS)
def test_families_hold_the_level_and_flat_ranks_do_not(runs: int) -> None:
    rng = np.random.default_rng(21)
    tree, flat = np.empty(runs), np.empty(runs)
    for i in range(runs):
        suspect, null, labels = _clustered(rng, 24)
        tree[i] = rank_pvalue(suspect, null, families=labels).pvalue
        flat[i] = rank_pvalue(suspect, null).pvalue
    verdict = judge_level(int(np.sum(tree <= 0.05)), runs, 0.05)
    assert verdict.holds, str(verdict)
    assert superuniform(tree).holds
    # Why families are one unit: counting snapshots as models accuses too often.
    assert not judge_level(int(np.sum(flat <= 0.05)), runs, 0.05).holds


@pytest.mark.parametrize("runs", RUNS)
def test_evalue_mean_and_markov(runs: int) -> None:
    rng = np.random.default_rng(22)
    e, grouped = np.empty(runs), np.empty(runs)
    for i in range(runs):
        scores = rng.normal(size=40)
        e[i] = conformal_evalue(scores[0], scores[1:], weight=np.exp).evalue
        suspect, null, labels = _clustered(rng, 24, spread=1.0)
        grouped[i] = conformal_evalue(suspect, null, weight=np.exp, families=labels).evalue
    for values in (e, grouped):
        assert values.mean() <= 1.0 + 4.0 * values.std() / np.sqrt(runs)
        assert judge_level(int(np.sum(values >= 20.0)), runs, 0.05).holds
    assert abs(e.mean() - 1.0) <= 4.0 * e.std() / np.sqrt(runs)


@pytest.mark.parametrize("runs", RUNS)
def test_prediction_set_coverage(runs: int) -> None:
    rng = np.random.default_rng(23)
    missed = 0
    for _ in range(runs):
        known = [rng.normal(size=30), rng.normal(1.0, 2.0, size=25)]
        found = prediction_set([-9.0, rng.normal(1.0, 2.0)], known, alpha=0.1)
        missed += 1 not in found.members
    verdict = judge_level(missed, runs, 0.1)
    assert verdict.holds, str(verdict)
