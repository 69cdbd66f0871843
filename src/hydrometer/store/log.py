"""A durable log of Arrow batches in one DuckDB file: appended once, read in the order of time.

How a replay is known: the ids stay in memory, 8 bytes for each row, in sorted runs of at most a
million. A primary key in DuckDB was measured and left: ids are hashes, so each batch touches
the whole index, and every checkpoint writes it anew (``docs/reference/watch-ingest.md``).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hydrometer.errors import InputError, SchemaError, StoreError

__all__ = ["EventLog"]

_RUN = 1 << 20
"""Ids in a full run: what one merge costs is bounded by it, however long the log is."""
_NUMBER = "_n"


class _Known:
    """A set of 64-bit ids in sorted runs."""

    def __init__(self) -> None:
        self._full: list[NDArray[np.uint64]] = []
        self._small: list[NDArray[np.uint64]] = []

    def add(self, ids: NDArray[np.uint64]) -> None:
        """Add sorted ids that are not there yet."""
        small = self._small
        small.append(ids)
        # Each run is at least twice as long as the next: few runs, and each id moves rarely.
        while len(small) > 1 and small[-2].size < 2 * small[-1].size:
            last = small.pop()
            small[-1] = np.sort(np.concatenate([small[-1], last]), kind="stable")
        if small[0].size >= _RUN:
            self._full.append(small.pop(0))

    def find(self, ids: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Return which of the sorted ids are there."""
        found = np.zeros(ids.size, np.bool_)
        for run in (*self._full, *self._small):
            at = np.searchsorted(run, ids)
            at[at == run.size] = 0
            found |= run[at] == ids
        return found


