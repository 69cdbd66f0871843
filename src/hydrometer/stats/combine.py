"""Several views of one suspect, one null: what may honestly be made of them.

Views of the same suspect are dependent in unknown ways.  For verdicts only rules that are valid
under arbitrary dependence are offered: averaging e-values, Bonferroni's minimum, twice the mean
p-value, and the harmonic mean with its factor.  The others carry ``for_verdict = False``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp

from hydrometer.errors import InputError
from hydrometer.stats.inputs import as_pvalues, as_vector

__all__ = [
    "CombinedE",
    "CombinedP",
    "average_evalues",
    "bonferroni_minimum",
    "cauchy_combination",
    "harmonic_mean",
    "largest_evalue",
    "twice_mean",
]


@dataclass(frozen=True)
class CombinedP:
    """One p-value out of several.

    Attributes
    ----------
    pvalue : float
        Never 0.
    n : int
        Views combined.
    method : str
    for_verdict : bool
        Whether it is valid under arbitrary dependence.
    caveat : str
        What it assumes; empty if nothing.
    """

    pvalue: float
    n: int
    method: str
    for_verdict: bool
    caveat: str = ""


@dataclass(frozen=True)
class CombinedE:
    """One e-value out of several.

    Attributes
    ----------
    log_e : float
        Natural logarithm.
    n : int
        Views combined.
    method : str
    for_verdict : bool
        Whether it is valid under arbitrary dependence.
    """

    log_e: float
    n: int
    method: str
    for_verdict: bool = True


def _shares(weights: ArrayLike | None, size: int) -> NDArray[np.float64]:
    shares = np.ones(size) if weights is None else as_vector("weights", weights)
    if shares.size != size or (shares < 0.0).any() or shares.sum() <= 0.0:
        raise InputError(
            "weights is unusable",
            got=f"{shares.size} weights",
            wanted=f"{size} numbers >= 0, not all 0, fixed before the data",
        )
    normal: NDArray[np.float64] = shares / shares.sum()
    return normal


def _logs(log_evalues: ArrayLike) -> NDArray[np.float64]:
    log_e = as_vector("log_evalues", log_evalues, least=1, finite=False)
    if np.isposinf(log_e).any():
        raise InputError("log_evalues contains +inf", wanted="natural logarithms of e-values")
    return log_e


def average_evalues(log_evalues: ArrayLike, *, weights: ArrayLike | None = None) -> CombinedE:
    """Average e-values of the same null.

    Null hypothesis
        Each e-value has mean at most 1; any dependence.

    Parameters
    ----------
    log_evalues : array_like of float, shape (n,)
        Natural logarithms; -inf is an e-value of 0.
    weights : array_like of float, shape (n,), optional
        Fixed before the data, >= 0; normalised; equal by default.

    Returns
    -------
    CombinedE

    Raises
    ------
    InputError
        NaN, +inf, no e-value, or unusable weights.

    References
    ----------
    Vovk, V. and Wang, R. (2021), E-values: calibration, combination and applications, Ann.
    Statist. 49, 1736-1754, proposition 3.1.

    Examples
    --------
    >>> round(math.exp(average_evalues(np.log([1.0, 39.0])).log_e), 6)
    20.0
    """
    log_e = _logs(log_evalues)
    mean = float(logsumexp(log_e, b=_shares(weights, log_e.size)))
    return CombinedE(mean, int(log_e.size), "weighted average")


def largest_evalue(log_evalues: ArrayLike) -> CombinedE:
    """Take the largest e-value and pay for having looked at all: ``max(e) / n``.

    Never above the average; it is offered because it names the one view that carries it.

    Null hypothesis
        Each e-value has mean at most 1; any dependence.

    Parameters
    ----------
    log_evalues : array_like of float, shape (n,)
        Natural logarithms; -inf is an e-value of 0.

    Returns
    -------
    CombinedE

    Raises
    ------
    InputError
        NaN, +inf, or no e-value.

    References
    ----------
    Vovk, V. and Wang, R. (2021), Ann. Statist. 49, 1736-1754, section 3 (dominated by the mean).

    Examples
    --------
    >>> round(math.exp(largest_evalue(np.log([1.0, 39.0])).log_e), 6)
    19.5
    """
    log_e = _logs(log_evalues)
    return CombinedE(
        float(log_e.max()) - math.log(log_e.size), int(log_e.size), "largest, divided by n"
    )


def bonferroni_minimum(pvalues: ArrayLike, *, weights: ArrayLike | None = None) -> CombinedP:
    """Take the smallest p-value and pay for having looked at all: ``min(p_i / w_i)``.

    Null hypothesis
        Each p-value is superuniform; any dependence.

    Parameters
    ----------
    pvalues : array_like of float, shape (n,)
        In (0, 1].
    weights : array_like of float, shape (n,), optional
        Fixed before the data, >= 0; normalised; equal by default.  Weight 0 leaves a view out.

    Returns
    -------
    CombinedP

    Raises
    ------
    InputError
        A p-value is outside (0, 1], or unusable weights.

    References
    ----------
    Genovese, C. R., Roeder, K. and Wasserman, L. (2006), Biometrika 93, 509-524 (weighted
    Bonferroni).

    Examples
    --------
    >>> bonferroni_minimum([0.01, 0.5]).pvalue
    0.02
    """
    p = as_pvalues("pvalues", pvalues)
    shares = _shares(weights, p.size)
    used = shares > 0.0
    return CombinedP(
        min(1.0, float(np.min(p[used] / shares[used]))), int(p.size), "Bonferroni minimum", True
    )


def twice_mean(pvalues: ArrayLike) -> CombinedP:
    """Average p-values and double: ``2 * mean(p)``.

    Null hypothesis
        Each p-value is superuniform; any dependence.  Good when all views agree moderately.

    Parameters
    ----------
    pvalues : array_like of float, shape (n,)
        In (0, 1].

    Returns
    -------
    CombinedP

    Raises
    ------
    InputError
        A p-value is outside (0, 1].

    References
    ----------
    Rueschendorf, L. (1982), Adv. Appl. Probab. 14, 623-632; Vovk, V. and Wang, R. (2020),
    Combining p-values via averaging, Biometrika 107, 791-808, section 1.

    Examples
    --------
    >>> twice_mean([0.01, 0.03]).pvalue
    0.04
    """
    p = as_pvalues("pvalues", pvalues)
    if p.size == 1:
        return CombinedP(float(p[0]), 1, "the only p-value", True)
    return CombinedP(min(1.0, 2.0 * float(p.mean())), int(p.size), "twice the mean", True)


def harmonic_mean(pvalues: ArrayLike, *, exact: bool = True) -> CombinedP:
    """Take the harmonic mean of p-values, with the factor that makes it valid.

    Null hypothesis
        Each p-value is superuniform.  ``exact=True``: any dependence, factor ``e log n`` (n when
        that is smaller, or when n is 2).  ``exact=False``: no factor; about right only for small
        levels and weak dependence, and too small otherwise.

    Parameters
    ----------
    pvalues : array_like of float, shape (n,)
        In (0, 1].
    exact : bool

    Returns
    -------
    CombinedP
        ``for_verdict`` is False without the factor.

    Raises
    ------
    InputError
        A p-value is outside (0, 1].

    References
    ----------
    Wilson, D. J. (2019), PNAS 116, 1195-1200; Vovk, V. and Wang, R. (2020), Biometrika 107,
    791-808, section 3 (the factor ``e log n``, n > 2).

    Examples
    --------
    >>> round(harmonic_mean([0.01, 0.01, 0.01]).pvalue, 4)
    0.0299
    """
    p = as_pvalues("pvalues", pvalues)
    # The largest term first, so that 1 / p cannot overflow.
    mean = float(p.min() * p.size / np.sum(p.min() / p))
    if not exact:
        return CombinedP(
            min(1.0, mean),
            int(p.size),
            "harmonic mean",
            False,
            "too small under strong dependence; not for a verdict",
        )
    n = int(p.size)
    factor = float(n) if n <= 2 else min(float(n), math.e * math.log(n))
    return CombinedP(min(1.0, factor * mean), n, "harmonic mean with factor", True)


def cauchy_combination(pvalues: ArrayLike, *, weights: ArrayLike | None = None) -> CombinedP:
    """Average Cauchy scores ``tan((1/2 - p) pi)`` and read the mean as a Cauchy score.

    Null hypothesis
        p-values uniform; exact only when they are independent or identical, and otherwise in the
        limit of small levels for pairs of normal scores.  A p-value near 1 can swallow a small
        one.

    Parameters
    ----------
    pvalues : array_like of float, shape (n,)
        In (0, 1].
    weights : array_like of float, shape (n,), optional
        Fixed before the data, >= 0; normalised; equal by default.

    Returns
    -------
    CombinedP
        ``for_verdict`` is always False.

    Raises
    ------
    InputError
        A p-value is outside (0, 1], or unusable weights.

    References
    ----------
    Liu, Y. and Xie, J. (2020), J. Amer. Statist. Assoc. 115, 393-402, equation 2 and theorem 1.

    Examples
    --------
    >>> round(cauchy_combination([0.01, 0.01]).pvalue, 6)
    0.01
    """
    p = as_pvalues("pvalues", pvalues)
    shares = _shares(weights, p.size)
    # tan((1/2 - p) pi) = cot(p pi); 1 - p is capped so that p = 1 stays finite.
    angle = np.pi * np.minimum(p, 1.0 - 1e-15)
    with np.errstate(over="ignore"):
        score = float(shares @ np.minimum(1.0 / np.tan(angle), 1e300))
    value = math.atan2(1.0, score) / math.pi
    return CombinedP(
        min(1.0, max(value, math.ulp(0.0))),
        int(p.size),
        "Cauchy combination",
        False,
        "exact under independence only; not for a verdict",
    )
