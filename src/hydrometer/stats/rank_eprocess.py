"""Betting on the marked candidate of each set, one set at a time.

The null is the one of `hydrometer.stats.exchangeable`: given the past, the marked candidate is a
uniform draw from its set.  A gambler who spreads one unit over the candidates of a set *before*
the marked one is revealed, and is paid ``size`` times the stake on it, multiplies the wealth by a
number with null mean 1.  The wealth is a test martingale: stop whenever you like.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

__all__ = ["TILTS", "ForecastBet", "RankBet"]

TILTS: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Stakes tried side by side: relative rank ``u`` in [0, 1] gets ``exp(tilt * u)``."""


@dataclass(frozen=True)
class RankBet:
    """Wealth of an equal mixture of exponentially tilted bets on ranks.

    Null hypothesis
        Given all earlier sets, the rank of the marked candidate is uniform on ``0 .. size - 1``.

    The state is one log-wealth per tilt, hence additive: the wealth of two runs over disjoint sets
    is their `merge`, and ``update`` in pieces or at once gives the same number.

    Attributes
    ----------
    log_wealth : tuple of float
        Natural-log wealth of each tilt in `TILTS`.
    log_peak : float
        Largest mixed log wealth seen at the end of any set, for Ville's inequality.
    sets : int
        Sets bet on.

    References
    ----------
    Ville, J. (1939), Etude critique de la notion de collectif, chapter 5; Shafer, G. (2021),
    J. R. Stat. Soc. A 184, 407-431, section 2.

    Examples
    --------
    >>> import numpy as np
    >>> won = RankBet.start().update(np.full(20, 3), np.full(20, 4))
    >>> won.log_e > math.log(1e6), RankBet.start().log_e
    (True, 0.0)
    """

    log_wealth: tuple[float, ...]
    log_peak: float = 0.0
    sets: int = 0

    @classmethod
    def start(cls) -> RankBet:
        """Return the wealth before the first bet."""
        return cls(log_wealth=(0.0,) * len(TILTS))

    @property
    def log_e(self) -> float:
        """Natural logarithm of the e-value now."""
        return float(logsumexp(self.log_wealth)) - math.log(len(self.log_wealth))

    def update(self, ranks: NDArray[np.integer[Any]], sizes: NDArray[np.integer[Any]]) -> RankBet:
        """Bet on further sets, in the order given.

        Parameters
        ----------
        ranks : ndarray of int, shape (n,)
            Rank of the marked candidate from 0 (lowest), ties already broken at random.
        sizes : ndarray of int, shape (n,)
            Candidates in each set, at least 2.

        Returns
        -------
        RankBet
            The state after the last set.

        Raises
        ------
        ValueError
            A rank lies outside ``0 .. size - 1`` or a size is below 2.
        """
        place, size = np.asarray(ranks), np.asarray(sizes)
        if (size < 2).any() or (place < 0).any() or (place >= size).any():
            raise ValueError("got a rank outside 0 .. size - 1 or a size below 2")
        wealth, peak = np.array(self.log_wealth), self.log_peak
        tilts = np.array(TILTS)
        for rank, many in zip(place.tolist(), size.tolist(), strict=True):
            ladder = np.arange(many) / (many - 1)
            price = logsumexp(tilts[:, None] * ladder, axis=1) - math.log(many)
            wealth = wealth + tilts * ladder[rank] - price
            peak = max(peak, float(logsumexp(wealth)) - math.log(tilts.size))
        return RankBet(tuple(float(w) for w in wealth), peak, self.sets + int(place.size))

    def merge(self, other: RankBet) -> RankBet:
        """Combine with the wealth over other sets.

        The product of two martingales over disjoint sets is one; the peak within the second run
        is not known relative to the first, so only the two ends are compared.
        """
        wealth = tuple(a + b for a, b in zip(self.log_wealth, other.log_wealth, strict=True))
        end = float(logsumexp(wealth)) - math.log(len(wealth))
        return RankBet(wealth, max(self.log_peak, end), self.sets + other.sets)


@dataclass(frozen=True)
class ForecastBet:
    """Wealth of a gambler who announces a probability for each candidate of the next set.

    Null hypothesis
        Given all earlier sets, the marked candidate is uniform on its set.

    The forecast may use everything about the set and about earlier sets, marked candidates of
    earlier sets included, but not which candidate of this set is marked.

    Attributes
    ----------
    log_e : float
        Natural-log wealth now.
    log_peak : float
        Largest natural-log wealth so far, for Ville's inequality.
    sets : int
        Sets bet on.

    Examples
    --------
    >>> import numpy as np
    >>> round(ForecastBet().update(np.array([0.5, 0.25, 0.25]), marked=0).log_e, 4)
    0.4055
    """

    log_e: float = 0.0
    log_peak: float = 0.0
    sets: int = 0

    def update(self, forecast: NDArray[np.floating[Any]], *, marked: int) -> ForecastBet:
        """Settle the bet on one set.

        Parameters
        ----------
        forecast : ndarray of float, shape (m,)
            Announced probabilities, summing to 1.
        marked : int
            Index of the marked candidate.

        Returns
        -------
        ForecastBet
            The wealth afterwards.

        Raises
        ------
        ValueError
            The forecast is no probability distribution.
        """
        shares = np.asarray(forecast, dtype=np.float64)
        if (shares < 0).any() or not math.isclose(float(shares.sum()), 1.0, abs_tol=1e-9):
            raise ValueError("got a forecast that is no distribution, wanted shares that sum to 1")
        paid = float(shares[marked]) * shares.size
        after = self.log_e + (math.log(paid) if paid > 0.0 else -math.inf)
        return ForecastBet(after, max(self.log_peak, after), self.sets + 1)
