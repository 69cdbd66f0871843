"""What is known of each account: a count, two times, and one exchange drawn at random.

One exchange of each account, uniformly drawn, is a sample of how accounts behave in which every
account has one vote, however much it sends: the reference that members of a cluster are compared
with.  The draw is the exchange with the smallest hash, so that it does not depend on the order of
events or on how they were split over machines.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

__all__ = ["FEATURES", "Profiles", "features"]

FEATURES = ("single", "ratio", "answer", "batch", "elicit", "trace", "scripted", "pinned")
"""Features of an exchange, each a float64; NaN where not recorded.

``single``: one user message. ``ratio``: log2 of output over input tokens. ``answer``: log2 of
output tokens. ``batch``: not streamed. ``elicit``: any phrase of collection. ``trace``: the inner
reasoning asked for, or graded. ``scripted``: no tools were offered. ``pinned``: parameters were
set.
"""

_MIX = np.uint64(0xD6E8FEB86659FD93)


def features(batch: pa.RecordBatch) -> NDArray[np.float64]:
    """Return the features of a batch of events, shape (n, len(FEATURES))."""
    n = batch.num_rows
    column = {
        name: batch.column(name).to_numpy(zero_copy_only=False)
        for name in ("flags", "turns", "tokens_in", "tokens_out", "elicit", "words")
    }
    flags, turns = column["flags"], column["turns"]
    tin, tout = column["tokens_in"].astype(np.float64), column["tokens_out"].astype(np.float64)
    told, text = tout >= 0, column["words"] >= 0
    out = np.full((n, len(FEATURES)), np.nan)
    out[:, 0] = np.where(turns >= 0, turns <= 1, np.nan)
    out[:, 1] = np.where(
        told & (tin >= 0), np.log2((np.maximum(tout, 0) + 1) / (np.maximum(tin, 0) + 1)), np.nan
    )
    out[:, 2] = np.where(told, np.log2(np.maximum(tout, 0) + 1), np.nan)
    out[:, 3] = np.where(flags & 128, (flags & 2) == 0, np.nan)
    out[:, 4] = np.where(text, column["elicit"] != 0, np.nan)
    out[:, 5] = np.where(text, (column["elicit"] & 6) != 0, np.nan)
    out[:, 6] = (flags & 4) == 0
    out[:, 7] = (flags & 256) != 0
    return out


class Profiles:
    """One row for each account, sorted. Mergeable, exact.

    Attributes
    ----------
    account : ndarray of uint64, shape (n,)
    n : ndarray of int64
        Exchanges.
    first, last : ndarray of int64
        Microseconds since 1970.
    draw : ndarray of uint64
        Hash of the exchange that was drawn.
    sample : ndarray of float32, shape (n, len(FEATURES))
        Its features.
    """

    def __init__(self) -> None:
        self.account: NDArray[np.uint64] = np.zeros(0, dtype=np.uint64)
        self.n: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self.first: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self.last: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self.draw: NDArray[np.uint64] = np.zeros(0, dtype=np.uint64)
        self.sample: NDArray[np.float32] = np.zeros((0, len(FEATURES)), dtype=np.float32)

    def __len__(self) -> int:
        return int(self.account.size)

    def update(self, batch: pa.RecordBatch) -> None:
        """Take in a batch of events."""
        time = batch.column("time").to_numpy()
        ticket = batch.column("id").to_numpy() * _MIX
        ticket ^= ticket >> np.uint64(31)
        self._fold(
            batch.column("account").to_numpy(),
            np.ones(batch.num_rows, dtype=np.int64),
            *(time, time, ticket, features(batch).astype(np.float32)),
        )

    def merge(self, other: Profiles) -> None:
        """Take in another table."""
        self._fold(other.account, other.n, other.first, other.last, other.draw, other.sample)

    def _fold(
        self,
        account: NDArray[np.uint64],
        n: NDArray[np.int64],
        first: NDArray[np.int64],
        last: NDArray[np.int64],
        draw: NDArray[np.uint64],
        sample: NDArray[np.float32],
    ) -> None:
        if not account.size:
            return
        order = np.lexsort((draw, account))
        account = account[order]
        begin = np.flatnonzero(np.append(True, account[1:] != account[:-1]))
        account, n = account[begin], np.add.reduceat(n[order], begin)
        first = np.minimum.reduceat(first[order], begin)
        last = np.maximum.reduceat(last[order], begin)
        draw, sample = draw[order][begin], sample[order][begin]
        at = np.searchsorted(self.account, account)
        there = np.minimum(at, max(len(self) - 1, 0))
        known = np.zeros(account.size, dtype=bool)
        if len(self):
            known = (at < len(self)) & (self.account[there] == account)
        old, new = at[known], ~known
        self.n[old] += n[known]
        self.first[old] = np.minimum(self.first[old], first[known])
        self.last[old] = np.maximum(self.last[old], last[known])
        better = draw[known] < self.draw[old]
        self.draw[old[better]] = draw[known][better]
        self.sample[old[better]] = sample[known][better]
        if new.any():
            where = at[new]
            self.account = np.insert(self.account, where, account[new])
            self.n = np.insert(self.n, where, n[new])
            self.first = np.insert(self.first, where, first[new])
            self.last = np.insert(self.last, where, last[new])
            self.draw = np.insert(self.draw, where, draw[new])
            self.sample = np.insert(self.sample, where, sample[new], axis=0)

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        parts = (self.account, self.n, self.first, self.last, self.draw, self.sample)
        return sum(p.nbytes for p in parts)
