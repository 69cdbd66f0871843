"""The one way in which every store folds, so that all give the same numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hydrometer.errors import InputError, SchemaError
from hydrometer.exchange import SCHEMA
from hydrometer.stats.summary import Summary

__all__ = ["check_by", "conform", "fold_batch", "select", "values_of", "wanted"]


def conform(batch: pa.RecordBatch | pa.Table) -> pa.Table:
    """Return the batch as a table in `SCHEMA`.

    Raises
    ------
    SchemaError
        If it lacks a column or a value does not fit.
    """
    table = batch if isinstance(batch, pa.Table) else pa.Table.from_batches([batch])
    try:
        out = table.select(SCHEMA.names).cast(SCHEMA)
    except (KeyError, ValueError, pa.ArrowException) as err:
        raise SchemaError("not a batch of exchanges", got=str(err)[:160]) from err
    if out.column("id").null_count:
        raise SchemaError("an exchange has no id", wanted="batches made by to_table")
    return out


def wanted(where: Mapping[str, Any] | None) -> dict[str, pa.Array]:
    """Return, for each column of a condition, the values that rows may have.

    Raises
    ------
    InputError
        If a column is unknown or nested, or a value is of the wrong kind.
    """
    out = {}
    for name, value in (where or {}).items():
        check_by(name)
        several = isinstance(value, (list, tuple, set, frozenset))
        try:
            out[name] = pa.array(list(value) if several else [value], SCHEMA.field(name).type)
        except (pa.ArrowException, TypeError, ValueError, OverflowError) as err:
            raise InputError(f"no such value of {name}", got=repr(value)[:80]) from err
    return out


def select(table: pa.Table, where: Mapping[str, Any] | None) -> pa.Table:
    """Return the rows that match a condition.

    Raises
    ------
    InputError
        If the condition cannot be read.
    """
    for name, values in wanted(where).items():
        table = table.filter(pc.is_in(table.column(name), value_set=values))
    return table


def fold_batch(
    groups: dict[Any, Summary],
    batch: pa.RecordBatch,
    feature: Callable[[pa.RecordBatch], Any],
    summary: Callable[[], Summary],
    by: str | None,
) -> None:
    """Update the summaries of the groups with one batch.

    Raises
    ------
    InputError
        If ``by`` names no column, or one that cannot be grouped by.
    SchemaError
        If the feature does not give one row for each exchange.
    """
    check_by(by)
    if batch.num_rows == 0:
        return
    values = np.asarray(feature(batch))
    if len(values) != batch.num_rows:
        raise SchemaError(
            "the feature lost rows", got=str(len(values)), wanted=str(batch.num_rows)
        )
    if by is None:
        groups[None].update(values)
        return
    codes = pc.dictionary_encode(batch.column(by), null_encoding="encode")
    index = codes.indices.to_numpy(zero_copy_only=False)
    for code, name in enumerate(codes.dictionary.to_pylist()):
        if name not in groups:
            groups[name] = summary()
        groups[name].update(values[index == code])


def check_by(by: str | None) -> None:
    """Check that rows can be grouped by a column.

    Raises
    ------
    InputError
        If they cannot.
    """
    if by is None:
        return
    if by not in SCHEMA.names or pa.types.is_nested(SCHEMA.field(by).type):
        raise InputError("cannot group by this column", got=repr(by), wanted="a flat column")


def values_of(groups: dict[Any, Summary], by: str | None) -> Any:
    """Return the value of the only group, or a dict from group to value, sorted."""
    if by is None:
        return groups[None].get()
    order = sorted(groups, key=lambda k: (k is None, str(k)))
    return {name: groups[name].get() for name in order}
