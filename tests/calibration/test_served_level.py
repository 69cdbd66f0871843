"""Does the served-log test keep its level, whatever the scores look like?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from hydrometer.stats.exchangeable import magnitude_test, random_ranks, rank_sum_test
from hydrometer.stats.rank_eprocess import RankBet
from hydrometer.trace.served.power import measure_level, measure_power, relabel

REPETITIONS = 1500


def awkward_scores(kind: str, rng: np.random.Generator) -> np.ndarray:
    """Scores that break a normal approximation: skewed, tied, prompt-dependent spread."""
    base = rng.normal(size=(25, 4))
    if kind == "skewed":
        return np.exp(2.0 * base)
    if kind == "tied":
        return np.round(base)
    if kind == "uneven":
        return base * np.exp(rng.normal(size=(25, 1)) * 2.0)
    return base


def at_most(alarms: int, alpha: float) -> bool:
    """Whether the exact 99.9 % binomial interval reaches down to the level."""
    interval = stats.binomtest(alarms, REPETITIONS).proportion_ci(0.999, method="exact")
    return bool(interval.low <= alpha)


@pytest.mark.parametrize("kind", ["normal", "skewed", "tied", "uneven"])
def test_level_of_both_tests(kind: str) -> None:
    rng = np.random.default_rng(20)
    table = awkward_scores(kind, rng)
    magnitude, ranks = np.empty(REPETITIONS), np.empty(REPETITIONS)
    for r in range(REPETITIONS):
        turned = relabel(table, rng=rng)
        magnitude[r], ranks[r] = magnitude_test(turned).p, rank_sum_test(turned).p
    for alpha in (0.05, 0.01):
        assert at_most(int(np.sum(magnitude <= alpha)), alpha)
        assert at_most(int(np.sum(ranks <= alpha)), alpha)


def test_p_values_are_uniform_for_smooth_scores() -> None:
    rng = np.random.default_rng(21)
    found = [magnitude_test(relabel(rng.normal(size=(40, 8)), rng=rng)).p for _ in range(600)]
    assert stats.kstest(found, "uniform").pvalue > 0.001


def test_betting_never_promises_too_much() -> None:
    rng = np.random.default_rng(22)
    alarms = 0
    for seed in range(REPETITIONS):
        ranks, sizes = random_ranks(relabel(np.zeros((30, 4)), rng=rng), seed=seed)
        alarms += RankBet.start().update(ranks, sizes).log_peak >= math.log(20.0)
    assert at_most(alarms, 0.05)


def test_the_measure_of_the_level_sees_a_kept_and_a_broken_one() -> None:
    rng = np.random.default_rng(23)
    table = rng.normal(size=(40, 4))
    assert all(one.kept for one in measure_level(table, prompts=30, repetitions=400, seed=1))


def test_power_grows_with_prompts_and_decoys() -> None:
    rng = np.random.default_rng(24)
    table = rng.normal(size=(120, 8))
    table[:, 0] += 0.6

    def at(prompts: int, decoys: int) -> float:
        found = measure_power(
            table, prompts=prompts, decoys=decoys, repetitions=40, alpha=0.01, seed=3
        )
        return found.median_log10_p

    assert at(120, 7) < at(40, 7) < at(10, 7)
    assert at(120, 7) < at(120, 1)
