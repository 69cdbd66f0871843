"""What every signal returns, and the two ways from ranks to a strength and an e-value."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from hydrometer.stats.eprocess import bet_on_means
from hydrometer.watch.detect.view import View
from hydrometer.watch.result import Signal

__all__ = ["bet", "clip", "error", "ordinary", "reading", "silent"]

LEAST = 5
"""Members below which a signal does not speak."""


def clip(value: float) -> float:
    """Return a strength in [-1, 1]."""
    return max(-1.0, min(1.0, value))


def reading(
    name: str,
    strength: float,
    detail: str,
    *,
    log_e: float = math.nan,
    measures: Mapping[str, float],
) -> Signal:
    """Return a reading; its weight is set by whoever adds the signals up."""
    return Signal(name, clip(strength), log_e, 0.0, detail, dict(measures))


def silent(name: str, why: str) -> Signal:
    """Return a reading that says why nothing was measured."""
    return Signal(name, math.nan, math.nan, 0.0, why)


def bet(values: NDArray[np.float64], mean: float) -> float:
    """Return the log e-value of member scores in [0, 1] against a null mean.

    Null hypothesis
        The members are accounts like any other, so each score has mean at most ``mean``. Scores
        that were not recorded (NaN) make no bet.
    """
    known = values[~np.isnan(values)]
    return bet_on_means(known, mean=mean).log_e if known.size else math.nan


def error(values: NDArray[np.float64]) -> float:
    """Return the standard error of the mean of member scores; NaN below two."""
    known = values[~np.isnan(values)]
    return float(known.std(ddof=1) / math.sqrt(known.size)) if known.size > 1 else math.nan


def ordinary(view: View) -> float:
    """Return the mean rank that an e-value is computed against: a little above 1/2.

    All ranks of a group are taken in one draw of the population, whose own chance they share; half
    a standard deviation of its quantiles is paid for it.
    """
    return min(0.5 + 0.5 / math.sqrt(max(view.population.account.size, 1)), 0.9)
