"""Bootstrap intervals and permutation tests."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy import stats

from hydrometer.errors import InputError
from hydrometer.stats.resample import bootstrap_interval, paired_interval, permutation_test


@pytest.mark.parametrize("method", ["BCa", "percentile"])
def test_close_to_the_normal_interval_for_a_mean(method: str) -> None:
    x = np.random.default_rng(140).normal(size=200)
    found = bootstrap_interval(x, about="prompts", seed=1, method=method)  # type: ignore[arg-type]
    half = 1.96 * x.std() / math.sqrt(200)
    assert found.low == pytest.approx(x.mean() - half, abs=0.03)
    assert found.high == pytest.approx(x.mean() + half, abs=0.03)
    assert found == bootstrap_interval(x, about="prompts", seed=1, method=method)  # type: ignore[arg-type]
    assert found != bootstrap_interval(x, about="prompts", seed=2, method=method)  # type: ignore[arg-type]


def test_an_interval_about_models_is_wider_than_one_about_prompts() -> None:
    rng = np.random.default_rng(141)
    models = np.repeat(np.arange(12), 50)
    x = rng.normal(size=12)[models] + 0.3 * rng.normal(size=600)
    prompts = bootstrap_interval(x, about="prompts", seed=1)
    by_model = bootstrap_interval(x, about="models", units=models, seed=1)
    assert by_model.high - by_model.low > 3.0 * (prompts.high - prompts.low)
    assert (by_model.n_units, by_model.n_rows, by_model.about) == (12, 600, "models")


def test_units_count_alike() -> None:
    found = bootstrap_interval([1.0] * 99 + [3.0], about="models", units=[0] * 99 + [1], seed=1)
    assert found.estimate == 2.0


def test_own_statistic_keeps_columns_paired() -> None:
    rng = np.random.default_rng(142)
    x = rng.normal(size=80)
    table = np.column_stack([x, x + 0.5 * rng.normal(size=80)])
    found = bootstrap_interval(
        table,
        about="prompts",
        seed=1,
        draws=300,
        statistic=lambda rows: float(np.corrcoef(rows.T)[0, 1]),
    )
    assert 0.7 < found.low < found.estimate < found.high < 1.0


def test_no_interval_is_made_up() -> None:
    lone = bootstrap_interval([1.0, 2.0], about="models", units=[0, 0], seed=1)
    assert math.isnan(lone.low)
    assert lone.reason == "1 units, fewer than 2"
    assert math.isnan(bootstrap_interval([], about="models", seed=1).estimate)
    for method in ("BCa", "percentile"):
        flat = bootstrap_interval(np.ones(9), about="prompts", seed=1, method=method)  # type: ignore[arg-type]
        assert math.isnan(flat.high)
        assert "does not move" in flat.reason


def test_paired_interval_is_that_of_the_differences() -> None:
    rng = np.random.default_rng(143)
    a, b = rng.normal(size=(2, 40))
    assert paired_interval(a, b, about="prompts", seed=3) == bootstrap_interval(
        a - b, about="prompts", seed=3
    )


def test_sign_flips_are_enumerated() -> None:
    rng = np.random.default_rng(144)
    x, y = rng.normal(size=(2, 8))
    flips = np.array(list(product([1, -1], repeat=8))) @ (x - y)
    exact = np.mean(flips >= np.sum(x - y) - 1e-12)
    found = permutation_test(x, y, paired=True, seed=1)
    assert found.pvalue == pytest.approx(exact)
    assert (found.draws, found.smallest) == (0, 2.0**-8)


def test_random_permutations_add_one() -> None:
    found = permutation_test(np.arange(50.0) + 100.0, np.arange(50.0), paired=False, seed=1)
    assert found.pvalue == found.smallest == 1e-4
    assert found.draws == 9999
    few = permutation_test(np.arange(50.0) + 100.0, np.zeros(50), paired=False, seed=1, draws=19)
    assert few.pvalue == 0.05
    rng = np.random.default_rng(145)
    x, y = rng.normal(size=30), rng.normal(size=40) - 0.4
    ours = permutation_test(x, y, paired=False, seed=1, draws=4999).pvalue
    assert ours == pytest.approx(stats.ttest_ind(x, y, alternative="greater").pvalue, abs=0.02)


def test_units_are_exchanged_whole() -> None:
    x, y = np.ones(100), np.zeros(100)
    units = np.repeat([0, 1, 2], [50, 30, 20])
    found = permutation_test(x, y, paired=False, x_units=units, y_units=units, seed=1)
    assert found.n_units == (3, 3)
    assert found.pvalue == pytest.approx(1 / 20)
    both = permutation_test(x, y, paired=True, x_units=units, seed=1, alternative="two-sided")
    assert both.pvalue == pytest.approx(2 / 8)


def test_too_few_units_are_nan_with_a_reason() -> None:
    for x, paired in (([1.0], True), ([], True), ([1.0], False)):
        found = permutation_test(x, [0.0] * len(x), paired=paired, seed=1)
        assert math.isnan(found.pvalue)
        assert "fewer than 2 units" in found.reason


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bootstrap_interval([math.nan], about="models", seed=1), "values contains NaN"),
        (lambda: bootstrap_interval(np.ones((2, 2, 2)), about="models", seed=1), "values has"),
        (lambda: bootstrap_interval(np.ones((2, 2)), about="models", seed=1), "statistic is miss"),
        (lambda: bootstrap_interval([1.0], about="x", seed=1), "about is"),  # type: ignore[arg-type]
        (lambda: bootstrap_interval([1.0], about="models", seed=1, draws=9), "draws is out of"),
        (lambda: bootstrap_interval([1.0], about="models", seed=1, level=2.0), "level is out of"),
        (
            lambda: bootstrap_interval([1.0], about="models", seed=1, method="t"),  # type: ignore[arg-type]
            "method is unknown",
        ),
        (lambda: bootstrap_interval([1.0], about="models", seed=1, units=[1, 2]), "units has"),
        (lambda: paired_interval([1.0], [1.0, 2.0], about="models", seed=1), "b has the wrong"),
        (lambda: permutation_test([1.0], [1.0, 2.0], paired=True, seed=1), "y has the wrong"),
        (lambda: permutation_test([1.0], [1.0], paired=True, seed=1, y_units=[1]), "y_units has"),
        (lambda: permutation_test([1.0], [1.0], paired=False, seed=1, draws=0), "draws is out of"),
        (
            lambda: permutation_test([1.0], [1.0], paired=True, seed=1, alternative="x"),  # type: ignore[arg-type]
            "alternative is unknown",
        ),
    ],
)
def test_iv(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()
