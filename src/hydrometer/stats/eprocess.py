"""Evidence that may be looked at whenever one likes: e-processes.

A gambler bets against the null with money; under the null the wealth has mean at most 1 at every
stopping time, and Ville's inequality bounds the chance that it ever reaches ``1 / alpha`` by
``alpha``.  Repeated p-values have no such bound.

What must hold: each p-value or increment obeys the null *given the past*.  A p-value that is
recomputed on the same null models is not that; bet on fresh blocks, or use one e-value per audit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp

from hydrometer.errors import InputError
from hydrometer.stats.inputs import as_level, as_pvalues, as_vector

__all__ = [
    "EProcess",
    "average_processes",
    "bet_on_means",
    "bet_on_pvalues",
    "log_e_from_p",
    "multiply_evalues",
]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(64)
_KAPPAS = 0.5 * (_NODES + 1.0)
_LOG_SHARES = np.log(_WEIGHTS / _WEIGHTS.sum())
_STAKES = np.linspace(0.05, 0.95, 19)
"""Fractions of the largest admissible stake, mixed alike."""


@dataclass(frozen=True)
class EProcess:
    """The wealth of one gambler after each observation.

    Attributes
    ----------
    log_path : tuple of float
        Natural-log wealth after observation 1, 2, ..., n; before the first it is 0.
    method : str
        How the bets were placed.
    """

    log_path: tuple[float, ...]
    method: str

    @property
    def n(self) -> int:
        """Observations."""
        return len(self.log_path)

    @property
    def log_e(self) -> float:
        """Natural-log wealth now: an e-value at any stopping time."""
        return self.log_path[-1] if self.log_path else 0.0

    @property
    def log_peak(self) -> float:
        """Largest natural-log wealth so far, the start included; no e-value itself."""
        return max(0.0, *self.log_path) if self.log_path else 0.0

    @property
    def pvalue(self) -> float:
        """Anytime-valid p-value ``min(1, 1 / peak)``, never 0."""
        return max(math.exp(-self.log_peak), math.ulp(0.0))

    def stopped_at(self, alpha: float) -> int | None:
        """Return how many observations it took to reach ``1 / alpha``; None if never.

        Parameters
        ----------
        alpha : float
            In (0, 1).

        Returns
        -------
        int or None

        Raises
        ------
        InputError
            ``alpha`` is out of range.
        """
        goal = -math.log(as_level("alpha", alpha))
        return next((i + 1 for i, w in enumerate(self.log_path) if w >= goal), None)


def log_e_from_p(pvalues: ArrayLike, *, kappa: float | None = None) -> NDArray[np.float64]:
    """Turn p-values into e-values, each on its own.

    ``e = kappa p^(kappa - 1)``; or, with no kappa, its integral over kappa in (0, 1),
    ``e = (1 - p + p log p) / (p (log p)^2)``, which needs no choice.

    Parameters
    ----------
    pvalues : array_like of float, shape (n,)
        In (0, 1], superuniform under the null.
    kappa : float, optional
        Fixed beforehand, in (0, 1).

    Returns
    -------
    ndarray of float, shape (n,)
        Natural logarithms of e-values.

    Raises
    ------
    InputError
        A p-value is outside (0, 1] or kappa is outside (0, 1).

    References
    ----------
    Vovk, V. and Wang, R. (2021), E-values: calibration, combination and applications, Ann.
    Statist. 49, 1736-1754, section 2, equations 1 and 2.

    Examples
    --------
    >>> np.exp(log_e_from_p([0.01, 1.0])).round(4)
    array([4.451, 0.5  ])
    """
    logged = np.log(as_pvalues("pvalues", pvalues))
    if kappa is not None:
        power = as_level("kappa", kappa)
        fixed: NDArray[np.float64] = math.log(power) + (power - 1.0) * logged
        return fixed
    # With a = -log p the integral is (e^a - 1 - a) / a^2; its series near 0 avoids cancellation.
    a = -logged
    small = a < 1e-2
    far = np.where(small, 1.0, a)
    series = 0.5 + a / 6.0 + a**2 / 24.0 + a**3 / 120.0 + a**4 / 720.0
    log_e: NDArray[np.float64] = np.where(
        small,
        np.log(np.where(small, series, 1.0)),
        far + np.log1p(-(1.0 + far) * np.exp(-far)) - 2.0 * np.log(far),
    )
    return log_e


def bet_on_pvalues(pvalues: ArrayLike) -> EProcess:
    """Bet on a stream of p-values with a mixture over kappa.

    For each kappa the wealth is ``prod kappa p_i^(kappa - 1)``; the process is the mixture of 64
    of them, a quadrature of the integral over kappa in (0, 1).  The mixture is over whole streams,
    so the gambler learns which kappa wins.

    Null hypothesis
        Given all earlier ones, each p-value is superuniform.

    Parameters
    ----------
    pvalues : array_like of float, shape (n,)
        In (0, 1], in order of time.

    Returns
    -------
    EProcess

    Raises
    ------
    InputError
        A p-value is outside (0, 1], or there is none.

    References
    ----------
    Vovk, V. and Wang, R. (2021), Ann. Statist. 49, 1736-1754, equation 1; Fedorova, V. et al.
    (2012), Plug-in martingales for testing exchangeability on-line, ICML, section 4 (the simple
    mixture martingale); Ville, J. (1939), Etude critique de la notion de collectif, chapter 5.

    Examples
    --------
    >>> bet_on_pvalues([0.01] * 5).stopped_at(0.05)
    2
    """
    logged = np.log(as_pvalues("pvalues", pvalues))
    grown = np.cumsum(np.log(_KAPPAS) + (_KAPPAS - 1.0) * logged[:, None], axis=0)
    path = logsumexp(grown + _LOG_SHARES, axis=1)
    return EProcess(tuple(float(w) for w in path), "mixture over kappa")


def bet_on_means(
    values: ArrayLike,
    *,
    mean: float,
    lower: float = 0.0,
    upper: float = 1.0,
    method: Literal["mixture", "agrapa"] = "mixture",
) -> EProcess:
    """Bet that bounded increments average more than the null allows.

    Wealth ``prod (1 + s_i (x_i - m))`` with ``0 <= s_i < 1 / m`` chosen before ``x_i`` is seen,
    for increments rescaled to [0, 1].

    ``"mixture"``: 19 constant stakes side by side.  ``"agrapa"``: the approximately growth-optimal
    stake given the past mean and variance, at most half of the largest.

    Null hypothesis
        Given the past, each increment has mean at most ``mean`` (composite; any distribution).

    Parameters
    ----------
    values : array_like of float, shape (n,)
        Increments in [lower, upper], in order of time; for example ``rank / (size - 1)``, null
        mean 1/2.
    mean : float
        Largest conditional mean under the null, strictly between the bounds.
    lower, upper : float
        Bounds known beforehand.
    method : {"mixture", "agrapa"}

    Returns
    -------
    EProcess

    Raises
    ------
    InputError
        A value is outside the bounds, ``mean`` is not between them, or ``method`` is unknown.

    References
    ----------
    Waudby-Smith, I. and Ramdas, A. (2024), Estimating means of bounded random variables by
    betting, J. R. Stat. Soc. B 86, 1-27, section 4 and appendix B (aGRAPA).

    Examples
    --------
    >>> bet_on_means([1.0] * 10, mean=0.5).stopped_at(0.05)
    7
    """
    if method not in ("mixture", "agrapa"):
        raise InputError("method is unknown", got=repr(method), wanted="'mixture' or 'agrapa'")
    x = as_vector("values", values)
    if not (math.isfinite(lower) and math.isfinite(upper) and lower < mean < upper):
        raise InputError(
            "mean is out of range",
            got=f"{lower} < {mean} < {upper}",
            wanted="lower < mean < upper",
        )
    if x.size and (x.min() < lower or x.max() > upper):
        raise InputError(
            "values leave their bounds",
            got=f"{x.min():g} to {x.max():g}",
            wanted=f"{lower:g} to {upper:g}",
        )
    x = (x - lower) / (upper - lower)
    centre = (mean - lower) / (upper - lower)
    if method == "mixture":
        stakes = _STAKES / centre
        grown = np.cumsum(np.log1p(stakes * (x[:, None] - centre)), axis=0)
        path = logsumexp(grown, axis=1) - math.log(stakes.size) if x.size else grown[:, 0]
        return EProcess(tuple(float(w) for w in path), "mixture of constant stakes")
    # Means and variances of the past only, started by one pseudo-observation at the null.
    before = np.arange(1, x.size + 1)
    past = np.concatenate([[centre], centre + np.cumsum(x)])[:-1] / before if x.size else x
    drift = past - centre
    squares = (x - past) ** 2
    spread = np.concatenate([[0.25], 0.25 + np.cumsum(squares)])[:-1] / before if x.size else x
    stakes = np.clip(drift / (spread + drift**2), 0.0, 0.5 / centre)
    path = np.cumsum(np.log1p(stakes * (x - centre)))
    return EProcess(tuple(float(w) for w in path), "aGRAPA")


def multiply_evalues(log_evalues: ArrayLike) -> EProcess:
    """Multiply e-values that come one after the other.

    Null hypothesis
        Given all earlier ones, each e-value has mean at most 1 (independent audits, or bets on
        fresh data).  Not for dependent e-values of the same data: average those.

    Parameters
    ----------
    log_evalues : array_like of float, shape (n,)
        Natural logarithms; -inf is an e-value of 0.

    Returns
    -------
    EProcess

    Raises
    ------
    InputError
        NaN or +inf.

    References
    ----------
    Vovk, V. and Wang, R. (2021), Ann. Statist. 49, 1736-1754, section 4 (the product function).

    Examples
    --------
    >>> multiply_evalues(np.log([2.0, 5.0, 4.0])).stopped_at(0.05)
    3
    """
    log_e = as_vector("log_evalues", log_evalues, finite=False)
    if np.isposinf(log_e).any():
        raise InputError("log_evalues contains +inf", wanted="natural logarithms of e-values")
    return EProcess(tuple(float(w) for w in np.cumsum(log_e)), "product")


def average_processes(
    processes: Sequence[EProcess], *, weights: ArrayLike | None = None
) -> EProcess:
    """Average e-processes that run on the same clock, however dependent.

    Null hypothesis
        Every one of them is an e-process for the same null, with respect to the same past:
        observation i of each is known at time i of all.  A process that has ended keeps its
        wealth.

    Parameters
    ----------
    processes : sequence of EProcess
        At least one.
    weights : array_like of float, shape (len(processes),), optional
        Fixed beforehand, >= 0; normalised; equal by default.

    Returns
    -------
    EProcess
        As long as the longest.

    Raises
    ------
    InputError
        No process, or unusable weights.

    References
    ----------
    Vovk, V. and Wang, R. (2021), Ann. Statist. 49, 1736-1754, proposition 3.1 (averages are
    essentially the only symmetric way to merge arbitrarily dependent e-values).

    Examples
    --------
    >>> one, two = multiply_evalues(np.log([9.0])), multiply_evalues(np.log([1.0, 3.0]))
    >>> np.exp(average_processes([one, two]).log_path).round(6)
    array([5., 6.])
    """
    if not processes:
        raise InputError("processes is too short", got="0", wanted="at least 1")
    shares = np.ones(len(processes)) if weights is None else as_vector("weights", weights)
    if shares.size != len(processes) or (shares < 0.0).any() or shares.sum() <= 0.0:
        raise InputError("weights is unusable", wanted=f"{len(processes)} numbers >= 0, not all 0")
    longest = max(p.n for p in processes)
    table = np.array([[*p.log_path, *[p.log_e] * (longest - p.n)] for p in processes])
    scaled = (shares / shares.sum())[:, None]
    path = logsumexp(table, axis=0, b=np.broadcast_to(scaled, table.shape)) if longest else []
    return EProcess(tuple(float(w) for w in path), f"average of {len(processes)}")
