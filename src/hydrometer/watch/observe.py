"""Observations to events: hashes, sketches, counts. After this, no text and no raw identifier."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from hydrometer.watch.event import EVENTS
from hydrometer.watch.key import Key
from hydrometer.watch.observation import Observation

__all__ = ["observe"]


def observe(rows: Sequence[Observation], key: Key) -> pa.RecordBatch:
    """Return the events of observations, one row each, in the same order, in `EVENTS`."""
    raise NotImplementedError(EVENTS, key, rows)
