"""Turn walks into scores: where does the suspect agree with a candidate beyond what is usual?"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from hydrometer.errors import InputError
from hydrometer.trace.served.prefill import Walk

__all__ = ["hit_rate", "walk_scores"]

PRIOR = 3.0
"""Words' worth of the overall hit rate added to each word's own."""


def _usual(walk: Walk) -> dict[str, tuple[float, int]]:
    """Return for each word its hits and its places over all candidates of all prompts."""
    hits: Counter[str] = Counter()
    places: Counter[str] = Counter()
    for words, row in zip(walk.words, walk.hits, strict=True):
        for said, each in zip(words, row, strict=True):
            for word, hit in zip(said, each.tolist(), strict=True):
                if not math.isnan(hit):
                    hits[word] += int(hit)
                    places[word] += 1
    return {w: (float(hits[w]), n) for w, n in places.items()}


def hit_rate(walk: Walk) -> float:
    """Return the share of settled words that the model agreed with; NaN when none is settled."""
    usual = _usual(walk)
    total = sum(n for _, n in usual.values())
    return sum(h for h, _ in usual.values()) / total if total else math.nan


def _surprises(walk: Walk, reference: Walk | None) -> Iterator[tuple[int, int, float]]:
    usual, overall = _usual(walk), hit_rate(walk)
    for i, (words, row) in enumerate(zip(walk.words, walk.hits, strict=True)):
        for j, (said, each) in enumerate(zip(words, row, strict=True)):
            known = ~np.isnan(each)
            if reference is not None:
                other = reference.hits[i][j]
                if other.shape != each.shape:
                    raise InputError(
                        "the reference walked other words than the suspect",
                        got=f"{other.size} and {each.size} words",
                        next_step="walk both with the same plan",
                    )
                known &= ~np.isnan(other)
                gap = each[known] - other[known]
            else:
                gap = np.array(
                    [
                        hit - (usual[w][0] - hit + PRIOR * overall) / (usual[w][1] - 1 + PRIOR)
                        for w, hit in zip(said, each.tolist(), strict=True)
                        if not math.isnan(hit)
                    ]
                )
            if known.all():
                yield i, j, float(gap.sum() / math.sqrt(max(gap.size, 1)))


def walk_scores(walk: Walk, reference: Walk | None = None) -> NDArray[np.float64]:
    """Score each candidate by the suspect's hits beyond the reference's, or beyond the usual.

    The expectation at each word is the hit or miss of the reference model at the same word; with
    no reference it is how often the suspect gets that word right in all *other* places of the
    pool, served or not.  Either way the candidates of a prompt are treated alike.

    Parameters
    ----------
    walk : Walk
        The suspect's.
    reference : Walk, optional
        Any other model's walk over the same candidates by the same plan.

    Returns
    -------
    ndarray of float, shape (sets, candidates)
        Sum of the surprises over the root of their number; NaN where a candidate was not walked
        to its end.  A prompt with such a gap is NaN throughout.

    Raises
    ------
    InputError
        The two walks differ in their words.
    """
    width = max(len(row) for row in walk.hits)
    out = np.full((len(walk.hits), width), np.nan)
    for i, j, value in _surprises(walk, reference):
        out[i, j] = value
    for i, row in enumerate(walk.hits):
        if np.isnan(out[i, : len(row)]).any():
            out[i] = np.nan
    return out
