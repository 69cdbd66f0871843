"""Account scores to rates: hits at one false accusation in a thousand, look-alikes, intervals."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from hydrometer.errors import InputError
from hydrometer.stats.roc import Rate, exact_rate, tpr_at_fpr
from hydrometer.watch.evaluate_truth import BENIGN, Accounts
from hydrometer.watch.result import Scan

__all__ = [
    "FPR",
    "families",
    "finite",
    "measure_scores",
    "plain_rate",
    "poisson_rate",
    "pool",
    "spread",
]

FPR = 1e-3

Mask = NDArray[np.bool_]
Scores = NDArray[np.float64]


def finite(value: float) -> float | None:
    """Return the value, or None where JSON has no number for it."""
    return float(value) if math.isfinite(value) else None


def plain_rate(rate: Rate) -> dict[str, Any]:
    """Return a rate as JSON values: null, with a reason, where nothing was counted.

    Examples
    --------
    >>> plain_rate(exact_rate(0, 0))["rate"] is None
    True
    """
    if not rate.n:
        return {"count": 0, "n": 0, "rate": None, "interval": None, "reason": rate.reason}
    return {
        "count": rate.count,
        "n": rate.n,
        "rate": rate.rate,
        "interval": [rate.low, rate.high],
    }


def poisson_rate(count: int, exposure: float, *, level: float = 0.95) -> dict[str, Any]:
    """Return events for each unit of exposure with the exact Poisson interval.

    Assumes that events come independently at one rate.

    Parameters
    ----------
    count : int
        Events.
    exposure : float
        Units watched, such as periods of 30 days; 0 gives null.
    level : float
        Coverage, in (0, 1).

    References
    ----------
    Garwood, F. (1936), Biometrika 28, 437-442.

    Examples
    --------
    >>> [round(x, 2) for x in poisson_rate(0, 1.0)["interval"]]
    [0.0, 3.69]
    """
    if exposure <= 0:
        return {"count": count, "rate": None, "interval": None, "reason": "nothing was watched"}
    tail = (1.0 - level) / 2.0
    low = float(chi2.ppf(tail, 2 * count)) / 2 if count else 0.0
    high = float(chi2.ppf(1.0 - tail, 2 * count + 2)) / 2
    return {
        "count": count,
        "rate": count / exposure,
        "interval": [low / exposure, high / exposure],
    }


def spread(scan: Scan, accounts: Accounts) -> Scores:
    """Return the score of every account; minus infinity for those that the scan leaves out.

    Raises
    ------
    InputError
        If the scan has other accounts, or a score that is no number.
    """
    rows = accounts.find(np.asarray(scan.accounts, dtype=np.uint64))
    values = np.asarray(scan.scores, dtype=np.float64)
    if rows.size != values.size or np.any(rows < 0) or np.any(np.isnan(values)):
        raise InputError(
            "the scan cannot be scored",
            got=f"{int(np.sum(rows < 0))} strange accounts, {int(np.isnan(values).sum())} NaN",
            wanted="one number for each account of the stream",
        )
    out = np.full(len(accounts), -np.inf)
    out[rows] = values
    return out


def families(hit: Mask, seen: Mask, accounts: Accounts) -> dict[str, dict[str, Any]]:
    """Return for each kind of benign account how many of those seen were hit."""
    benign = seen & (accounts.campaign == BENIGN)
    size = len(accounts.kinds)
    n = np.bincount(accounts.kind[benign], minlength=size)
    count = np.bincount(accounts.kind[benign & hit], minlength=size)
    return {
        name: plain_rate(exact_rate(int(count[i]), int(n[i])))
        for i, name in enumerate(accounts.kinds)
        if n[i]
    }


def measure_scores(
    scores: Scores, seen: Mask, positive: Mask, accounts: Accounts
) -> dict[str, Any]:
    """Measure hits at a false-positive rate of at most 1e-3.

    The threshold is the smallest at which at most 1e-3 of the benign accounts seen reach it, so
    that ties count against the method. Intervals take the threshold as given and accounts as
    independent trials; accounts of one customer or one campaign are not, so read them as a least
    width.

    Parameters
    ----------
    scores : ndarray of float64, shape (n,)
        One for each account; minus infinity where there is none.
    seen : ndarray of bool, shape (n,)
        Accounts with an event in the window.
    positive : ndarray of bool, shape (n,)
        Accounts to be found.
    accounts : Accounts
    """
    mine, benign = seen & positive, seen & (accounts.campaign == BENIGN)
    both = mine | benign
    (found,) = tpr_at_fpr(scores[both], mine[both], fpr=(FPR,))
    out: dict[str, Any] = {
        "threshold": finite(found.threshold),
        "tpr": plain_rate(found.hits),
        "fpr": plain_rate(found.false_alarms),
        "families": {},
    }
    if found.reason:
        out["reason"] = found.reason
    if mine.any() and benign.any():
        out["families"] = families(scores > found.threshold, seen, accounts)
    else:
        out["reason"] = "no benign account seen" if mine.any() else "no account of the campaign"
    return out


def pool(points: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the hits of several campaigns together, each at its own threshold and time."""
    told = [p for p in points if p["tpr"]["rate"] is not None]
    hits = exact_rate(sum(p["tpr"]["count"] for p in told), sum(p["tpr"]["n"] for p in told))
    worst = max((p["fpr"]["rate"] for p in told), default=None)
    out: dict[str, Any] = {"tpr": plain_rate(hits), "worst_fpr": worst, "campaigns": len(told)}
    if not told:
        out["reason"] = "; ".join(sorted({p["reason"] for p in points})) or "no campaign"
    return out
