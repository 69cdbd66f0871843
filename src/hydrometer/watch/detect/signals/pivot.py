"""Pivot on a model release: traffic that moves to a new model at once, and together."""

from __future__ import annotations

import numpy as np

from hydrometer.watch.detect.signals.reading import LEAST, reading, silent
from hydrometer.watch.detect.view import View
from hydrometer.watch.result import Signal

__all__ = ["measure"]

NAME = "pivot"
DAY = 86_400_000_000
FEW = 20


def measure(view: View) -> Signal:
    """Measure the group's share on a model in its first two days, against everybody's."""
    days = view.population.models  # (models, days)
    if view.members.size < LEAST or days.shape[1] < 3:
        return silent(NAME, "no release inside the window")
    day = ((view.rows.time - view.population.begin) // DAY).astype(np.int64)
    best, told = -1.0, ""
    measures: dict[str, float] = {}
    for number, line in enumerate(days):
        seen = np.flatnonzero(line)
        if not seen.size or seen[0] < 1:
            continue
        window = slice(int(seen[0]), int(seen[0]) + 2)
        inside = (day >= window.start) & (day < window.stop)
        total = int(days[:, window].sum())
        if inside.sum() < FEW or total == 0:
            continue
        mine = float((view.rows.model[inside] == number).mean())
        usual = float(line[window].sum() / total)
        if mine - usual > best:
            best = mine - usual
            moved = np.unique(view.of[inside]).size
            wide = float(np.sqrt(max(mine * (1.0 - mine), 0.25 / moved) / moved))
            measures = {"share": mine, "usual": usual, "error": wide}
            told = (
                f"{mine:.0%} of the group's traffic went to a new model within two days, "
                f"{usual:.0%} of all traffic"
            )
    if not told:
        return silent(NAME, "no release inside the window")
    return reading(NAME, max(best, 0.0), told, measures=measures)
