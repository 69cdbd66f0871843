"""The exchanges of groups: a pass over events that keeps those which hold a group's objects.

A fold: the rows of two batches are those of one batch after the other. They are sorted at the end,
so that the result does not depend on the order or on the machine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hydrometer.watch.detect.profile import FEATURES, features
from hydrometer.watch.detect.view import Rows

__all__ = ["Found", "Lookup", "gather", "keep_members", "select", "select_accounts"]

_BITS = 20


@dataclass(frozen=True)
class Lookup:
    """Which object belongs to which group, and how many hits an exchange needs.

    Parameters
    ----------
    object : ndarray of uint64
        Ascending; text objects only.
    group : ndarray of int64
    needed : ndarray of int64, shape (groups,)
    """

    object: NDArray[np.uint64]
    group: NDArray[np.int64]
    needed: NDArray[np.int64]

    def filter(self) -> NDArray[np.bool_]:
        """Return a table by the low bits of an object: False where it is surely in no group."""
        table = np.zeros(1 << _BITS, dtype=bool)
        table[(self.object & np.uint64((1 << _BITS) - 1)).astype(np.int64)] = True
        return table


@dataclass(frozen=True)
class Found:
    """Rows of all groups and the group of each."""

    group: NDArray[np.int64]
    rows: Rows


def select(
    batch: pa.RecordBatch, lookup: Lookup, table: NDArray[np.bool_], models: dict[str, int]
) -> Found:
    """Return the exchanges of a batch that belong to groups; one may belong to several."""
    sketch = batch.column("sketch")
    flat = sketch.flatten().to_numpy()
    maybe = np.flatnonzero(table[(flat & np.uint64((1 << _BITS) - 1)).astype(np.int64)])
    objects = flat[maybe]
    at = np.searchsorted(lookup.object, objects)
    at = np.minimum(at, max(lookup.object.size - 1, 0))
    sure = lookup.object[at] == objects if lookup.object.size else np.zeros(0, dtype=bool)
    at, maybe = at[sure], maybe[sure]
    offsets = sketch.offsets.to_numpy() - sketch.offsets[0].as_py()
    row = np.searchsorted(offsets, maybe, side="right") - 1
    width = max(lookup.needed.size, 1)
    cell, hits = np.unique(row * width + lookup.group[at], return_counts=True)
    row, group = cell // width, cell % width
    enough = hits >= lookup.needed[group] if lookup.needed.size else np.zeros(0, dtype=bool)
    row, group, hits = row[enough], group[enough], hits[enough]
    return Found(group, _rows(batch, row, hits.astype(np.int32), models))


def select_accounts(batch: pa.RecordBatch, lookup: Lookup, models: dict[str, int]) -> Found:
    """Return all exchanges of some accounts; ``lookup.object`` holds accounts, once a group."""
    account = batch.column("account").to_numpy()
    low = np.searchsorted(lookup.object, account, side="left")
    high = np.searchsorted(lookup.object, account, side="right")
    n = high - low
    row = np.repeat(np.arange(account.size), n)
    first = np.concatenate([[0], np.cumsum(n)[:-1]]) if n.size else n
    at = np.repeat(low - first, n) + np.arange(row.size)
    return Found(lookup.group[at], _rows(batch, row, np.zeros(row.size, np.int32), models))


def _rows(
    batch: pa.RecordBatch,
    row: NDArray[np.int64],
    hits: NDArray[np.int32],
    models: dict[str, int],
) -> Rows:
    part = batch.take(pa.array(row))
    names = part.column("model").dictionary_encode()
    numbers = np.array(
        [models.setdefault(m, len(models)) for m in names.dictionary.to_pylist()] or [0],
        dtype=np.int32,
    )
    return Rows(
        id=part.column("id").to_numpy(),
        account=part.column("account").to_numpy(),
        digest=part.column("digest").to_numpy(),
        time=part.column("time").to_numpy(),
        model=numbers[names.indices.to_numpy()],
        features=features(part).astype(np.float32),
        hits=hits,
        objects=pc.list_value_length(part.column("sketch")).to_numpy().astype(np.int32),
        script=part.column("script").to_numpy(),
        words=part.column("words").to_numpy(),
    )


def gather(parts: list[Found]) -> Found:
    """Return all parts as one, sorted by group, time and id."""
    if not parts:
        none = np.zeros(0, dtype=np.int64)
        wide = np.zeros((0, len(FEATURES)), dtype=np.float32)
        u, i = none.astype(np.uint64), none.astype(np.int32)
        return Found(none, Rows(u, u, u, none, i, wide, i, i, i, i))
    group = np.concatenate([p.group for p in parts])
    joined = {
        name: np.concatenate([getattr(p.rows, name) for p in parts])
        for name in Rows.__dataclass_fields__
    }
    order = np.lexsort((joined["id"], joined["time"], group))
    return Found(group[order], Rows(**{k: v[order] for k, v in joined.items()}))


def keep_members(found: Found, group: NDArray[np.int64], member: NDArray[np.uint64]) -> Found:
    """Return the rows whose account is a member of their group."""
    accounts, which = np.unique(member, return_inverse=True)
    at = np.searchsorted(accounts, found.rows.account)
    there = np.minimum(at, max(accounts.size - 1, 0))
    known = accounts[there] == found.rows.account if accounts.size else np.zeros(at.size, bool)
    width = accounts.size + 1
    kept = known & np.isin(found.group * width + there, group * width + which)
    rows = Rows(**{k: getattr(found.rows, k)[kept] for k in Rows.__dataclass_fields__})
    return Found(found.group[kept], rows)
