"""Logistic regression against theory."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.optimize import check_grad

from hydrometer.errors import InputError
from hydrometer.stats.logistic import fit_logistic, fit_temperature, penalised_loss

RNG = np.random.default_rng(40)
X = RNG.normal(size=(120, 3))
Y3 = np.argmax(X @ RNG.normal(size=(3, 3)) + RNG.gumbel(size=(120, 3)), axis=1)
Y2 = (X[:, 0] + RNG.logistic(size=120) > 0.5).astype(int)


@pytest.mark.parametrize("k", [2, 3, 5])
def test_gradient(k: int) -> None:
    rng = np.random.default_rng(k)
    onehot = np.eye(k)[rng.integers(0, k, size=30)]
    weights = rng.dirichlet(np.ones(30))
    point = rng.normal(size=4 * (1 if k == 2 else k))
    x = rng.normal(size=(30, 3))
    error = check_grad(
        lambda w: penalised_loss(w, x, onehot, weights, 0.3)[0],
        lambda w: penalised_loss(w, x, onehot, weights, 0.3)[1],
        point,
    )
    assert error < 1e-5


def test_stationary_and_balanced() -> None:
    fit = fit_logistic(X, Y3, l2=0.05, standardise=False)
    assert fit.converged
    p = np.exp(fit.log_probabilities(X))
    weights = 1.0 / (3 * np.bincount(Y3)[Y3])
    # Free intercepts: each class's balanced mass is matched, here 1/3.
    np.testing.assert_allclose(weights @ p, np.full(3, 1 / 3), atol=1e-5)
    slope = X.T @ (weights[:, None] * (p - np.eye(3)[Y3]))
    np.testing.assert_allclose(slope, -0.05 * fit.coef, atol=1e-5)


def test_two_classes_equal_the_closed_form_of_an_intercept() -> None:
    y = np.array([0] * 30 + [1] * 10)
    plain = fit_logistic(np.zeros((40, 1)), y, l2=1.0, balanced=False)
    assert plain.intercept[1] == pytest.approx(math.log(1 / 3), abs=1e-5)
    assert plain.coef.tolist() == [[0.0, 0.0]]
    even = fit_logistic(np.zeros((40, 1)), y, l2=1.0)
    assert even.intercept[1] == pytest.approx(0.0, abs=1e-6)


def test_recovers_the_truth_on_much_data() -> None:
    rng = np.random.default_rng(41)
    x = rng.normal(size=(40_000, 2)) * [1.0, 5.0] + [0.0, 3.0]
    y = (rng.logistic(size=40_000) < 0.5 + x @ [1.0, -0.2]).astype(int)
    fit = fit_logistic(x, y, l2=1e-8, balanced=False)
    np.testing.assert_allclose(fit.coef[:, 1], [1.0, -0.2], atol=0.05)
    assert fit.intercept[1] == pytest.approx(0.5, abs=0.05)


def test_separable_data_stay_finite_and_collinear_share() -> None:
    x = np.array([-2.0, -1.0, 1.0, 2.0])
    fit = fit_logistic(np.column_stack([x, x, np.ones(4)]), [0, 0, 1, 1], l2=1e-4)
    assert fit.converged
    assert np.isfinite(fit.coef).all()
    assert fit.coef[0, 1] == pytest.approx(fit.coef[1, 1], rel=1e-6)
    assert fit.coef[2, 1] == 0.0


def test_units_do_not_matter_when_standardised() -> None:
    a = fit_logistic(X, Y2, l2=0.1)
    b = fit_logistic(X * [1e3, 1.0, 1e-3] + 7.0, Y2, l2=0.1)
    np.testing.assert_allclose(a.coef[:, 1], b.coef[:, 1] * [1e3, 1.0, 1e-3], rtol=1e-4, atol=1e-6)


def test_nonnegative_and_deterministic() -> None:
    signed = np.column_stack([X[:, 0], -X[:, 0] + 0.5 * X[:, 1]])
    fit = fit_logistic(signed, Y2, l2=0.01, nonnegative=True)
    assert (fit.coef >= 0.0).all()
    assert fit.coef[0, 1] > 0.0
    again = fit_logistic(signed, Y2, l2=0.01, nonnegative=True)
    assert fit.coef.tobytes() == again.coef.tobytes()


def test_row_weights_equal_repeated_rows() -> None:
    w = RNG.integers(1, 4, size=120)
    a = fit_logistic(X, Y2, l2=0.1, weights=w)
    b = fit_logistic(np.repeat(X, w, axis=0), np.repeat(Y2, w), l2=0.1)
    np.testing.assert_allclose(a.coef, b.coef, atol=1e-6)


def test_temperature() -> None:
    rng = np.random.default_rng(42)
    honest = rng.normal(size=(5000, 3)) * 2.0
    truth = np.argmax(honest + rng.gumbel(size=honest.shape), axis=1)
    found = fit_temperature(3.0 * honest, truth)
    assert found.temperature == pytest.approx(3.0, rel=0.1)
    assert found.loss < found.loss_before
    right = fit_temperature([[2.0, 0.0], [0.0, 2.0]], [0, 1])
    assert math.isnan(right.temperature)
    assert right.reason == "every row is right"
    wrong = fit_temperature([[2.0, 0.0], [0.0, 2.0]], [1, 0])
    assert math.isnan(wrong.temperature)
    assert "guessing" in wrong.reason


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fit_logistic([1.0], [1], l2=1.0), "x has the wrong shape"),
        (lambda: fit_logistic([[1.0]], [1, 2], l2=1.0), "y has the wrong shape"),
        (lambda: fit_logistic([[1.0], [2.0]], [1, 1], l2=1.0), "y has fewer than two classes"),
        (lambda: fit_logistic([[1.0], [2.0]], [0, 1], l2=0.0), "l2 is out of range"),
        (
            lambda: fit_logistic([[1.0], [2.0]], [0, 1], l2=1.0, weights=[-1.0, 1.0]),
            "weights is unusable",
        ),
        (
            lambda: fit_logistic([[1.0], [2.0]], [0, 1], l2=1.0, weights=[0.0, 1.0]),
            "weights is unusable",
        ),
        (lambda: fit_logistic([[1.0], [2.0]], [0, 1], l2=1.0, max_iter=0), "max_iter"),
        (
            lambda: fit_logistic([[1.0], [2.0]], [0, 1], l2=1.0).logits([[1.0, 2.0]]),
            "x has the wrong number of columns",
        ),
        (lambda: fit_temperature([[1.0, 2.0]], [2]), "truth is no class index"),
        (lambda: fit_temperature([[1.0, 2.0]], ["a"]), "truth is no class index"),
        (lambda: fit_temperature([[1.0, 2.0]], [0], weights=[0.0]), "weights is unusable"),
    ],
)
def test_iv(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()
