"""The store for more than one machine: a folder of Parquet parts, folded by Ray."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hydrometer.errors import MissingExtra, StoreError
from hydrometer.exchange import SCHEMA
from hydrometer.stats.summary import Summary
from hydrometer.store.folding import check_by, conform, fold_batch, select, values_of, wanted
from hydrometer.store.store import Where

__all__ = ["RayStore"]

_ROWS = 8192
_GROUPS = 8


class RayStore:
    """Exchanges in Parquet parts; one part for each append, folded in parallel.

    On a cluster the folder must be one that every worker sees. One process
    appends at a time.

    Parameters
    ----------
    path : str, Path or None
        The folder; None takes a temporary one that `close` removes.
    num_cpus : int or None
        Processors for a local Ray, where none is running.

    Raises
    ------
    MissingExtra
        If Ray is not installed.
    StoreError
        If the folder cannot be made.
    """

    def __init__(self, path: str | Path | None = None, *, num_cpus: int | None = None) -> None:
        try:
            import ray
        except ImportError as err:
            raise MissingExtra("store 'ray'", "ray") from err
        self._ray = ray
        self._temporary = tempfile.TemporaryDirectory() if path is None else None
        self.path = Path(self._temporary.name if self._temporary else str(path))
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as err:
            raise StoreError(f"cannot open the store {path}", got=str(err)[:160]) from err
        self._num_cpus = num_cpus

    def _parts(self) -> list[Path]:
        return sorted(self.path.glob("part-*.parquet"))

    def append(self, batches: Iterable[pa.RecordBatch]) -> int:
        """Add batches as one part, all or none; return the number of new rows.

        Raises
        ------
        SchemaError
            If a batch has not the columns of the schema.
        StoreError
            If the folder cannot be read or written.
        """
        try:
            parts = self._parts()
            known: set[str] = set()
            for part in parts:
                known.update(pq.read_table(part, columns=["id"]).column("id").to_pylist())
            number = 1 + (int(parts[-1].stem.split("-")[1]) if parts else 0)
            target = self.path / f"part-{number:08d}.parquet"
            handle, name = tempfile.mkstemp(dir=self.path, prefix=".part-")
            os.close(handle)
            try:
                added = _write(batches, name, known)
                if added:
                    os.replace(name, target)
            finally:
                Path(name).unlink(missing_ok=True)
        except (OSError, pa.ArrowException, ValueError) as err:
            raise StoreError("the store failed", got=str(err)[:160]) from err
        return added

    def scan(
        self, where: Where | None = None, *, batch_size: int = 4096
    ) -> Iterator[pa.RecordBatch]:
        """Yield batches of the rows that match, in the order of appending.

        Raises
        ------
        InputError
            If ``where`` names an unknown column, or a value of the wrong kind.
        StoreError
            If a part cannot be read.
        """
        wanted(where)
        for part in self._parts():
            try:
                with pq.ParquetFile(part) as f:
                    for batch in f.iter_batches(batch_size=batch_size):
                        yield from select(conform(batch), where).combine_chunks().to_batches()
            except (OSError, pa.ArrowException) as err:
                raise StoreError(f"cannot read {part.name}", got=str(err)[:160]) from err

    def fold(
        self,
        feature: Callable[[pa.RecordBatch], Any],
        summary: Callable[[], Summary],
        *,
        by: str | None = None,
        where: Where | None = None,
    ) -> Any:
        """Fold a feature into a summary on the workers, and merge in the order of the parts.

        Raises
        ------
        InputError
            If ``by`` or ``where`` names an unknown column.
        StoreError
            If a worker fails.
        """
        check_by(by)
        wanted(where)
        ray = self._ray
        if not ray.is_initialized():
            ray.init(
                num_cpus=self._num_cpus,
                include_dashboard=False,
                log_to_driver=False,
                configure_logging=False,
            )
        task = ray.remote(_fold_part)
        futures = []
        for part in self._parts():
            with pq.ParquetFile(part) as f:
                n = f.num_row_groups
            for start in range(0, n, _GROUPS):
                rows = list(range(start, min(n, start + _GROUPS)))
                futures.append(task.remote(str(part), rows, feature, summary, by, where))
        total: dict[Any, Summary] = {} if by is not None else {None: summary()}
        try:
            for future in futures:
                for name, found in ray.get(future).items():
                    if name in total:
                        total[name].merge(found)
                    else:
                        total[name] = found
        except ray.exceptions.RayError as err:
            raise StoreError("a worker failed", got=str(err).strip()[-300:]) from err
        return values_of(total, by)

    def close(self) -> None:
        """Remove what was temporary; Ray itself keeps running for others."""
        if self._temporary is not None:
            self._temporary.cleanup()


def _write(batches: Iterable[pa.RecordBatch], name: str, known: set[str]) -> int:
    added = 0
    with pq.ParquetWriter(name, SCHEMA, compression="zstd") as f:
        for batch in batches:
            table = conform(batch)
            fresh = []
            for i in table.column("id").to_pylist():
                fresh.append(i not in known)
                known.add(i)
            table = table.filter(pa.array(fresh, pa.bool_()))
            added += len(table)
            if len(table):
                f.write_table(table, row_group_size=_ROWS)
    return added


def _fold_part(
    part: str,
    rows: list[int],
    feature: Callable[[pa.RecordBatch], Any],
    summary: Callable[[], Summary],
    by: str | None,
    where: Where | None,
) -> dict[Any, Summary]:
    groups: dict[Any, Summary] = {} if by is not None else {None: summary()}
    with pq.ParquetFile(part) as f:
        for batch in f.iter_batches(batch_size=_ROWS, row_groups=rows):
            for piece in select(conform(batch), where).combine_chunks().to_batches():
                fold_batch(groups, piece, feature, summary, by)
    return groups
