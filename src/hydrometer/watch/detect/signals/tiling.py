"""One worklist walked without repeats: how rarely two accounts send the same text.

People who share a frame share what they put into it: an assignment, a benchmark, a popular
question. A worklist that is dealt out over accounts has each entry once. With fewer duplicates
than the texts in hand would give if each account drew from them at random, somebody deals.
"""

from __future__ import annotations

import math

import numpy as np

from hydrometer.watch.detect.signals.reading import LEAST, reading, silent
from hydrometer.watch.detect.view import View
from hydrometer.watch.result import Signal

__all__ = ["measure", "shared_texts"]

NAME = "tiling"


def shared_texts(view: View) -> float:
    """Return the share of members' first texts that another member sent too; NaN without text."""
    known = view.rows.digest != 0
    if not known.any():
        return math.nan
    pairs = np.unique(
        np.stack([view.rows.digest[known], view.of[known].astype(np.uint64)]), axis=1
    )
    _, which, users = np.unique(pairs[0], return_inverse=True, return_counts=True)
    m = view.members.size
    of = pairs[1].astype(np.int64)
    texts = np.bincount(of, minlength=m)
    common = np.bincount(of, weights=(users[which] > 1).astype(float), minlength=m)
    return float((common[texts > 0] / texts[texts > 0]).mean())


def measure(view: View) -> Signal:
    """Measure how many of the texts of a member another member sent too."""
    shared = shared_texts(view)
    if math.isnan(shared) or view.members.size < LEAST:
        return silent(NAME, "no text is recorded")
    known = view.rows.digest != 0
    n = int(known.sum())
    distinct = int(np.unique(view.rows.digest[known]).size)
    # Draws from a pool of as many texts as were seen would leave this many different ones. The
    # pool is at least that large; a larger one brings fewer repeats: hence no e-value below it.
    by_chance = distinct * -math.expm1(n * math.log1p(-1.0 / distinct)) if distinct > 1 else 1.0
    return reading(
        NAME,
        1.0 - 2.0 * shared,
        f"{shared:.0%} of a member's texts were sent by another member; "
        f"{distinct} different texts in {n} exchanges",
        measures={
            "shared": shared,
            "distinct": float(distinct),
            "exchanges": float(n),
            "by_chance": by_chance,
        },
    )
