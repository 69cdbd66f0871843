"""Rare-template sharing: how much of each prompt is the frame that the accounts share.

A turn of phrase that many accounts use covers one shingle of a prompt; a template covers a good
part of it. Rarity entered before: an object that all the world uses is in no group.
"""

from __future__ import annotations

import numpy as np

from hydrometer.watch.detect.signals.reading import LEAST, reading, silent
from hydrometer.watch.detect.view import View
from hydrometer.watch.result import Signal

__all__ = ["measure"]

NAME = "templates"
PHRASE, FRAME = 0.1, 0.3
"""Share of a prompt's objects that one shared phrase covers, and more than which is a frame."""


def measure(view: View) -> Signal:
    """Measure the mean share of a prompt that is shared, each member with one vote."""
    rows = view.rows
    covered = np.where(rows.objects > 0, rows.hits / np.maximum(rows.objects, 1), np.nan)
    shares = view.per_member(covered)
    if (~np.isnan(shares)).sum() < LEAST or not (rows.hits > 0).any():
        return silent(NAME, "no text is shared, or none is recorded")
    mass = float(np.nanmean(shares))
    return reading(
        NAME,
        (mass - PHRASE) / (FRAME - PHRASE) if mass > PHRASE else mass / PHRASE - 1.0,
        f"{mass:.0%} of the sampled text of these prompts is shared by {view.members.size} "
        "accounts",
        measures={"mass": mass, "accounts": float(view.members.size)},
    )
