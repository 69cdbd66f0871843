"""E-processes: bets, stopping, merging."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad

from hydrometer.errors import InputError
from hydrometer.stats.eprocess import (
    EProcess,
    average_processes,
    bet_on_means,
    bet_on_pvalues,
    log_e_from_p,
    multiply_evalues,
)


@pytest.mark.parametrize("p", [1e-12, 0.01, 0.5, 0.985, 0.99, 0.995, 1.0])
def test_the_integral_over_kappa(p: float) -> None:
    exact = quad(lambda k: k * p ** (k - 1.0), 0.0, 1.0, epsabs=1e-13, epsrel=1e-11)[0]
    assert math.exp(log_e_from_p([p])[0]) == pytest.approx(exact, rel=1e-9)
    assert bet_on_pvalues([p]).log_e == pytest.approx(math.log(exact), rel=1e-6, abs=1e-9)


def test_calibrators_integrate_to_one() -> None:
    for kappa in (0.2, 0.7):
        total = quad(lambda p, k=kappa: math.exp(log_e_from_p([p], kappa=k)[0]), 0.0, 1.0)[0]
        assert total == pytest.approx(1.0, rel=1e-4)


def test_tiny_pvalues_do_not_overflow() -> None:
    assert np.isfinite(log_e_from_p([5e-324])).all()
    found = bet_on_pvalues([1e-300] * 50)
    assert found.log_e > 30_000.0
    assert found.pvalue == math.ulp(0.0)


@pytest.mark.parametrize("method", ["mixture", "agrapa"])
def test_bets_are_predictable_and_the_wealth_positive(method: str) -> None:
    rng = np.random.default_rng(80)
    x = rng.random(50)
    whole = bet_on_means(x, mean=0.4, method=method)  # type: ignore[arg-type]
    part = bet_on_means(x[:20], mean=0.4, method=method)  # type: ignore[arg-type]
    np.testing.assert_allclose(part.log_path, whole.log_path[:20], rtol=1e-12)
    zeros = bet_on_means(np.zeros(500), mean=0.4, method=method)  # type: ignore[arg-type]
    assert np.isfinite(zeros.log_path).all()


@pytest.mark.parametrize("method", ["mixture", "agrapa"])
def test_one_step_mean_is_one_at_the_edge_of_the_null(method: str) -> None:
    past = [0.9, 0.8, 1.0]
    steps = [
        math.exp(bet_on_means([*past, x], mean=0.3, method=method).log_e)  # type: ignore[arg-type]
        for x in (0.0, 1.0)
    ]
    now = math.exp(bet_on_means(past, mean=0.3, method=method).log_e)  # type: ignore[arg-type]
    assert 0.7 * steps[0] + 0.3 * steps[1] == pytest.approx(now)


def test_power_and_stopping() -> None:
    rng = np.random.default_rng(81)
    x = rng.beta(3.0, 2.0, size=400)
    for method in ("mixture", "agrapa"):
        when = bet_on_means(x, mean=0.5, method=method).stopped_at(0.01)  # type: ignore[arg-type]
        assert when is not None
        assert when < 250
    assert bet_on_means(2.0 * x - 1.0, mean=0.0, lower=-1.0).log_e == pytest.approx(
        bet_on_means(x, mean=0.5).log_e
    )
    assert bet_on_means(np.full(50, 0.5), mean=0.5).stopped_at(0.05) is None


def test_empty_streams() -> None:
    for empty in (bet_on_means([], mean=0.5), bet_on_means([], mean=0.5, method="agrapa")):
        assert (empty.n, empty.log_e, empty.pvalue) == (0, 0.0, 1.0)
    assert average_processes([EProcess((), "none")]).n == 0


def test_merging() -> None:
    a, b = multiply_evalues(np.log([4.0, 2.0])), multiply_evalues([-math.inf])
    mixed = average_processes([a, b], weights=[1.0, 3.0])
    np.testing.assert_allclose(np.exp(mixed.log_path), [1.0, 2.0])
    assert a.log_peak == pytest.approx(math.log(8.0))
    assert a.pvalue == pytest.approx(1 / 8)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: log_e_from_p([0.0]), "pvalues has a value outside"),
        (lambda: log_e_from_p([0.5], kappa=1.0), "kappa is out of range"),
        (lambda: bet_on_pvalues([]), "pvalues is too short"),
        (lambda: bet_on_means([2.0], mean=0.5), "values leave their bounds"),
        (lambda: bet_on_means([0.5], mean=1.0), "mean is out of range"),
        (lambda: bet_on_means([0.5], mean=0.5, method="x"), "method"),  # type: ignore[arg-type]
        (lambda: bet_on_means([math.nan], mean=0.5), "values contains NaN"),
        (lambda: multiply_evalues([math.inf]), "log_evalues contains"),
        (lambda: average_processes([]), "processes is too short"),
        (
            lambda: average_processes([EProcess((0.0,), "m")], weights=[-1.0]),
            "weights is unusable",
        ),
        (lambda: EProcess((0.0,), "m").stopped_at(0.0), "alpha is out of range"),
    ],
)
def test_iv(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()
