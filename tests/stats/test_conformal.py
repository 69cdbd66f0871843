"""Rank p-values, conformal e-values and prediction sets."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from hydrometer.errors import InputError
from hydrometer.stats.conformal import conformal_evalue, prediction_set, rank_pvalue


def test_never_below_one_over_n_plus_one() -> None:
    found = rank_pvalue(math.inf, np.arange(9.0))
    assert found.pvalue == found.smallest == 0.1
    assert (found.n_null, found.n_families) == (9, 9)
    for seed in range(20):
        random = rank_pvalue(5.0, np.full(9, 5.0), ties="random", seed=seed)
        assert 0.1 <= random.pvalue <= 1.0


def test_ties_count_against_significance() -> None:
    assert rank_pvalue(1.0, [1.0, 1.0, 0.0]).pvalue == 0.75
    assert rank_pvalue(1.0, [1.0], ties="random", seed=3) == rank_pvalue(
        1.0, [1.0], ties="random", seed=3
    )


def test_a_family_is_one_unit() -> None:
    clones = rank_pvalue(1.0, [0.0] * 99 + [2.0], families=["a"] * 99 + ["b"])
    assert clones.pvalue == pytest.approx(2 / 3)
    assert clones.smallest == pytest.approx(1 / 3)
    halves = rank_pvalue(1.0, [0.0, 2.0, 0.0], families=[1, 1, 2])
    assert halves.pvalue == pytest.approx(1.5 / 3)


def test_singleton_families_change_nothing() -> None:
    null = np.random.default_rng(0).normal(size=30)
    assert rank_pvalue(0.3, null, families=np.arange(30)).pvalue == rank_pvalue(0.3, null).pvalue


def test_strata_and_the_fallback_that_says_so() -> None:
    null = np.concatenate([np.zeros(25), np.full(5, 9.0)])
    strata = ["sft"] * 25 + ["merge"] * 5
    inside = rank_pvalue(1.0, null, strata=strata, stratum="sft")
    assert (inside.stratum, inside.n_null, inside.reason) == ("sft", 25, "")
    assert inside.pvalue == pytest.approx(1 / 26)
    pooled = rank_pvalue(1.0, null, strata=strata, stratum="merge")
    assert pooled.stratum is None
    assert "5 null families, fewer than 19" in pooled.reason
    assert pooled.pvalue == pytest.approx(6 / 31)
    assert rank_pvalue(1.0, null, strata=strata, stratum="absent").n_null == 30


def test_nothing_to_compare_gives_nan_with_a_reason() -> None:
    assert math.isnan(rank_pvalue(1.0, []).pvalue)
    assert rank_pvalue(1.0, []).reason == "no null models"
    assert math.isnan(rank_pvalue(math.nan, [1.0]).pvalue)
    assert "NaN" in rank_pvalue(math.nan, [1.0]).reason
    assert math.isnan(conformal_evalue(1.0, [], weight=np.exp).evalue)
    assert math.isnan(conformal_evalue(math.nan, [1.0], weight=np.exp).evalue)


def test_evalue_bounds_and_markov() -> None:
    top = conformal_evalue(50.0, np.zeros(19), weight=np.exp)
    assert top.evalue == pytest.approx(20.0)
    assert top.largest == 20.0
    assert conformal_evalue(1.0, np.ones(7), weight=np.exp).evalue == pytest.approx(1.0)
    idle = conformal_evalue(1.0, np.ones(7), weight=np.zeros_like)
    assert idle.evalue == 1.0
    assert "no bet" in idle.reason


def test_prediction_set_answers() -> None:
    known = [np.arange(40.0), np.arange(40.0), np.arange(5.0)]
    both = prediction_set([20.0, -1.0, -1.0], known, alpha=0.05)
    assert both.members == (0, 2)
    assert both.unexcludable == (2,)
    assert both.single is None
    assert prediction_set([20.0, -1.0], known[:2], alpha=0.05).single == 0
    none = prediction_set([-1.0, -1.0], known[:2], alpha=0.05)
    assert none.none_of_these
    assert none.single is None
    empty = prediction_set([1.0], [[]], alpha=0.05)
    assert empty.members == (0,)
    assert math.isnan(empty.pvalues[0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: rank_pvalue(1.0, [math.nan]), "null contains NaN"),
        (lambda: rank_pvalue(1.0, [1.0], families=["a", "b"]), "families has the wrong shape"),
        (lambda: rank_pvalue(1.0, [1.0], strata=["a"]), "strata and stratum come together"),
        (
            lambda: rank_pvalue(1.0, [1.0], strata=["a", "b"], stratum="a"),
            "strata has the wrong shape",
        ),
        (lambda: rank_pvalue(1.0, [1.0], ties="coin"), "ties is unknown"),  # type: ignore[arg-type]
        (lambda: rank_pvalue(1.0, [1.0], ties="random"), "seed is missing"),
        (lambda: rank_pvalue(1.0, [1.0], least_stratum=0), "least_stratum is out of range"),
        (
            lambda: conformal_evalue(1.0, [1.0], weight=np.negative),
            "weight gave a negative or infinite weight",
        ),
        (
            lambda: conformal_evalue(1.0, [1.0], weight=lambda w: w[:1]),
            "weight gave the wrong shape",
        ),
        (lambda: prediction_set([1.0], [], alpha=0.1), "wrong length"),
        (lambda: prediction_set([1.0], [[1.0]], alpha=1.0), "alpha is out of range"),
        (lambda: prediction_set([math.nan], [[1.0]], alpha=0.1), "scores contains NaN"),
        (lambda: prediction_set([1.0], [[math.nan]], alpha=0.1), "null contains NaN|calibration"),
    ],
)
def test_iv(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()
