"""Timing: regular gaps and no nights. All automation looks so; weak, and cheap to have."""

from __future__ import annotations

import numpy as np

from hydrometer.watch.detect.signals.reading import LEAST, reading, silent
from hydrometer.watch.detect.view import View
from hydrometer.watch.result import Signal

__all__ = ["measure"]

NAME = "timing"
HOUR = 3_600_000_000


def measure(view: View) -> Signal:
    """Measure how gaps between a member's exchanges vary, and the empty hours of the day."""
    order = np.lexsort((view.rows.time, view.of))
    of, time = view.of[order], view.rows.time[order]
    same = of[1:] == of[:-1]
    gap, who = (time[1:] - time[:-1])[same] / 1e6, of[1:][same]
    m = view.members.size
    n = np.bincount(who, minlength=m)
    enough = n >= 4
    if enough.sum() < LEAST:
        return silent(NAME, "too few exchanges per account to see gaps")
    total = np.bincount(who, weights=gap, minlength=m)
    square = np.bincount(who, weights=gap**2, minlength=m)
    mean = total[enough] / n[enough]
    variance = np.maximum(square[enough] / n[enough] - mean**2, 0.0)
    cv = float(np.median(np.sqrt(variance) / np.maximum(mean, 1e-9)))
    hours = np.bincount(((time // HOUR) % 24).astype(np.int64), minlength=24).astype(float)
    share = hours / hours.sum()
    flat = float(-(share[share > 0] * np.log(share[share > 0])).sum() / np.log(24.0))
    return reading(
        NAME,
        (1.75 - cv) / 1.25,
        f"gaps of an account vary with a coefficient of {cv:.2f} (1 is random, people are "
        f"above 2); evenness over the hours of the day {flat:.2f}",
        measures={"cv": cv, "evenness": flat},
    )
