"""Where the work of a monitor is done: the three steps that may be split over machines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import pyarrow as pa

from hydrometer.watch.detect.groups import BAND, HASHES, Band, Sharing, band
from hydrometer.watch.detect.select import Found, Lookup, gather, select, select_accounts
from hydrometer.watch.detect.state import State

__all__ = ["Engine", "LocalEngine"]


class Engine(Protocol):
    """Does three steps for a monitor. Every engine gives the same numbers, bit for bit."""

    rows: int
    """Events that are worth one call of `fold`."""

    def fold(self, state: State, batches: Sequence[pa.RecordBatch]) -> None:
        """Fold events into the state; it may be `settle` that ends it."""

    def settle(self, state: State) -> None:
        """Have in the state what was given to `fold`."""

    def bands(self, sharing: Sharing) -> list[Band]:
        """Return every band of the MinHash values of things, in order."""

    def gather(
        self,
        events: Iterable[pa.RecordBatch],
        text: Lookup,
        accounts: Lookup,
        models: dict[str, int],
    ) -> Found:
        """Return the exchanges of groups, by the objects of their text and by accounts."""


class LocalEngine:
    """Does it all in this process."""

    rows = 32_768

    def fold(self, state: State, batches: Sequence[pa.RecordBatch]) -> None:
        """Fold events into the state."""
        for batch in batches:
            state.update(batch)

    def settle(self, state: State) -> None:
        """Do nothing: `fold` has done it."""

    def bands(self, sharing: Sharing) -> list[Band]:
        """Return every band, one after the other."""
        return [band(sharing, j) for j in range(0, HASHES, BAND)]

    def gather(
        self,
        events: Iterable[pa.RecordBatch],
        text: Lookup,
        accounts: Lookup,
        models: dict[str, int],
    ) -> Found:
        """Return the exchanges of groups, batch by batch."""
        table = text.filter()
        parts = []
        for batch in events:
            parts.append(select(batch, text, table, models))
            if accounts.object.size:
                parts.append(select_accounts(batch, accounts, models))
        return gather(parts)
