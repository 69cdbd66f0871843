"""Who has used what: one row for each pair of a shared thing and an account. Mergeable, exact."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["PAIR_BYTES", "Pairs"]

Hashes = NDArray[np.uint64]
Times = NDArray[np.int64]

PAIR_BYTES = 8 + 8 + 4 + 8 + 8 + 8
"""Bytes of one row: object, account, n, first, last, digest."""


class Pairs:
    """Pairs of object and account, sorted by both, each with its count and times.

    ``digest`` is the text of the pair's earliest event (the smallest hash among events of one
    instant): how many different ones an object has says whether its accounts ask the same thing
    or fill the same frame.

    The law holds exactly: ``a.merge(b)`` equals one table fed with both, in any order. `trim` is
    no part of the law: it is applied to the whole, after merging.

    Examples
    --------
    >>> o, a = np.array([7, 7, 9], np.uint64), np.array([1, 1, 2], np.uint64)
    >>> p = Pairs(); p.update(o, a, np.array([5, 6, 7]), o)
    >>> p.object.tolist(), p.n.tolist(), p.last.tolist()
    ([7, 9], [2, 1], [6, 7])
    """

    def __init__(self) -> None:
        self.object: Hashes = np.zeros(0, dtype=np.uint64)
        self.account: Hashes = np.zeros(0, dtype=np.uint64)
        self.n: NDArray[np.int32] = np.zeros(0, dtype=np.int32)
        self.first: Times = np.zeros(0, dtype=np.int64)
        self.last: Times = np.zeros(0, dtype=np.int64)
        self.digest: Hashes = np.zeros(0, dtype=np.uint64)

    def __len__(self) -> int:
        return int(self.object.size)

    def update(self, object: Hashes, account: Hashes, time: Times, digest: Hashes) -> None:
        """Take in uses: arrays of one length."""
        self._merge(*_fold(object, account, np.ones(len(object), np.int32), time, time, digest))

    def merge(self, other: Pairs) -> None:
        """Take in another table."""
        self._merge(other.object, other.account, other.n, other.first, other.last, other.digest)

    def _merge(
        self,
        object: Hashes,
        account: Hashes,
        n: NDArray[np.int32],
        first: Times,
        last: Times,
        digest: Hashes,
    ) -> None:
        """Take in sorted, unique rows: update those that are known, insert the others."""
        if not object.size:
            return
        at = _positions(self.object, self.account, object, account)
        there = np.minimum(at, max(len(self) - 1, 0))
        known = np.zeros(object.size, dtype=bool)
        if len(self):
            known = (
                (at < len(self))
                & (self.object[there] == object)
                & (self.account[there] == account)
            )
        old, new = at[known], ~known
        earlier = (first[known] < self.first[old]) | (
            (first[known] == self.first[old]) & (digest[known] < self.digest[old])
        )
        self.digest[old] = np.where(earlier, digest[known], self.digest[old])
        self.n[old] += n[known]
        self.first[old] = np.minimum(self.first[old], first[known])
        self.last[old] = np.maximum(self.last[old], last[known])
        if new.any():
            where = at[new]
            for name, values in (
                *(("object", object), ("account", account), ("n", n)),
                *(("first", first), ("last", last), ("digest", digest)),
            ):
                setattr(self, name, np.insert(getattr(self, name), where, values[new]))

    def keep(self, rows: NDArray[np.bool_]) -> None:
        """Keep only some rows."""
        for name in ("object", "account", "n", "first", "last", "digest"):
            setattr(self, name, getattr(self, name)[rows])

    def trim(self, *, young: int, cap: int) -> None:
        """Bound the table: drop what nobody shares, keep each account's most telling pairs.

        Parameters
        ----------
        young : int
            Time in microseconds; objects of a single account last used before are dropped.
        cap : int
            Rows that an account may keep: those with the largest count times rarity.
        """
        begins = self.begins()
        sharing = np.diff(np.append(begins, len(self)))
        shared = np.repeat(sharing, sharing) > 1
        self.keep(shared | (self.last >= young))
        begins = self.begins()
        sharing = np.diff(np.append(begins, len(self)))
        _, who, rows = np.unique(self.account, return_inverse=True, return_counts=True)
        if not rows.size or rows.max() <= cap:
            return
        many = np.flatnonzero(rows[who] > cap)
        users = np.repeat(sharing, sharing)[many]
        # Used once says little, however few others use it: nearly all that an account has is so.
        worth = np.log2(self.n[many] + 0.25) / np.log2(8.0 + users)
        worth[users == 1] = 0.0
        order = many[np.lexsort((self.object[many], -worth, who[many]))]
        owner = who[order]
        begin = np.flatnonzero(np.append(True, owner[1:] != owner[:-1]))
        rank = np.arange(order.size) - np.repeat(begin, np.diff(np.append(begin, order.size)))
        rows_kept = np.ones(len(self), dtype=bool)
        rows_kept[order[rank >= cap]] = False
        self.keep(rows_kept)

    def begins(self) -> NDArray[np.int64]:
        """Return the row at which each object begins, shape (objects,)."""
        if not len(self):
            return np.zeros(0, dtype=np.int64)
        return np.flatnonzero(np.append(True, self.object[1:] != self.object[:-1]))

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return PAIR_BYTES * len(self)


def _fold(
    object: Hashes,
    account: Hashes,
    n: NDArray[np.int32],
    first: Times,
    last: Times,
    digest: Hashes,
) -> tuple[Hashes, Hashes, NDArray[np.int32], Times, Times, Hashes]:
    """Return rows sorted by object and account, each once; its earliest digest."""
    order = np.lexsort((digest, first, account, object))
    object, account = object[order], account[order]
    new = np.ones(object.size, dtype=bool)
    new[1:] = (object[1:] != object[:-1]) | (account[1:] != account[:-1])
    begin = np.flatnonzero(new)
    if not begin.size:
        return object, account, n, first, last, digest
    return (
        object[begin],
        account[begin],
        np.add.reduceat(n[order], begin).astype(np.int32),
        first[order][begin],
        np.maximum.reduceat(last[order], begin),
        digest[order][begin],
    )


def _positions(
    objects: Hashes, accounts: Hashes, object: Hashes, account: Hashes
) -> NDArray[np.int64]:
    """Return where each pair stands, or would, in a table sorted by object and account."""
    low = np.searchsorted(objects, object, side="left")
    high = np.searchsorted(objects, object, side="right")
    while True:
        open_ = low < high
        if not open_.any():
            return low.astype(np.int64)
        middle = np.minimum((low + high) // 2, max(objects.size - 1, 0))
        below = open_ & (accounts[middle] < account)
        low = np.where(below, middle + 1, low)
        high = np.where(open_ & ~below, middle, high)
