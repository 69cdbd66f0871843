"""Adjusted significance of families of hypotheses."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from hydrometer.errors import InputError
from hydrometer.stats.multiplicity import benjamini, e_benjamini, e_bonferroni, holm


def test_holm_is_the_closed_bonferroni_test() -> None:
    rng = np.random.default_rng(60)
    for _ in range(20):
        p = 1.0 - rng.random(5)
        closed = [
            max(
                min(1.0, size * min(p[list(group)]))
                for size in range(1, 6)
                for group in combinations(range(5), size)
                if i in group
            )
            for i in range(5)
        ]
        np.testing.assert_allclose(holm(p).adjusted, closed)


def test_ebh_equals_its_definition() -> None:
    rng = np.random.default_rng(61)
    for _ in range(50):
        log_e = rng.normal(2.0, 2.0, size=8)
        ordered = np.sort(np.exp(log_e))[::-1]
        for alpha in (0.05, 0.2):
            k = max([0, *(j for j in range(1, 9) if j * ordered[j - 1] / 8 >= 1 / alpha)])
            assert len(e_benjamini(log_e).rejected(alpha)) == k


def test_untested_hypotheses_still_cost_their_share() -> None:
    found = holm([0.01, math.nan, math.nan])
    assert found.adjusted[0] == pytest.approx(0.03)
    assert math.isnan(found.adjusted[1])
    assert (found.n, found.n_untested) == (3, 2)
    assert found.rejected(0.5) == (0,)
    assert math.isnan(e_benjamini([3.0, math.nan]).adjusted[1])
    assert e_bonferroni([5.0, math.nan]).adjusted[0] == pytest.approx(2.0 * math.exp(-5.0))
    assert math.isnan(benjamini([0.5, math.nan]).adjusted[1])


def test_extremes() -> None:
    assert e_benjamini([-math.inf, 0.0]).adjusted == (1.0, 1.0)
    assert e_bonferroni([2000.0]).rejected(0.01) == (0,)
    assert holm([1.0]).adjusted == (1.0,)
    assert benjamini([0.01, 0.02, 0.9], method="by").rejected(0.05) == ()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: holm([0.0]), "pvalues has a value outside"),
        (lambda: holm([]), "pvalues is too short"),
        (lambda: benjamini([0.5], method="x"), "method is unknown"),  # type: ignore[arg-type]
        (lambda: e_benjamini([]), "log_evalues has the wrong shape"),
        (lambda: e_benjamini([math.inf]), "log_evalues contains"),
        (lambda: e_bonferroni(["a"]), "log_evalues is no array of numbers"),
        (lambda: holm([0.5]).rejected(0.0), "alpha is out of range"),
    ],
)
def test_iv(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()
