"""Several hypotheses at once: Holm, Benjamini, e-BH, e-Bonferroni.

State the family of hypotheses before looking.  A hypothesis that was planned but could not be
tested stays in the family as NaN: it is never rejected and it still costs its share.

Closed testing: Holm is the closed test whose local tests are Bonferroni's, so any valid local
test gives a sharper procedure at the price of 2^m intersections.  For e-values the local test
"the average e-value of the intersection is at least 1 / alpha" (`combine.average_evalues`) closes
to a family-wise procedure valid under any dependence; e-Bonferroni is its cheap cousin.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import false_discovery_control

from hydrometer.errors import InputError
from hydrometer.stats.inputs import as_level, as_pvalues

__all__ = ["Adjusted", "benjamini", "e_benjamini", "e_bonferroni", "holm"]


@dataclass(frozen=True)
class Adjusted:
    """Adjusted significance of a family of hypotheses.

    Attributes
    ----------
    adjusted : tuple of float
        Smallest level at which each hypothesis is rejected, same order as the input; NaN where
        it was not tested.
    n : int
        Size of the family, untested hypotheses included.
    n_untested : int
        NaN in the input.
    method : str
    controls : {"family-wise error", "false discovery rate"}
    dependence : str
        Under which dependence between the hypotheses the control holds.
    """

    adjusted: tuple[float, ...]
    n: int
    n_untested: int
    method: str
    controls: Literal["family-wise error", "false discovery rate"]
    dependence: str

    def rejected(self, alpha: float) -> tuple[int, ...]:
        """Return the indices rejected at level ``alpha``, ascending."""
        level = as_level("alpha", alpha)
        return tuple(i for i, p in enumerate(self.adjusted) if p <= level)


def _restore(
    values: NDArray[np.float64], untested: NDArray[np.bool_]
) -> tuple[tuple[float, ...], int]:
    shown = np.where(untested, math.nan, values)
    return tuple(float(v) for v in shown), int(untested.sum())


def holm(pvalues: ArrayLike) -> Adjusted:
    """Adjust p-values so that no true null is rejected, except with probability alpha.

    Null hypothesis
        Any subset of the hypotheses may be true; p-values superuniform, any dependence.

    Parameters
    ----------
    pvalues : array_like of float, shape (n,)
        In (0, 1]; NaN for a planned hypothesis that was not tested.

    Returns
    -------
    Adjusted

    Raises
    ------
    InputError
        A p-value is outside (0, 1], or there is none.

    References
    ----------
    Holm, S. (1979), Scand. J. Statist. 6, 65-70, section 3.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).adjusted
    (0.03, 0.06, 0.06)
    """
    p = as_pvalues("pvalues", pvalues, nan=True)
    untested = np.isnan(p)
    filled = np.where(untested, 1.0, p)
    order = np.argsort(filled, kind="stable")
    stepped = np.maximum.accumulate(filled[order] * np.arange(p.size, 0, -1))
    out = np.empty(p.size)
    out[order] = np.minimum(1.0, stepped)
    shown, missing = _restore(out, untested)
    return Adjusted(shown, int(p.size), missing, "Holm", "family-wise error", "any")


def benjamini(pvalues: ArrayLike, *, method: Literal["bh", "by"] = "by") -> Adjusted:
    """Adjust p-values so that the expected share of false rejections is at most alpha.

    Null hypothesis
        ``"bh"``: p-values independent or positively regression dependent; ``"by"``: any
        dependence.  Scores of one suspect against several teachers share the suspect: use
        ``"by"`` unless positive dependence can be argued.

    Parameters
    ----------
    pvalues : array_like of float, shape (n,)
        In (0, 1]; NaN for a planned hypothesis that was not tested.
    method : {"bh", "by"}

    Returns
    -------
    Adjusted

    Raises
    ------
    InputError
        A p-value is outside (0, 1], there is none, or ``method`` is unknown.

    References
    ----------
    Benjamini, Y. and Hochberg, Y. (1995), J. R. Stat. Soc. B 57, 289-300, equation 1;
    Benjamini, Y. and Yekutieli, D. (2001), Ann. Statist. 29, 1165-1188, theorem 1.3.

    Examples
    --------
    >>> benjamini([0.01, 0.02, 0.9], method="bh").rejected(0.05)
    (0, 1)
    """
    if method not in ("bh", "by"):
        raise InputError("method is unknown", got=repr(method), wanted="'bh' or 'by'")
    p = as_pvalues("pvalues", pvalues, nan=True)
    untested = np.isnan(p)
    out = np.asarray(false_discovery_control(np.where(untested, 1.0, p), method=method))
    shown, missing = _restore(out, untested)
    name, dependence = (
        ("Benjamini-Hochberg", "independent or positively regression dependent")
        if method == "bh"
        else ("Benjamini-Yekutieli", "any")
    )
    return Adjusted(shown, int(p.size), missing, name, "false discovery rate", dependence)


def _log_evalues(values: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    try:
        log_e = np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError("log_evalues is no array of numbers", got=str(error)) from error
    if log_e.ndim != 1 or log_e.size < 1:
        raise InputError(
            "log_evalues has the wrong shape", got=str(log_e.shape), wanted="(n,) with n >= 1"
        )
    if np.isposinf(log_e).any():
        raise InputError("log_evalues contains +inf", wanted="natural logarithms of e-values")
    untested = np.isnan(log_e)
    return np.where(untested, -np.inf, log_e), untested


def e_benjamini(log_evalues: ArrayLike) -> Adjusted:
    """Adjust e-values so that the expected share of false rejections is at most alpha (e-BH).

    Rejects the k largest, with k the largest number such that the k-th largest e-value is at
    least ``n / (k * alpha)``.

    Null hypothesis
        Each e-value has null mean at most 1; any dependence.

    Parameters
    ----------
    log_evalues : array_like of float, shape (n,)
        Natural logarithms; -inf is an e-value of 0; NaN for a hypothesis not tested.

    Returns
    -------
    Adjusted

    Raises
    ------
    InputError
        Wrong shape, or +inf.

    References
    ----------
    Wang, R. and Ramdas, A. (2022), False discovery rate control with e-values, J. R. Stat. Soc. B
    84, 822-852, section 4 (the e-BH procedure).

    Examples
    --------
    >>> e_benjamini(np.log([61.0, 31.0, 1.0])).rejected(0.05)
    (0, 1)
    """
    log_e, untested = _log_evalues(log_evalues)
    order = np.argsort(-log_e, kind="stable")
    needed = math.log(log_e.size) - np.log(np.arange(1, log_e.size + 1)) - log_e[order]
    out = np.empty(log_e.size)
    out[order] = np.minimum.accumulate(needed[::-1])[::-1]
    shown, missing = _restore(np.exp(np.minimum(0.0, out)), untested)
    return Adjusted(shown, int(log_e.size), missing, "e-BH", "false discovery rate", "any")


def e_bonferroni(log_evalues: ArrayLike) -> Adjusted:
    """Adjust e-values so that no true null is rejected, except with probability alpha.

    Rejects where the e-value is at least ``n / alpha``.

    Null hypothesis
        Each e-value has null mean at most 1 (or is an e-process stopped whenever); any dependence.

    Parameters
    ----------
    log_evalues : array_like of float, shape (n,)
        Natural logarithms; -inf is an e-value of 0; NaN for a hypothesis not tested.

    Returns
    -------
    Adjusted

    Raises
    ------
    InputError
        Wrong shape, or +inf.

    References
    ----------
    Vovk, V. and Wang, R. (2021), E-values: calibration, combination and applications, Ann.
    Statist. 49, 1736-1754, section 5 (multiple testing); Markov's inequality.

    Examples
    --------
    >>> [round(p, 3) for p in e_bonferroni(np.log([60.0, 30.0, 1.0])).adjusted]
    [0.05, 0.1, 1.0]
    """
    log_e, untested = _log_evalues(log_evalues)
    out = np.exp(np.minimum(0.0, math.log(log_e.size) - log_e))
    shown, missing = _restore(out, untested)
    return Adjusted(shown, int(log_e.size), missing, "e-Bonferroni", "family-wise error", "any")