class EventLog:
    """An append-only log that stores each id once.

    Parameters
    ----------
    path : str or Path
        The DuckDB file; made if absent. One process at a time may hold it; within the process
        any thread may append and read.
    schema : pyarrow.Schema
        Columns of every batch: among them ``id`` (uint64) and ``time`` (int64).

    Raises
    ------
    InputError
        If the schema has no such columns.
    SchemaError
        If the file holds batches of another schema.
    StoreError
        If the file cannot be opened, or another process holds it.
    """

    def __init__(self, path: str | Path, schema: pa.Schema) -> None:
        for name, kind in (("id", pa.uint64()), ("time", pa.int64())):
            if name not in schema.names or schema.field(name).type != kind:
                raise InputError("the schema is not of a log", wanted=f"a column {name} {kind}")
        self._path, self._schema = Path(path), schema
        self._lock = threading.RLock()
        self._db: Any = None
        self._closed = False
        self.replays = 0
        self._open()

    @property
    def rows(self) -> int:
        """Number of rows that the log holds."""
        return self._rows

    @property
    def next_row(self) -> int:
        """Number that the next new row will bear; it never falls, not even after `prune`."""
        return self._next

    def _open(self) -> None:
        """Open the file and read which ids it holds."""
        try:
            self._db = duckdb.connect(str(self._path))
            self._make()
            found = self._db.execute(
                "SELECT count(*), "
                "greatest(coalesce(max(_n), -1) + 1, (SELECT any_value(next) FROM log)), "
                "(SELECT any_value(schema) FROM log) FROM events"
            ).fetchone()
            ids = self._db.execute("SELECT id FROM events").fetchnumpy()["id"]
        except duckdb.Error as err:
            self._drop()
            raise self._error("cannot open the log", err) from err
        self._rows, self._next = int(found[0]), int(found[1])
        if found[2] != _text(self._schema):
            self._drop()
            raise SchemaError(
                f"{self._path.name} holds events of another schema",
                got=str(found[2])[:160],
                wanted=_text(self._schema)[:160],
                next_step="start a new file, or use the version that wrote this one",
            )
        self._known = _Known()
        for start in range(0, ids.size, _RUN):
            self._known.add(np.sort(np.asarray(ids[start : start + _RUN], np.uint64)))

    def _make(self) -> None:
        there = self._db.execute(
            "SELECT count(*) FROM duckdb_tables() WHERE table_name IN ('log', 'events')"
        ).fetchone()[0]
        if there == 2:
            return
        self._db.execute("BEGIN")
        self._db.register("_schema", self._schema.empty_table())
        self._db.execute("CREATE TABLE events AS SELECT 0::BIGINT AS _n, * FROM _schema")
        self._db.execute(
            "CREATE TABLE log AS SELECT 0::BIGINT AS next, ? AS schema", [_text(self._schema)]
        )
        self._db.execute("COMMIT")
        self._db.unregister("_schema")

    def _drop(self) -> None:
        """Let go of a connection that cannot be used any more."""
        db, self._db = self._db, None
        if db is not None:
            try:
                db.close()
            except duckdb.Error:
                return  # it is broken already, and says so

    def _ready(self) -> Any:
        if self._closed:
            raise StoreError(f"the log {self._path.name} is closed")
        if self._db is None:
            self._open()
        return self._db

    def append(self, batch: pa.RecordBatch | pa.Table) -> int:
        """Add the rows whose id is new; return how many they were.

        They are on the disk when this returns. If it raises, all of them are there or none;
        append the same batch again, and what is there counts as a replay.

        Raises
        ------
        SchemaError
            If the batch has not the columns of the schema.
        StoreError
            If the disk is full, or the file cannot be written.
        """
        table = self._conform(batch)
        ids, first = np.unique(_numpy(table["id"]), return_index=True)
        with self._lock:
            db = self._ready()
            new = ~self._known.find(ids)
            fresh = int(new.sum())
            if fresh:
                if fresh < table.num_rows:
                    table = table.take(pa.array(np.sort(first[new])))
                numbers = pa.array(np.arange(self._next, self._next + fresh))
                self._insert(db, table.add_column(0, _NUMBER, numbers))
                self._known.add(ids[new])
                self._rows += fresh
                self._next += fresh
            self.replays += batch.num_rows - fresh
            return fresh

    def _insert(self, db: Any, table: pa.Table) -> None:
        try:
            db.register("_new", table)
            db.execute("INSERT INTO events SELECT * FROM _new")  # commits, and waits for the disk
            db.unregister("_new")
        except duckdb.Error as err:
            # Whether it was committed is not known now: the next call reads it from the file.
            self._drop()
            raise self._error("the log could not be written", err) from err

    def scan(
        self,
        begin: int | None = None,
        end: int | None = None,
        *,
        columns: Sequence[str] | None = None,
        batch_size: int = 4096,
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows with ``begin <= time < end`` by time, those of one time as appended.

        It sees the rows that were there when it began.

        Raises
        ------
        InputError
            If a column is unknown.
        StoreError
            If the file cannot be read.
        """
        tests = [f"time >= {int(begin)}"] if begin is not None else []
        tests += [f"time < {int(end)}"] if end is not None else []
        where = f" WHERE {' AND '.join(tests)}" if tests else ""
        for _, batch in self._read(where, f"time, {_NUMBER}", columns, batch_size):
            yield batch

    def tail(
        self, since_row: int = 0, *, batch_size: int = 4096
    ) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Yield the rows appended as number ``since_row`` or later, in the order of appending.

        Each batch comes with the number to go on from after it.

        Raises
        ------
        StoreError
            If the file cannot be read.
        """
        return self._read(f" WHERE {_NUMBER} >= {int(since_row)}", _NUMBER, None, batch_size)

    def _read(
        self, where: str, order: str, columns: Sequence[str] | None, batch_size: int
    ) -> Iterator[tuple[int, pa.RecordBatch]]:
        names = list(self._schema.names if columns is None else columns)
        unknown = sorted(set(names) - set(self._schema.names))
        if unknown:
            raise InputError("the log has no such column", got=", ".join(unknown)[:120])
        schema = pa.schema([self._schema.field(n) for n in names], self._schema.metadata)
        listed = ", ".join(f'"{n}"' for n in (_NUMBER, *names))
        with self._lock:
            cursor = self._ready().cursor()
        try:
            found = cursor.sql(f"SELECT {listed} FROM events{where} ORDER BY {order}")  # noqa: S608
            for batch in found.to_arrow_reader(batch_size):
                if batch.num_rows:
                    rows = pa.RecordBatch.from_arrays(
                        [_cast(batch.column(i), field.type) for i, field in enumerate(schema, 1)],
                        schema=schema,
                    )
                    yield int(batch.column(0)[-1].as_py()) + 1, rows
        except duckdb.Error as err:
            raise self._error("the log cannot be read", err) from err
        finally:
            cursor.close()

    def prune(self, before: int) -> int:
        """Remove the rows with ``time < before`` and give their space back; return how many.

        A replay of a row that was removed is a new row again.

        Raises
        ------
        StoreError
            If the file cannot be written.
        """
        with self._lock:
            db = self._ready()
            try:
                db.execute("BEGIN")
                db.execute("UPDATE log SET next = ?", [self._next])
                found = db.execute("DELETE FROM events WHERE time < ?", [int(before)]).fetchone()
                db.execute("COMMIT")
            except duckdb.Error as err:
                self._drop()
                raise self._error("the log could not be pruned", err) from err
            # Opened anew: the ids are read again, and the space is given back.
            self._drop()
            self._open()
            return int(found[0])

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        with self._lock:
            self._closed = True
            self._drop()

    def _conform(self, batch: pa.RecordBatch | pa.Table) -> pa.Table:
        names = self._schema.names
        if sorted(batch.schema.names) != sorted(names):
            raise SchemaError(
                "the batch is not of this log",
                got=", ".join(batch.schema.names)[:160],
                wanted=", ".join(names)[:160],
            )
        try:
            table = pa.table({n: batch.column(n) for n in names})
            table = table.cast(self._schema)
        except (pa.ArrowException, ValueError) as err:
            raise SchemaError("the batch does not fit the log", got=str(err)[:160]) from err
        for name in ("id", "time"):
            if table[name].null_count:
                raise SchemaError(f"the batch has rows without {name}")
        return table

    def _error(self, what: str, err: Exception) -> StoreError:
        text = str(err)
        step = None
        if "No space left" in text or "disk is full" in text.lower():
            step = "free space on the disk, then append the same batch again"
        elif "lock" in text.lower():
            step = "end the other process that holds the file, or choose another file"
        return StoreError(f"{what} ({self._path.name})", got=text[:200], next_step=step)


def _text(schema: pa.Schema) -> str:
    """Return what two schemas of one meaning have in common: names, types and versions."""
    fields = ", ".join(f"{f.name} {_kind(f.type)}" for f in schema)
    metadata = sorted((schema.metadata or {}).items())
    return f"{fields}; " + ", ".join(f"{k.decode()}={v.decode()}" for k, v in metadata)


def _kind(kind: pa.DataType) -> str:
    return f"list of {kind.value_type}" if pa.types.is_list(kind) else str(kind)


def _numpy(column: pa.ChunkedArray) -> NDArray[np.uint64]:
    return np.asarray(column.to_numpy(), np.uint64)


def _cast(array: pa.Array, kind: pa.DataType) -> pa.Array:
    return array if array.type == kind else array.cast(kind)
