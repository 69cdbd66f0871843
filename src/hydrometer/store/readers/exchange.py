"""Our own records, as `hydrometer.store.write` writes them: Parquet or JSON lines."""

from __future__ import annotations

from typing import Any

from hydrometer.exchange import Exchange, from_record
from hydrometer.store.readers.rows import Context, Row, mapping

__all__ = ["convert", "sniff"]


def sniff(value: Any) -> bool:
    """Return whether a row is one of our records."""
    return isinstance(value, dict) and {"prompt", "response", "key", "content"} <= value.keys()


def convert(row: Row, context: Context) -> list[Exchange]:
    """Return the exchange of one record; account and source stay as recorded.

    Raises
    ------
    SchemaError
        If the record breaks the rules of its version.
    """
    return [from_record(mapping(row.value, "the row"))]
