"""Write exchanges to a file, whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable
from datetime import UTC
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from hydrometer.errors import InputError, StoreError
from hydrometer.exchange import SCHEMA, Exchange, to_record, to_table

__all__ = ["write"]

_CHUNK = 8192


def write(exchanges: Iterable[Exchange], path: str | Path) -> int:
    """Write exchanges as Parquet or JSON lines, by the ending of the name.

    The file appears under its name only when it is complete.

    Parameters
    ----------
    exchanges : iterable of Exchange
        What to write, in order.
    path : str or Path
        Ends in ``.parquet`` or ``.jsonl``.

    Returns
    -------
    int
        Number of exchanges written.

    Raises
    ------
    InputError
        If the ending is neither.
    SchemaError
        If an exchange does not fit the schema.
    StoreError
        If the file cannot be written.
    """
    target = Path(path)
    if target.suffix not in (".parquet", ".jsonl"):
        raise InputError("unknown ending", got=target.name, wanted=".parquet or .jsonl")
    put = _parquet if target.suffix == ".parquet" else _jsonl
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        os.close(handle)
        try:
            n = put(exchanges, name)
            os.replace(name, target)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as err:
        raise StoreError(f"cannot write {target.name}", got=str(err)[:160]) from err
    return n


def _parquet(exchanges: Iterable[Exchange], name: str) -> int:
    n, rest = 0, iter(exchanges)
    with pq.ParquetWriter(name, SCHEMA, compression="zstd") as f:
        while chunk := list(islice(rest, _CHUNK)):
            f.write_table(to_table(chunk))
            n += len(chunk)
    return n


def _jsonl(exchanges: Iterable[Exchange], name: str) -> int:
    n = 0
    with open(name, "w", encoding="utf-8") as f:
        for e in exchanges:
            row: dict[str, Any] = to_record(e)
            row["headers"] = dict(e.headers)
            row["time"] = None if e.time is None else e.time.astimezone(UTC).isoformat()
            f.write(json.dumps(row, ensure_ascii=True) + "\n")
            n += 1
    return n
