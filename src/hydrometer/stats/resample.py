"""Bootstrap intervals and permutation tests that say what they speak of.

An interval about *prompts* says what other prompts would have shown of the same models; one about
*models* says what other models would have shown.  The first is usually far narrower and is no
substitute for the second.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from hydrometer.errors import InputError
from hydrometer.stats.inputs import as_labels, as_level, as_natural, as_vector

__all__ = ["Interval", "Permutation", "bootstrap_interval", "paired_interval", "permutation_test"]


@dataclass(frozen=True)
class Interval:
    """An estimate with a bootstrap interval.

    Attributes
    ----------
    estimate, low, high : float
        ``low`` and ``high`` are NaN with a ``reason`` when they cannot be had.
    level : float
        Nominal coverage.
    about : {"prompts", "models"}
        What other draws of which the interval speaks of.
    method : str
    n_units, n_rows : int
        Units resampled, and rows in them.
    draws, seed : int
    reason : str
        Why the bounds are NaN; empty otherwise.
    """

    estimate: float
    low: float
    high: float
    level: float
    about: Literal["prompts", "models"]
    method: str
    n_units: int
    n_rows: int
    draws: int
    seed: int
    reason: str = ""


@dataclass(frozen=True)
class Permutation:
    """Result of a permutation test.

    Attributes
    ----------
    statistic : float
        Difference of means, units counted alike.
    pvalue : float
        ``(1 + b) / (draws + 1)``, or exact; never 0.  NaN with a ``reason`` below 2 units
        on a side.
    smallest : float
        The smallest p-value that this design can give.
    n_units : tuple of int
        Units of x and of y.
    draws : int
        Random permutations; 0 when all were enumerated.
    reason : str
    """

    statistic: float
    pvalue: float
    smallest: float
    n_units: tuple[int, int]
    draws: int
    reason: str = ""


def _unit_means(values: NDArray[np.float64], units: NDArray[Any]) -> NDArray[np.float64]:
    _, index, counts = np.unique(units, return_inverse=True, return_counts=True)
    means: NDArray[np.float64] = np.bincount(index, weights=values) / counts
    return means


def bootstrap_interval(
    values: ArrayLike,
    *,
    about: Literal["prompts", "models"],
    seed: int,
    units: ArrayLike | None = None,
    statistic: Callable[[NDArray[np.float64]], float] | None = None,
    method: Literal["BCa", "percentile"] = "BCa",
    level: float = 0.95,
    draws: int = 2000,
) -> Interval:
    """Bound a statistic by resampling whole units.

    Assumes that units are independent draws from what ``about`` names.  Approximate: coverage is
    below nominal with few or skewed units.  With 40 models of exponential means a 95 % BCa
    interval missed in 9.2 % of 1000 simulations; with rows taken for units, in 45 %.

    Parameters
    ----------
    values : array_like of float, shape (n,) or (n, k)
        One row for each observation; rows are never torn apart, so columns stay paired.
    about : {"prompts", "models"}
        What the units are; carried into the result.
    seed : int
    units : array_like of int or str, shape (n,), optional
        Unit of each row (the prompt, the model, the family); by default each row is its own.
    statistic : callable, optional
        Maps the drawn rows to a number.  By default the mean over units of their means, for 1-d
        ``values``.
    method : {"BCa", "percentile"}
    level : float
        In (0, 1).
    draws : int
        At least 100.

    Returns
    -------
    Interval

    Raises
    ------
    InputError
        Malformed arrays, unknown ``about`` or ``method``, or a 2-d array without ``statistic``.

    References
    ----------
    Efron, B. (1987), Better bootstrap confidence intervals, J. Amer. Statist. Assoc. 82, 171-185,
    section 2 (BCa); Field, C. A. and Welsh, A. H. (2007), J. R. Stat. Soc. B 69, 369-390 (whole
    clusters).

    Examples
    --------
    >>> found = bootstrap_interval(np.arange(30.0), about="prompts", seed=1)
    >>> found.estimate, found.low < 14.5 < found.high, found.n_units
    (14.5, True, 30)
    """
    table = np.array(values, dtype=np.float64)
    if table.ndim not in (1, 2):
        raise InputError(
            "values has the wrong shape", got=str(table.shape), wanted="(n,) or (n, k)"
        )
    as_vector("values", table.ravel())
    if about not in ("prompts", "models"):
        raise InputError("about is unknown", got=repr(about), wanted="'prompts' or 'models'")
    if method not in ("BCa", "percentile"):
        raise InputError("method is unknown", got=repr(method), wanted="'BCa' or 'percentile'")
    coverage, many = as_level("level", level), as_natural("draws", draws, least=100)
    if statistic is None and table.ndim == 2:
        raise InputError("statistic is missing", wanted="one, because values has columns")
    n = int(table.shape[0])
    labels = np.arange(n) if units is None else as_labels("units", units, size=n)
    names, index = np.unique(labels, return_inverse=True)
    count = int(names.size)
    if statistic is None:
        means = _unit_means(table, labels)
        measured: Callable[..., Any] = lambda drawn, axis: means[drawn].mean(axis=axis)  # noqa: E731
        estimate = float(means.mean()) if count else math.nan
    else:
        members = [np.flatnonzero(index == unit) for unit in range(count)]

        def measured(drawn: NDArray[np.int64]) -> float:
            return float(statistic(table[np.concatenate([members[int(u)] for u in drawn])]))

        estimate = float(statistic(table)) if count else math.nan
    low = high = math.nan
    reason = ""
    if count < 2:
        reason = f"{count} units, fewer than 2"
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = stats.bootstrap(
                (np.arange(count),),
                measured,
                vectorized=statistic is None,
                n_resamples=many,
                batch=max(1, 2_000_000 // count),
                confidence_level=coverage,
                method=method,
                random_state=np.random.default_rng(seed),
            )
        low, high = (float(bound) for bound in found.confidence_interval)
        if math.isnan(low) or math.isnan(high) or low == high:
            low = high = math.nan
            reason = "resampling does not move the statistic, or gives NaN"
    return Interval(
        estimate, low, high, coverage, about, method, count, n, many, int(seed), reason
    )


def paired_interval(
    a: ArrayLike,
    b: ArrayLike,
    *,
    about: Literal["prompts", "models"],
    seed: int,
    units: ArrayLike | None = None,
    method: Literal["BCa", "percentile"] = "BCa",
    level: float = 0.95,
    draws: int = 2000,
) -> Interval:
    """Bound the mean of ``a - b`` measured on the same rows.

    Parameters
    ----------
    a, b : array_like of float, shape (n,)
        Paired values (the same prompt, two models).
    about, seed, units, method, level, draws
        As for `bootstrap_interval`.

    Returns
    -------
    Interval

    Raises
    ------
    InputError
        As for `bootstrap_interval`, or lengths differ.

    References
    ----------
    Efron, B. (1987), J. Amer. Statist. Assoc. 82, 171-185, section 2.

    Examples
    --------
    >>> found = paired_interval([2.0, 3.0, 5.0], [1.0, 2.0, 4.0], about="prompts", seed=1)
    >>> found.estimate, found.reason
    (1.0, 'resampling does not move the statistic, or gives NaN')
    """
    first, second = as_vector("a", a), as_vector("b", b)
    if first.size != second.size:
        raise InputError("b has the wrong length", got=str(second.size), wanted=str(first.size))
    return bootstrap_interval(
        first - second,
        about=about,
        seed=seed,
        units=units,
        method=method,
        level=level,
        draws=draws,
    )


def permutation_test(
    x: ArrayLike,
    y: ArrayLike,
    *,
    paired: bool,
    seed: int,
    x_units: ArrayLike | None = None,
    y_units: ArrayLike | None = None,
    alternative: Literal["greater", "less", "two-sided"] = "greater",
    draws: int = 9999,
) -> Permutation:
    """Test a difference of means by exchanging whole units.

    Null hypothesis
        ``paired``: within each unit x and y are exchangeable (signs of the differences are fair
        coins, independent over units).  Otherwise: all units are exchangeable.  Both are null
        hypotheses about *these* units: over prompts they do not speak of models, and an innocent
        model that changed its style violates them.

    Parameters
    ----------
    x, y : array_like of float, shape (n,) and (m,)
        ``m == n`` if paired.
    paired : bool
    seed : int
    x_units, y_units : array_like of int or str, optional
        Unit of each row; its rows are averaged first.  If paired only ``x_units`` is used.
    alternative : {"greater", "less", "two-sided"}
        Of x over y.
    draws : int
        Random permutations; fewer permutations than that are enumerated.

    Returns
    -------
    Permutation

    Raises
    ------
    InputError
        Malformed arrays, unknown ``alternative``, lengths that do not pair, or ``y_units`` given
        for paired data.

    References
    ----------
    Phipson, B. and Smyth, G. K. (2010), Stat. Appl. Genet. Mol. Biol. 9, 39, equation 2.

    Examples
    --------
    >>> permutation_test([3.0, 4.0, 5.0], [0.0, 1.0, 2.0], paired=False, seed=1).pvalue
    0.05
    """
    first, second = as_vector("x", x), as_vector("y", y)
    many = as_natural("draws", draws, least=1)
    if alternative not in ("greater", "less", "two-sided"):
        raise InputError(
            "alternative is unknown",
            got=repr(alternative),
            wanted="'greater', 'less' or 'two-sided'",
        )
    if paired:
        if first.size != second.size:
            raise InputError(
                "y has the wrong length", got=str(second.size), wanted=str(first.size)
            )
        if y_units is not None:
            raise InputError("y_units has no meaning for paired data", next_step="give x_units")
        y_units = x_units
    if x_units is not None:
        first = _unit_means(first, as_labels("x_units", x_units, size=first.size))
    if y_units is not None:
        second = _unit_means(second, as_labels("y_units", y_units, size=second.size))
    sizes = (int(first.size), int(second.size))
    if min(sizes) < 2:
        lack = "fewer than 2 units on a side; `conformal.rank_pvalue` compares one with many"
        return Permutation(math.nan, math.nan, 1.0, sizes, 0, lack)
    ways = 2.0 ** sizes[0] if paired else float(math.comb(sum(sizes), sizes[0]))
    enumerated = ways <= many
    smallest = 1.0 / ways if enumerated else 1.0 / (many + 1)
    if alternative == "two-sided":
        smallest *= 2.0  # twice the smaller tail
    observed = float(first.mean() - second.mean())
    found = stats.permutation_test(
        (first, second),
        lambda u, v, axis: u.mean(axis=axis) - v.mean(axis=axis),
        permutation_type="samples" if paired else "independent",
        vectorized=True,
        n_resamples=many,
        batch=max(1, 2_000_000 // sum(sizes)),
        alternative=alternative,
        random_state=np.random.default_rng(seed),
    )
    pvalue = min(1.0, max(float(found.pvalue), smallest))
    return Permutation(observed, pvalue, min(1.0, smallest), sizes, 0 if enumerated else many)
