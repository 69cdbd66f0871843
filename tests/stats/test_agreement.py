"""The Poisson-binomial tail and the counting of shared rare answers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from hydrometer.errors import InputError
from hydrometer.stats.agreement import log_poisson_binomial_tail, shared_rare_answers

CROWD = np.tile(np.arange(30)[:, None], (1, 4))


@pytest.mark.parametrize("count", [0, 1, 20, 60, 150, 199, 200])
def test_equal_chances_are_binomial_down_to_1e_minus_300(count: int) -> None:
    exact = float(stats.binom.logsf(count - 1, 200, 0.03))
    assert log_poisson_binomial_tail([0.03] * 200, count) == pytest.approx(exact, abs=1e-7)


def test_unequal_chances_by_enumeration() -> None:
    q = np.array([0.0, 1.0, 0.1, 0.7, 1e-6])
    cells = np.array(np.meshgrid(*[[0, 1]] * 5)).reshape(5, -1).T
    weights = np.prod(np.where(cells == 1, q, 1.0 - q), axis=1)
    for count in range(6):
        exact = weights[cells.sum(axis=1) >= count].sum()
        found = log_poisson_binomial_tail(q, count)
        if exact:
            assert math.exp(found) == pytest.approx(exact, rel=1e-8)
            assert found >= math.log(exact) - 1e-12
        else:
            assert found == -math.inf


def test_only_items_with_both_wrong_count() -> None:
    found = shared_rare_answers([9, 9, 7, -1], [9, 9, 9, 9], CROWD + 50, correct=[1, 9, 1, 1])
    assert (found.items, found.shared) == (2, 1)
    assert found.shares == pytest.approx((1 / 32, 1 / 32))
    assert found.expected == pytest.approx(2 / 32)
    assert found.pvalue == pytest.approx(1.0 - (31 / 32) ** 2)
    assert "estimated from 30" in found.caveat


def test_right_and_missing_registry_answers_are_no_votes() -> None:
    registry = np.array([[5], [1], [-1], [6]])
    found = shared_rare_answers([5], [5], registry, correct=[1], rare=None)
    assert found.shares == pytest.approx((2 / 4,))


def test_families_have_one_vote_per_item() -> None:
    registry = np.array([[5], [5], [5], [6]])
    found = shared_rare_answers([5], [5], registry, families=["a", "a", "a", "b"], rare=None)
    assert found.shares == pytest.approx((2 / 4,))
    assert found.n_models == 2


def test_common_answers_are_left_out_and_nothing_left_is_nan() -> None:
    everyone = np.full((30, 4), 9)
    found = shared_rare_answers([9] * 4, [9] * 4, everyone)
    assert math.isnan(found.log_p)
    assert math.isnan(found.pvalue)
    assert found.reason == "no item can be compared"
    assert shared_rare_answers([9] * 4, [9] * 4, everyone, rare=None).items == 4
    assert shared_rare_answers([9], [9], np.zeros((0, 1), dtype=int), rare=None).shares == (0.5,)


def test_split_is_seeded_and_never_zero() -> None:
    rng = np.random.default_rng(100)
    registry = rng.integers(0, 30, size=(60, 500))
    teacher = rng.integers(0, 30, size=500)
    found = shared_rare_answers(teacher, teacher, registry, rare=0.1, split_seed=1)
    assert found == shared_rare_answers(teacher, teacher, registry, rare=0.1, split_seed=1)
    assert found.n_models == 30
    assert found.shared == found.items
    assert found.log_p < -700.0
    assert found.pvalue > 0.0
    assert "also chose" not in found.caveat


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: log_poisson_binomial_tail([1.5], 0), "chances has a value outside"),
        (lambda: log_poisson_binomial_tail([0.5], 2), "count is out of range"),
        (lambda: shared_rare_answers([1], [1, 2], CROWD[:, :2]), "suspect has the wrong shape"),
        (lambda: shared_rare_answers(["a"], [1], CROWD[:, :1]), "suspect is no array of integer"),
        (lambda: shared_rare_answers([1.5], [1], CROWD[:, :1]), "suspect are no labels"),
        (lambda: shared_rare_answers([1], [1], CROWD), "registry has the wrong shape"),
        (lambda: shared_rare_answers([1], [1], CROWD[:, :1], rare=1.0), "rare is out of range"),
        (
            lambda: shared_rare_answers([1], [1], CROWD[:, :1], prior=(0.0, 1.0)),
            "prior is out of range",
        ),
        (
            lambda: shared_rare_answers([1], [1], CROWD[:1, :1], split_seed=0),
            "registry cannot be split",
        ),
        (
            lambda: shared_rare_answers([1], [1], CROWD[:, :1], families=["a"]),
            "families has the wrong shape",
        ),
    ],
)
def test_iv(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()
