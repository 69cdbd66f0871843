"""The store seam: append, scan, fold. No SQL crosses it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from hydrometer.errors import InputError
from hydrometer.stats.summary import Summary

__all__ = ["Store", "Where", "open_store"]

Where = Mapping[str, Any]
"""Column name to the value (or list of values) that rows must have."""


class Store(Protocol):
    """A collection of exchanges in the schema of `hydrometer.exchange`."""

    def append(self, batches: Iterable[pa.RecordBatch]) -> int:
        """Add batches; return the number of new rows (a known ``id`` is not added twice)."""

    def scan(
        self, where: Where | None = None, *, batch_size: int = 4096
    ) -> Iterator[pa.RecordBatch]:
        """Yield batches of the rows that match, in a fixed order."""

    def fold(
        self,
        feature: Callable[[pa.RecordBatch], Any],
        summary: Callable[[], Summary],
        *,
        by: str | None = None,
        where: Where | None = None,
    ) -> Any:
        """Fold a feature into a summary, over all rows or by the values of a column.

        Returns
        -------
        object
            ``summary.get()``, or with ``by`` a dict from value to it.
        """

    def close(self) -> None:
        """Release what is held."""


def open_store(path: str | Path | None = None, *, engine: str = "duckdb") -> Store:
    """Return the store at ``path`` (in memory where None) over ``engine``.

    Parameters
    ----------
    path : str, Path or None
        A DuckDB file, or for Ray a folder of Parquet files.
    engine : {"duckdb", "ray"}
        Which engine folds.

    Raises
    ------
    InputError
        For an unknown engine.
    MissingExtra
        If the engine's extra is not installed.
    """
    if engine == "duckdb":
        from hydrometer.store.duckdb import DuckDBStore

        return DuckDBStore(path)
    if engine == "ray":
        from hydrometer.store.ray import RayStore

        return RayStore(path)
    raise InputError("unknown store engine", got=repr(engine), wanted="duckdb or ray")
