"""AUROC, hits at few false alarms, exact rates, macro accuracy."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from hydrometer.errors import InputError
from hydrometer.stats.roc import auroc, exact_rate, macro_accuracy, tpr_at_fpr


def test_area_with_ties_equals_all_pairs() -> None:
    rng = np.random.default_rng(1)
    scores = rng.integers(0, 5, size=60).astype(float)
    truth = rng.random(60) < 0.4
    pos, neg = scores[truth][:, None], scores[~truth][None, :]
    pairs = np.mean((pos > neg) + 0.5 * (pos == neg))
    assert auroc(scores, truth).auroc == pytest.approx(pairs)
    assert auroc(np.ones(4), [0, 1, 0, 1]).auroc == 0.5


def test_delong_variance_equals_the_placements() -> None:
    rng = np.random.default_rng(2)
    scores = np.round(rng.normal(size=50), 1)
    truth = np.arange(50) < 20
    pos, neg = scores[truth], scores[~truth]
    kernel = (pos[:, None] > neg) + 0.5 * (pos[:, None] == neg)
    variance = kernel.mean(1).var(ddof=1) / 20 + kernel.mean(0).var(ddof=1) / 30
    found = auroc(scores, truth, level=0.9)
    assert found.high - found.auroc == pytest.approx(1.6448536269514722 * math.sqrt(variance))


def test_separated_classes_are_not_certain() -> None:
    found = auroc([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [0, 0, 0, 1, 1, 1])
    assert found.auroc == found.high == 1.0
    assert found.low == pytest.approx(0.025 ** (1 / 3))
    assert found.method == "disjoint pairs"
    assert auroc([2.0, 1.0], [0, 1]).low == 0.0


def test_an_empty_class_is_nan_with_a_reason() -> None:
    found = auroc([1.0, 2.0], [1, 1])
    assert math.isnan(found.auroc)
    assert found.reason == "a class is empty"
    assert tpr_at_fpr([1.0], [1])[0].reason == "a class is empty"
    assert math.isnan(auroc([], []).auroc)
    assert exact_rate(0, 0).reason == "no trials"
    assert auroc([1.0, 1.0, 2.0], [0, 1, 1]).reason == "fewer than 2 rows in a class"


def test_clusters_widen_the_interval_and_repeat_by_seed() -> None:
    rng = np.random.default_rng(3)
    effect = rng.normal(size=20)
    units = np.repeat(np.arange(20), 30)
    truth = units < 10
    scores = effect[units] + 0.5 * truth + 0.1 * rng.normal(size=600)
    flat = auroc(scores, truth)
    by_model = auroc(scores, truth, clusters=units, seed=4, draws=300)
    assert by_model.n_clusters == 20
    assert by_model.high - by_model.low > 2.0 * (flat.high - flat.low)
    assert by_model == auroc(scores, truth, clusters=units, seed=4, draws=300)
    lone = auroc(scores, truth, clusters=truth, seed=4, draws=100)
    assert math.isnan(lone.low)
    assert "fewer than 2 clusters" in lone.reason


def test_hits_never_spend_more_false_alarms_than_asked() -> None:
    rng = np.random.default_rng(5)
    scores = rng.integers(0, 9, size=300).astype(float)
    truth = np.arange(300) < 100
    for hit in tpr_at_fpr(scores, truth, fpr=(0.0, 0.01, 0.05, 0.3)):
        assert hit.false_alarms.rate <= hit.fpr
        assert hit.hits.count == int(np.sum(scores[truth] > hit.threshold))
    few = tpr_at_fpr([0.0, 1.0, 2.0], [0, 0, 1], fpr=(0.01,))[0]
    assert "cannot tell" in few.reason
    assert few.hits.rate == 1.0


def test_macro_accuracy_exposes_the_constant_answer() -> None:
    found = macro_accuracy([1] * 36 + [2] * 4, [1] * 40)
    assert (found.accuracy, found.macro) == (0.9, 0.5)
    assert found.classes == (1, 2)
    assert [r.count for r in found.per_class] == [36, 0]
    assert macro_accuracy(["a"], ["none"]).macro == 0.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: auroc([1.0], [0, 1]), "positive has the wrong shape"),
        (lambda: auroc([math.nan], [1]), "scores contains NaN"),
        (lambda: auroc([1.0], [2]), "positive is no array of 0 and 1"),
        (lambda: auroc([1.0], ["yes"]), "positive is no array of 0 and 1"),
        (lambda: auroc([1.0, 2.0], [0, 1], clusters=[1, 2]), "seed is missing"),
        (lambda: auroc([1.0, 2.0], [0, 1], clusters=[1], seed=1), "clusters has the wrong shape"),
        (
            lambda: auroc([1.0, 2.0], [0, 1], clusters=[1, 2], seed=1, draws=1),
            "draws is out of range",
        ),
        (lambda: auroc([1.0, 2.0], [0, 1], level=1.0), "level is out of range"),
        (lambda: tpr_at_fpr([1.0, 2.0], [0, 1], fpr=(1.0,)), "fpr is out of range"),
        (lambda: exact_rate(2, 1), "count exceeds n"),
        (lambda: exact_rate(-1, 1), "count is out of range"),
        (lambda: macro_accuracy([], []), "truth is too short"),
        (lambda: macro_accuracy([1], [1, 2]), "guess has the wrong shape"),
    ],
)
def test_iv(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()
