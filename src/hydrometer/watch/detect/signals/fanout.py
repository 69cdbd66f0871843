"""Relay fan-out: many clients, networks and scripts behind one account.

A reseller looks the same and is a matter of policy. It speaks only beside other signals.
"""

from __future__ import annotations

import numpy as np

from hydrometer.watch.detect.signals.reading import LEAST, bet, ordinary, reading, silent
from hydrometer.watch.detect.view import View
from hydrometer.watch.event import Kind
from hydrometer.watch.result import Signal

__all__ = ["measure"]

NAME = "fanout"


def measure(view: View) -> Signal:
    """Measure how many user agents, SDKs and networks a member shows, as ranks.

    Null hypothesis
        Members show as many as other accounts: mid-ranks of mean 1/2.
    """
    kind = view.link_object >> np.uint64(60)
    relevant = np.isin(kind, (Kind.AGENT, Kind.SDK, Kind.NET))
    spread = view.population.fan
    if not relevant.any() or not spread.size or view.members.size < LEAST:
        return silent(NAME, "no client headers are recorded")
    at = np.searchsorted(view.members, view.link_account[relevant])
    mine = np.bincount(at, minlength=view.members.size).astype(float)
    reference = np.sort(spread)
    low = np.searchsorted(reference, mine, side="left")
    high = np.searchsorted(reference, mine, side="right")
    ranks = (low + high) / (2.0 * reference.size)
    level = float(ranks.mean())
    return reading(
        NAME,
        2.0 * (level - 0.5),
        f"an account shows {mine.mean():.1f} clients and networks, {spread.mean():.1f} is usual",
        log_e=bet(ranks, ordinary(view)),
        measures={"mean": float(mine.mean()), "usual": float(spread.mean()), "rank": level},
    )
