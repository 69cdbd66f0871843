"""Judge whether a test keeps the level that it promises.

Every calibration test simulates the null, counts rejections, and asks this file.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import binomtest

from hydrometer.errors import InputError
from hydrometer.stats.inputs import as_level, as_natural, as_pvalues

__all__ = ["LevelVerdict", "SuperuniformVerdict", "judge_level", "superuniform"]


@dataclass(frozen=True)
class LevelVerdict:
    """What a simulation of the null says about a test's level.

    Attributes
    ----------
    rejections, n : int
        Rejections among ``n`` independent simulations of the null.
    alpha : float
        The promised level.
    rate, low, high : float
        Observed rate and its exact two-sided interval.
    confidence : float
        Coverage of the interval.
    """

    rejections: int
    n: int
    alpha: float
    rate: float
    low: float
    high: float
    confidence: float

    @property
    def holds(self) -> bool:
        """Whether the promised level is not refuted from above."""
        return self.low <= self.alpha

    @property
    def conservative(self) -> bool:
        """Whether the true level is surely below the promised one."""
        return self.high < self.alpha

    @property
    def exact(self) -> bool:
        """Whether the promised level lies inside the interval."""
        return self.low <= self.alpha <= self.high

    def __str__(self) -> str:
        return (
            f"{self.rejections}/{self.n} = {self.rate:.4f} "
            f"[{self.low:.4f}, {self.high:.4f}] at alpha {self.alpha:g}"
        )


@dataclass(frozen=True)
class SuperuniformVerdict:
    """Whether simulated null p-values are too small somewhere.

    Attributes
    ----------
    excess : float
        ``sup_t (share of p <= t) - t``, one-sided Kolmogorov-Smirnov.
    bound : float
        What `excess` exceeds with probability at most ``1 - confidence`` under the null.
    at : float
        The p-value where the excess is reached.
    n : int
        p-values judged.
    confidence : float
        See ``bound``.
    """

    excess: float
    bound: float
    at: float
    n: int
    confidence: float

    @property
    def holds(self) -> bool:
        """Whether the excess is within the bound."""
        return self.excess <= self.bound


def judge_level(
    rejections: int, n: int, alpha: float, *, confidence: float = 0.999
) -> LevelVerdict:
    """Judge the false-positive rate of a test by an exact binomial interval.

    Null hypothesis
        Each of ``n`` independent simulations rejects with probability at most ``alpha``.

    Parameters
    ----------
    rejections : int
        Simulations that rejected.
    n : int
        Simulations, at least 1.
    alpha : float
        Promised level, in (0, 1).
    confidence : float
        Coverage of the interval; high by default because many tests are judged.

    Returns
    -------
    LevelVerdict

    Raises
    ------
    InputError
        A count is no integer, ``rejections`` exceeds ``n``, or a level is outside (0, 1).

    References
    ----------
    Clopper, C. J. and Pearson, E. S. (1934), Biometrika 26, 404-413.

    Examples
    --------
    >>> print(judge_level(52, 1000, 0.05))
    52/1000 = 0.0520 [0.0318, 0.0791] at alpha 0.05
    >>> judge_level(120, 1000, 0.05).holds
    False
    """
    total = as_natural("n", n, least=1)
    count = as_natural("rejections", rejections)
    if count > total:
        raise InputError("rejections exceeds n", got=f"{count} of {total}")
    level, coverage = as_level("alpha", alpha), as_level("confidence", confidence)
    interval = binomtest(count, total).proportion_ci(coverage, method="exact")
    return LevelVerdict(
        count, total, level, count / total, float(interval.low), float(interval.high), coverage
    )


def superuniform(pvalues: ArrayLike, *, confidence: float = 0.999) -> SuperuniformVerdict:
    """Check that null p-values are nowhere too small.

    Null hypothesis
        The p-values are independent and ``P(p <= t) <= t`` for every t.

    Parameters
    ----------
    pvalues : array_like of float, shape (n,)
        p-values of independent simulations of the null, in (0, 1].
    confidence : float
        At least 1/2.

    Returns
    -------
    SuperuniformVerdict

    Raises
    ------
    InputError
        A p-value is outside (0, 1], or ``confidence`` is outside [1/2, 1).

    References
    ----------
    Massart, P. (1990), Ann. Probab. 18, 1269-1283, theorem 1: the one-sided
    Dvoretzky-Kiefer-Wolfowitz bound ``exp(-2 n e^2)``.

    Examples
    --------
    >>> superuniform(np.arange(1, 101) / 100).holds, superuniform(np.full(100, 0.01)).holds
    (True, False)
    """
    p = np.sort(as_pvalues("pvalues", pvalues))
    coverage = as_level("confidence", confidence)
    if coverage < 0.5:
        raise InputError("confidence is out of range", got=repr(confidence), wanted="at least 0.5")
    gaps = np.arange(1, p.size + 1) / p.size - p
    worst = int(np.argmax(gaps))
    bound = math.sqrt(-math.log(1.0 - coverage) / (2.0 * p.size))
    return SuperuniformVerdict(
        max(0.0, float(gaps[worst])), bound, float(p[worst]), int(p.size), coverage
    )
