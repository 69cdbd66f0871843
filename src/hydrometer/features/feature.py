"""What a feature is: an Arrow batch of exchanges in, an array out."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

__all__ = ["Feature", "length", "status"]


class Feature(Protocol):
    """A pure function from a batch of n exchanges to an array of n rows."""

    def __call__(self, batch: pa.RecordBatch) -> NDArray[Any]:
        """Return one row for each exchange of the batch."""


def length(batch: pa.RecordBatch) -> NDArray[np.float64]:
    """Return the length of each response in characters, NaN where there is none."""
    n = pc.utf8_length(batch.column("response"))
    return np.asarray(n.cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)


def status(batch: pa.RecordBatch) -> NDArray[np.str_]:
    """Return the status of each exchange."""
    return np.asarray(batch.column("status").to_pylist(), dtype=np.str_)
