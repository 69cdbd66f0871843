"""The embedded store: one DuckDB file, or memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from hydrometer.errors import StoreError
from hydrometer.exchange import SCHEMA
from hydrometer.stats.summary import Summary
from hydrometer.store.folding import check_by, conform, fold_batch, values_of, wanted
from hydrometer.store.store import Where

__all__ = ["DuckDBStore"]


class DuckDBStore:
    """Exchanges in DuckDB, in the order in which they were appended.

    Parameters
    ----------
    path : str, Path or None
        The file; None keeps everything in memory.

    Raises
    ------
    StoreError
        If the file is no DuckDB file, or another process holds it.

    Examples
    --------
    >>> from hydrometer.exchange import Exchange, Message, to_table
    >>> store = DuckDBStore()
    >>> e = Exchange(prompt=(Message("user", "Hi"),), response="Hello", model="m")
    >>> store.append(to_table([e, e]).to_batches()), store.append(to_table([e]).to_batches())
    (1, 0)
    """

    def __init__(self, path: str | Path | None = None) -> None:
        try:
            self._db = duckdb.connect(":memory:" if path is None else str(path))
            self._db.execute("SET TimeZone = 'UTC'")
            self._db.register("_schema", SCHEMA.empty_table())
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS exchanges AS "
                "SELECT 0::BIGINT AS _n, * FROM _schema LIMIT 0"
            )
            self._db.unregister("_schema")
        except duckdb.Error as err:
            raise StoreError(
                f"cannot open the store {path}", got=str(err)[:160], wanted="a DuckDB file"
            ) from err

    def append(self, batches: Iterable[pa.RecordBatch]) -> int:
        """Add batches, all or none; return the number of new rows.

        Raises
        ------
        SchemaError
            If a batch has not the columns of the schema.
        StoreError
            If the engine fails; nothing is added then.
        """
        added = 0
        self._run("BEGIN")
        try:
            for batch in batches:
                added += self._append(conform(batch))
            self._run("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        return added

    def _append(self, table: pa.Table) -> int:
        self._db.register("_new", table.append_column("_row", pa.array(range(len(table)))))
        try:
            found = self._run(
                "INSERT INTO exchanges SELECT "
                "(SELECT coalesce(max(_n), -1) + 1 FROM exchanges) "
                "+ row_number() OVER (ORDER BY _row) - 1, * EXCLUDE (_row) FROM _new "
                "WHERE id NOT IN (SELECT id FROM exchanges) "
                "QUALIFY row_number() OVER (PARTITION BY id ORDER BY _row) = 1"
            ).fetchone()
        finally:
            self._db.unregister("_new")
        return int(found[0]) if found else 0

    def _run(self, sql: str, values: list[Any] | None = None) -> Any:
        try:
            return self._db.execute(sql, values or [])
        except duckdb.Error as err:
            raise StoreError("the store failed", got=str(err)[:200]) from err

    def scan(
        self, where: Where | None = None, *, batch_size: int = 4096
    ) -> Iterator[pa.RecordBatch]:
        """Yield batches of the rows that match, in the order of appending.

        Raises
        ------
        InputError
            If ``where`` names an unknown column, or a value of the wrong kind.
        StoreError
            If the engine fails.
        """
        clauses, values = _clauses(where)
        columns = ", ".join(f'"{name}"' for name in SCHEMA.names)
        sql = f"SELECT {columns} FROM exchanges{clauses} ORDER BY _n"  # noqa: S608
        cursor = self._db.cursor()
        try:
            cursor.execute("SET TimeZone = 'UTC'")
            found = cursor.sql(sql, params=values)
            new = hasattr(found, "to_arrow_reader")
            reader = (found.to_arrow_reader if new else found.fetch_arrow_reader)(batch_size)
            for batch in reader:
                yield from conform(batch).to_batches(max_chunksize=batch_size)
        except duckdb.Error as err:
            raise StoreError("the rows cannot be read", got=str(err)[:160]) from err
        finally:
            cursor.close()

    def fold(
        self,
        feature: Callable[[pa.RecordBatch], Any],
        summary: Callable[[], Summary],
        *,
        by: str | None = None,
        where: Where | None = None,
    ) -> Any:
        """Fold a feature into a summary, over all rows or by the values of a column.

        Raises
        ------
        InputError
            If ``by`` or ``where`` names an unknown column.
        """
        check_by(by)
        groups: dict[Any, Summary] = {} if by is not None else {None: summary()}
        for batch in self.scan(where):
            fold_batch(groups, batch, feature, summary, by)
        return values_of(groups, by)

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _clauses(where: Where | None) -> tuple[str, list[Any]]:
    parts, values = [], []
    for name, options in wanted(where).items():
        known = [v for v in options.to_pylist() if v is not None]
        tests = [f'"{name}" IN ({", ".join("?" * len(known))})'] if known else []
        if options.null_count:
            tests.append(f'"{name}" IS NULL')
        parts.append(f"({' OR '.join(tests) or 'false'})")
        values.extend(known)
    return (" WHERE " + " AND ".join(parts) if parts else ""), values
