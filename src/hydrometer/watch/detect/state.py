"""The state that a monitor carries: pairs and profiles. A fold of events; parts may be merged."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hydrometer.watch.detect.pairs import Pairs
from hydrometer.watch.detect.profile import Profiles

__all__ = ["State"]


class State:
    """Fold of events: ``a.merge(b)`` equals one state fed with both, in any order.

    Examples
    --------
    >>> from hydrometer.watch.key import Key
    >>> from hydrometer.watch.observation import Observation
    >>> from hydrometer.watch.observe import observe
    >>> rows = [Observation(f"r{i}", f"a{i}", i, "m", user="Tell me of it now") for i in range(2)]
    >>> s = State(); s.update(observe(rows, Key(bytes(32)))); len(s.profiles), len(s.pairs)
    (2, 6)
    """

    tolerance = 0.0

    def __init__(self) -> None:
        self.pairs = Pairs()
        self.profiles = Profiles()
        self.events = 0

    def update(self, batch: pa.RecordBatch) -> None:
        """Take in a batch of events."""
        if not batch.num_rows:
            return
        self.events += batch.num_rows
        self.profiles.update(batch)
        account = batch.column("account").to_numpy()
        time = batch.column("time").to_numpy()
        digest = batch.column("digest").to_numpy()
        objects, rows = [], []
        for name in ("sketch", "links"):
            column = batch.column(name)
            objects.append(column.flatten().to_numpy())
            rows.append(pc.list_parent_indices(column).to_numpy())
        row = np.concatenate(rows)
        self.pairs.update(np.concatenate(objects), account[row], time[row], digest[row])

    def merge(self, other: State) -> None:
        """Take in another state."""
        self.events += other.events
        self.pairs.merge(other.pairs)
        self.profiles.merge(other.profiles)

    def get(self) -> dict[str, Any]:
        """Return the size of the state."""
        return {"accounts": len(self.profiles), "pairs": len(self.pairs), "bytes": self.nbytes}

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self.pairs.nbytes + self.profiles.nbytes
