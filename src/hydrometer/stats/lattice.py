"""Exact far tails of a sum of independent, uniformly drawn integers.

A within-set randomisation distribution is a sum of independent discrete variables: row ``i``
contributes one of its own integers, each with the same probability.  Its tail is computed here by
convolution under an exponential tilt, so that it neither underflows nor loses digits at
``p = 1e-200``, and bounded by Chernoff's inequality when the values are no integers.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.optimize import brentq

__all__ = ["log_chernoff_tail", "log_lattice_tail"]

_SLACK = 1e-9
"""Natural-log allowance for rounding: a printed tail is never below the exact one."""

FloatMatrix = NDArray[np.floating[Any]]


def _log_mgf(values: NDArray[np.float64], theta: float) -> tuple[float, NDArray[np.float64]]:
    """Return the summed log moment generating function and the tilted row weights."""
    tilted = np.where(np.isnan(values), -np.inf, theta * np.nan_to_num(values))
    peak = np.max(tilted, axis=1, keepdims=True)
    share = np.exp(tilted - peak)
    total = np.sum(share, axis=1, keepdims=True)
    counts = np.sum(~np.isnan(values), axis=1)
    return float(np.sum(peak[:, 0] + np.log(total[:, 0] / counts))), share / total


def _saddlepoint(values: NDArray[np.float64], observed: float) -> float:
    """Return the tilt that makes ``observed`` the mean of the sum; 0 when it is below the mean."""
    filled = np.nan_to_num(values)

    def excess(theta: float) -> float:
        return float(np.sum(_log_mgf(values, theta)[1] * filled)) - observed

    if excess(0.0) >= 0.0:
        return 0.0
    spread = float(np.nanmax(values) - np.nanmin(values)) or 1.0
    high = 1.0 / spread
    while excess(high) < 0.0:
        high *= 2.0
        if high * spread > 2000.0:
            return high
    return float(brentq(excess, 0.0, high, xtol=1e-7 * high))


def _convolve_rows(
    table: NDArray[np.float64], weights: NDArray[np.float64], width: int
) -> NDArray[np.float64]:
    """Convolve all rows' distributions, pairwise in a tree; negatives from rounding are cut."""
    rows = table.shape[0]
    mass = np.zeros((1 << (rows - 1).bit_length(), width))
    for j in range(table.shape[1]):
        present = ~np.isnan(table[:, j])
        where = np.flatnonzero(present)
        mass[where, table[where, j].astype(np.int64)] += weights[where, j]
    mass[rows:, 0] = 1.0
    while mass.shape[0] > 1:
        size = 2 * mass.shape[1] - 1
        fast = next_fast_len(size, real=True)
        wave = rfft(mass, fast, axis=1)
        mass = np.maximum(irfft(wave[0::2] * wave[1::2], fast, axis=1)[:, :size], 0.0)
    whole: NDArray[np.float64] = mass[0]
    return whole


def log_chernoff_tail(values: FloatMatrix, observed: float) -> float:
    """Bound the upper tail of a sum of independent uniform row draws.

    Null hypothesis
        Each row's contribution is uniform on that row's finite entries, independently over rows.

    Parameters
    ----------
    values : ndarray of float, shape (n, m)
        What each row may contribute; NaN marks an absent entry.
    observed : float
        The observed sum, same unit as ``values``.

    Returns
    -------
    float
        Natural logarithm of ``min_theta exp(-theta t) prod_i mean_j exp(theta v_ij)``: a valid
        upper bound of ``log P(sum >= observed)`` for every sample size.

    References
    ----------
    Chernoff, H. (1952), Ann. Math. Statist. 23, 493-507, theorem 1.

    Examples
    --------
    >>> import numpy as np
    >>> round(log_chernoff_tail(np.array([[1.0, 0.0]] * 4), 4.0), 4)
    -2.7726
    >>> log_chernoff_tail(np.array([[1.0, 0.0]] * 4), 2.0)
    0.0
    """
    table = np.asarray(values, dtype=np.float64)
    table = table - np.nanmin(table, axis=1, keepdims=True)
    shifted = float(observed) - float(
        np.sum(np.nanmin(np.asarray(values, dtype=np.float64), axis=1))
    )
    theta = _saddlepoint(table, shifted)
    if theta == 0.0:
        return 0.0
    bound = _log_mgf(table, theta)[0] - theta * shifted
    return (
        min(0.0, bound + _SLACK) if shifted < np.sum(np.nanmax(table, axis=1)) else min(0.0, bound)
    )


def log_lattice_tail(values: FloatMatrix, observed: int) -> float:
    """Compute the exact upper tail of a sum of independent uniform integer draws.

    Null hypothesis
        Each row's contribution is uniform on that row's finite entries, independently over rows.

    Parameters
    ----------
    values : ndarray of float, shape (n, m)
        Integer values each row may contribute; NaN marks an absent entry.
    observed : int
        The observed sum.

    Returns
    -------
    float
        ``log P(sum >= observed)``, natural logarithm, rounded up by 1e-9; ``-inf`` if the sum is
        out of reach.

    Raises
    ------
    ValueError
        A finite entry is no integer, or a row has no entry.

    Notes
    -----
    The tilt makes ``observed`` the centre of the convolved distribution: the terms that matter
    are its largest ones, so that the rounding of the transforms (about 1e-14 of the largest) is
    far below the allowance of 1e-9, whatever the size of the p-value.  Cost: ``N log N log n``
    with ``N`` the sum of the row ranges.

    Examples
    --------
    >>> import math, numpy as np
    >>> dice = np.tile(np.arange(1.0, 7.0), (2, 1))
    >>> round(math.exp(log_lattice_tail(dice, 11)) * 36, 6)
    3.0
    >>> round(log_lattice_tail(np.tile([0.0, 1.0], (2000, 1)), 2000) / math.log(2), 3)
    -2000.0
    """
    table = np.asarray(values, dtype=np.float64)
    finite = ~np.isnan(table)
    if table.ndim != 2 or not finite.any(axis=1).all():
        raise ValueError(
            "got a row without an entry, wanted at least one finite value in each row"
        )
    if not np.array_equal(table[finite], np.rint(table[finite])):
        raise ValueError("got fractional values, wanted integers: round them to a lattice first")
    low = np.nanmin(table, axis=1)
    table = table - low[:, None]
    target = int(observed) - int(low.sum())
    top = np.nanmax(table, axis=1)
    reach = int(top.sum())
    if target <= 0:
        return 0.0
    if target > reach:
        return -math.inf
    counts = finite.sum(axis=1)
    if target == reach:
        hits = np.sum(table == top[:, None], axis=1)
        return min(0.0, float(np.sum(np.log(hits / counts))))
    theta = _saddlepoint(table, float(target))
    log_mgf, weights = _log_mgf(table, theta)
    mass = _convolve_rows(table, weights, int(top.max()) + 1)[: reach + 1]
    beyond = np.arange(reach + 1 - target, dtype=np.float64)
    tail = float(np.sum(mass[target:] * np.exp(-theta * beyond)))
    return min(0.0, math.log(tail) + log_mgf - theta * target + _SLACK)
