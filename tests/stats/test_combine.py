"""Combination of dependent views."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from hydrometer.errors import InputError
from hydrometer.stats import combine


def test_average_dominates_the_largest() -> None:
    log_e = np.random.default_rng(120).normal(0.0, 5.0, size=9)
    assert combine.average_evalues(log_e).log_e >= combine.largest_evalue(log_e).log_e
    assert combine.average_evalues([-math.inf, -math.inf]).log_e == -math.inf
    weighted = combine.average_evalues(np.log([2.0, 6.0]), weights=[3.0, 1.0])
    assert math.exp(weighted.log_e) == pytest.approx(3.0)
    assert combine.average_evalues([2000.0, 0.0]).log_e == pytest.approx(2000.0 - math.log(2.0))


def test_small_cases() -> None:
    assert combine.bonferroni_minimum([0.01, 0.5], weights=[0.0, 1.0]).pvalue == 0.5
    assert combine.bonferroni_minimum([0.9, 0.8]).pvalue == 1.0
    assert combine.twice_mean([0.3]).pvalue == 0.3
    assert combine.twice_mean([0.9, 0.9]).pvalue == 1.0
    assert combine.harmonic_mean([0.02, 0.02]).pvalue == pytest.approx(0.04)
    raw = combine.harmonic_mean([0.01, 0.04], exact=False)
    assert raw.pvalue == pytest.approx(stats.hmean([0.01, 0.04]))
    assert combine.harmonic_mean([5e-324, 1.0]).pvalue > 0.0


def test_cauchy_against_its_definition() -> None:
    p = np.array([0.001, 0.3, 0.9])
    score = np.mean(np.tan((0.5 - p) * np.pi))
    assert combine.cauchy_combination(p).pvalue == pytest.approx(stats.cauchy.sf(score))
    assert combine.cauchy_combination([5e-324, 0.5]).pvalue > 0.0
    assert combine.cauchy_combination([1e-200]).pvalue == pytest.approx(1e-200)
    assert combine.cauchy_combination([1.0, 0.01]).pvalue > 0.5  # swallowed


def test_only_rules_valid_under_any_dependence_are_for_verdicts() -> None:
    p = [0.01, 0.2, 0.3]
    assert combine.bonferroni_minimum(p).for_verdict
    assert combine.twice_mean(p).for_verdict
    assert combine.harmonic_mean(p).for_verdict
    assert combine.average_evalues([0.0]).for_verdict
    for found in (combine.harmonic_mean(p, exact=False), combine.cauchy_combination(p)):
        assert not found.for_verdict
        assert "not for a verdict" in found.caveat


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: combine.average_evalues([]), "log_evalues is too short"),
        (lambda: combine.average_evalues([math.nan]), "log_evalues contains NaN"),
        (lambda: combine.largest_evalue([math.inf]), "log_evalues contains"),
        (lambda: combine.average_evalues([0.0], weights=[0.0]), "weights is unusable"),
        (lambda: combine.bonferroni_minimum([0.5], weights=[1.0, 1.0]), "weights is unusable"),
        (lambda: combine.cauchy_combination([0.5], weights=[-1.0]), "weights is unusable"),
        (lambda: combine.twice_mean([0.0]), "pvalues has a value outside"),
        (lambda: combine.harmonic_mean([2.0]), "pvalues has a value outside"),
    ],
)
def test_iv(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()
