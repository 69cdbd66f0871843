"""Peer-group shift: how far the group's exchanges lie from what accounts do, whichever way."""

from __future__ import annotations

import numpy as np

from hydrometer.watch.detect.profile import FEATURES
from hydrometer.watch.detect.signals.reading import LEAST, bet, reading, silent
from hydrometer.watch.detect.view import View
from hydrometer.watch.result import Signal

__all__ = ["measure"]

NAME = "shift"
USUAL = 1.0 / 3.0
"""Mean of the squared distance of a uniform rank from the middle, scaled to [0, 1]."""


def measure(view: View) -> Signal:
    """Measure the mean squared distance of the ranks from the middle.

    Null hypothesis
        Ranks among n are uniform on 0, 1/n, ..., 1 (ties only draw them inward): the mean is at
        most (1 + 2/n) / 3.
    """
    parts = []
    usual = USUAL
    for name in FEATURES:
        n = view.population.reference(name).size
        if n >= LEAST:
            usual = max(usual, USUAL * (1.0 + 2.0 / n))
            values = view.rows.features[:, FEATURES.index(name)]
            parts.append((2.0 * view.population.ranks(name, values) - 1.0) ** 2)
    if not parts:
        return silent(NAME, "nothing is recorded that could differ")
    stacked = np.stack(parts)
    known = ~np.isnan(stacked)
    told = known.sum(axis=0)
    mean = np.where(told > 0, np.nansum(stacked, axis=0) / np.maximum(told, 1), np.nan)
    members = view.per_member(mean)
    if (~np.isnan(members)).sum() < LEAST:
        return silent(NAME, "nothing is recorded that could differ")
    level = float(np.nanmean(members))
    return reading(
        NAME,
        3.0 * (level - USUAL),
        f"distance from the peers {level:.2f}, where {USUAL:.2f} is what chance gives",
        log_e=bet(members, usual),
        measures={"distance": level},
    )
