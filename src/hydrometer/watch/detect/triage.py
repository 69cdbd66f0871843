"""Which groups deserve a second look: a cheap score of all, from a sample of the exchanges.

There are thousands of groups in real traffic, nearly all turns of phrase. What they hold of shared
text, of collection habits and of elicitation can be read off a sample for all at once.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hydrometer.watch.detect.profile import FEATURES
from hydrometer.watch.detect.select import Found
from hydrometer.watch.detect.signals import hoarding, templates
from hydrometer.watch.detect.view import Population

__all__ = ["Sample", "triage"]

MOST = 200_000
"""Exchanges that the sample holds."""
_MIX = np.uint64(0x9E3779B97F4A7C15)


class Sample:
    """A bounded sample of events: those whose hash is small, whatever their order.

    Examples
    --------
    >>> from hydrometer.watch.event import EVENTS
    >>> s = Sample(); s.add(pa.RecordBatch.from_pylist([], schema=EVENTS)); s.rows
    0
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._bound = np.uint64(2**64 - 1)
        self.batches: list[pa.RecordBatch] = []
        self.rows = 0

    def add(self, batch: pa.RecordBatch) -> None:
        """Take in a batch; halve the sample when it grows too large."""
        if not batch.num_rows:
            return
        kept = batch if self._bound == 2**64 - 1 else self._thin(batch)
        self.batches.append(kept)
        self.rows += kept.num_rows
        while self.rows > self._most:
            self._bound >>= np.uint64(1)
            whole = pa.Table.from_batches(self.batches).combine_chunks().to_batches()
            self.batches = [self._thin(b) for b in whole]
            self.rows = sum(b.num_rows for b in self.batches)

    def _thin(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        ticket = batch.column("id").to_numpy() * _MIX
        return batch.filter(pa.array(ticket <= self._bound))


def triage(found: Found, count: int, population: Population) -> NDArray[np.float64]:
    """Return a cheap score of each group, shape (count,); -inf where the sample has none of it.

    The sum of three strengths (shared text, habits, elicitation), each member with one vote.
    """
    rows = found.rows
    if not len(rows):
        return np.full(count, -np.inf)
    account = np.searchsorted(population.account, rows.account)
    width = population.account.size + 1
    cell, which = np.unique(found.group * width + account, return_inverse=True)
    n = np.bincount(which)

    def mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the mean over members of the mean over a member's rows."""
        return np.bincount(which, weights=values) / n

    habits = np.zeros(len(rows))
    told = 0
    for aspect in hoarding.ASPECTS:
        ranks = population.ranks(aspect, rows.features[:, FEATURES.index(aspect)])
        if not np.isnan(ranks).all():
            habits += np.nan_to_num(ranks, nan=0.5)
            told += 1
    habits = habits / told if told else np.full(len(rows), 0.5)
    asks = np.nan_to_num(rows.features[:, FEATURES.index("elicit")].astype(np.float64))
    cover = rows.hits / np.maximum(rows.objects, 1)
    owner = cell // width
    members = np.bincount(owner, minlength=count)

    def over(values: NDArray[np.float64]) -> NDArray[np.float64]:
        total = np.bincount(owner, weights=mean(values), minlength=count)
        return total / np.maximum(members, 1)

    usual = population.reference("elicit")
    text = over(cover)
    score = (
        np.clip((text - templates.PHRASE) / (templates.FRAME - templates.PHRASE), -1.0, 1.0)
        * (text > 0)
        + np.clip(4.0 * (over(habits) - 0.5), -1.0, 1.0)
        + (over(asks) - (usual.mean() if usual.size else 0.0))
    )
    return np.where(members > 0, score, -np.inf)
