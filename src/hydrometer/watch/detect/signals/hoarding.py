"""Output-hoarding profile: much out for little in, one turn, not streamed, parameters pinned.

Metadata alone. Batch work of one honest account looks the same; what counts is that accounts which
share something rare all look so.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hydrometer.watch.detect.profile import FEATURES
from hydrometer.watch.detect.signals.reading import LEAST, bet, error, ordinary, reading, silent
from hydrometer.watch.detect.view import View
from hydrometer.watch.result import Signal

__all__ = ["ASPECTS", "habits", "measure"]

NAME = "hoarding"
ASPECTS = ("single", "ratio", "answer", "batch", "scripted", "pinned")


def measure(view: View) -> Signal:
    """Measure where the group's exchanges stand among one random exchange of every account.

    Null hypothesis
        A member's exchanges in the group are exchanges of accounts like any other: each mid-rank
        has mean 1/2, and so has their mean over aspects and exchanges.
    """
    mean = habits(view)
    members = view.per_member(mean)
    if (~np.isnan(members)).sum() < LEAST:
        return silent(NAME, "neither tokens nor turns nor parameters are recorded")
    level = float(np.nanmean(members))
    measures = {"rank": level, "error": 4.0 * error(members)}
    for aspect in ASPECTS:
        row = _ranks(view, aspect)
        if (~np.isnan(row)).any():
            measures[aspect] = float(np.nanmean(view.per_member(row)))
    return reading(
        NAME,
        4.0 * (level - 0.5),
        f"on collection habits (output over input, one turn, no stream, pinned parameters) these "
        f"exchanges rank at {level:.2f} of the population, where 0.50 is ordinary",
        log_e=bet(members, ordinary(view)),
        measures=measures,
    )


def habits(view: View) -> NDArray[np.float64]:
    """Return for each exchange of the group the mean rank over the aspects that are recorded."""
    ranks = np.stack([_ranks(view, a) for a in ASPECTS])
    known = ~np.isnan(ranks)
    n = known.sum(axis=0)
    return np.where(n > 0, np.nansum(ranks, axis=0) / np.maximum(n, 1), np.nan)


def _ranks(view: View, aspect: str) -> NDArray[np.float64]:
    values = view.rows.features[:, FEATURES.index(aspect)]
    return view.population.ranks(aspect, values)
