"""Our own exchanges in Arrow batches and Parquet, column by column."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise, starmap
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hydrometer.errors import InputError
from hydrometer.exchange import SCHEMA
from hydrometer.watch.observation import Observation
from hydrometer.watch.sources.attribution import Attribution
from hydrometer.watch.sources.build import hashed_id, no_account, no_time, request_id
from hydrometer.watch.sources.decoded import Decoded, reject
from hydrometer.watch.sources.headers import clean
from hydrometer.watch.sources.prompt import prompt_of
from hydrometer.watch.sources.values import (
    boolean,
    find,
    integer,
    micros,
    number,
    status_of,
    text_of,
)

__all__ = ["decode_batch"]

Column = list[Any]
_ROLES = ("user", "system", "developer")


def decode_batch(
    batch: pa.RecordBatch, *, attribution: Attribution, source: str, first: int = 1
) -> Decoded:
    """Return the observations of a batch in `hydrometer.exchange.SCHEMA`.

    Columns may be absent, but for the time and what the mapping names for the account.

    Parameters
    ----------
    batch : pyarrow.RecordBatch
        The rows.
    attribution : Attribution
        The mapping.
    source : str
        Name of the file, for rejected rows.
    first : int
        Number of the first row.

    Raises
    ------
    InputError
        If there is no column for the time, or none for the account, or a column is damaged.
    """
    try:
        return _Batch(batch, attribution).decode(source, first)
    except (pa.ArrowException, UnicodeDecodeError, OverflowError) as err:
        raise InputError(
            f"{source} has a damaged column", got=str(err)[:160], next_step="write the file again"
        ) from err


class _Batch:
    def __init__(self, batch: pa.RecordBatch, attribution: Attribution) -> None:
        self._batch, self._n = batch, batch.num_rows
        self._names = set(batch.schema.names)
        self._paths, self._rules = attribution.exchange, attribution.rules
        self._headers: list[Column] = [
            self._read(p) for p in self._paths.headers if p.partition(".")[0] in self._names
        ]

    def decode(self, source: str, first: int) -> Decoded:
        accounts, times = self._accounts(), self._times()
        system, user, turns = self._prompts()
        columns: list[Column] = [
            [text_of(m) or "" for m in self._list("model")],
            system,
            user,
            turns,
            [integer(v) for v in self._list("tokens_in")],
            [integer(v) for v in self._list("tokens_out")],
            [integer(v) for v in self._sampling("max_tokens")],
            [number(v) for v in self._sampling("temperature")],
            [number(v) for v in self._sampling("top_p")],
            [s if s == "ok" else status_of(s) for s in self._list("status")],
            [boolean(v) for v in self._list("stream")],
            [boolean(v) for v in self._list("tools")],
            self._logprobs(),
            [integer(v) for v in self._list("choices")],
        ]
        bad = [i for i in range(self._n) if accounts[i] is None or times[i] is None]
        out = Decoded()
        if bad:
            for i in bad:
                err = (
                    no_account(", ".join(self._paths.account))
                    if accounts[i] is None
                    else no_time("time")
                )
                out.rejected.append(reject(source, first + i, str(err), self._raw(i)))
                accounts[i], times[i] = "", 0
        requests = [
            hashed_id((a, t, *rest)) if k is None else request_id(k, a, t)
            for k, a, t, rest in zip(
                self._list("id"), accounts, times, zip(*columns, strict=True), strict=True
            )
        ]
        rows = zip(requests, accounts, times, *columns, self._links(), strict=True)
        out.observations = list(starmap(Observation, rows))
        for i in reversed(bad):
            del out.observations[i]
        return out

    def _list(self, name: str) -> Column:
        if name not in self._names:
            return [None] * self._n
        return _values(self._batch.column(name))

    def _read(self, path: str) -> Column:
        """Return the values at a path: a column, or inside of one."""
        if path in self._names:
            return self._list(path)
        head, _, tail = path.partition(".")
        if head not in self._names:
            return [None] * self._n
        column = self._list(head)
        if head == "headers":
            tail = tail.lower()
            column = [
                None if c is None else {str(k).lower(): v for k, v in c.items()}
                for c in map(_object, column)
            ]
        return [find(_object(c), tail) for c in column]

    def _accounts(self) -> list[Any]:
        paths = [p for p in self._paths.account if p.partition(".")[0] in self._names]
        if not paths:
            raise InputError(
                "no column names the account",
                got=f"columns {', '.join(sorted(self._names))[:120]}",
                wanted=f"one of {', '.join(self._paths.account)}",
                next_step="name the column in the mapping (--mapping FILE)",
            )
        out: list[Any] = [None] * self._n
        for path in paths:
            found = self._read(path)
            out = [text_of(f) if o is None else o for o, f in zip(out, found, strict=True)]
        return out

    def _times(self) -> list[Any]:
        if "time" not in self._names:
            raise InputError("there is no column 'time'", wanted="when each exchange was")
        column = self._batch.column("time")
        if pa.types.is_timestamp(column.type):
            try:
                whole = column.cast(pa.timestamp("us", column.type.tz), safe=False)
                return list(whole.cast(pa.int64()).to_pylist())
            except pa.ArrowException as err:
                raise InputError("the times cannot be read", got=str(err)[:120]) from err
        return [micros(v) for v in column.to_pylist()]

    def _sampling(self, name: str) -> Column:
        column = self._batch.column("sampling") if "sampling" in self._names else None
        if column is None or not pa.types.is_struct(column.type):
            return [None] * self._n
        if column.type.get_field_index(name) < 0:
            return [None] * self._n
        return _values(pc.struct_field(column, name))

    def _logprobs(self) -> Column:
        if "logprobs" not in self._names:
            return [None] * self._n
        return [v or None for v in self._batch.column("logprobs").is_valid().to_pylist()]

    def _prompts(self) -> tuple[Column, Column, Column]:
        """Return the systems, the last user texts and the numbers of user messages."""
        if "prompt" not in self._names:
            nothing = [None] * self._n
            return nothing, nothing, nothing
        column = self._batch.column("prompt")
        try:
            column = column.cast(SCHEMA.field("prompt").type)
        except pa.ArrowException:
            found = [prompt_of(v) for v in _values(column)]
            return ([p[0] for p in found], [p[1] for p in found], [p[2] for p in found])
        owner = pc.list_parent_indices(column).to_numpy()
        flat = pc.list_flatten(column)
        content = pc.struct_field(flat, "content")
        role = pc.index_in(pc.struct_field(flat, "role"), value_set=pa.array(_ROLES))
        roles = role.fill_null(-1).to_numpy()
        asked = np.flatnonzero(roles == 0)
        turns = np.bincount(owner[asked], minlength=self._n).tolist()
        for i in np.flatnonzero(np.bincount(owner, minlength=self._n) == 0):
            turns[i] = None
        last = np.full(self._n, -1, np.int64)
        last[owner[asked]] = asked  # of several in a row the last stays
        users = content.take(pa.array(last, mask=last < 0)).to_pylist()
        systems: Column = [None] * self._n
        told = np.flatnonzero(roles > 0)
        for i, text in zip(owner[told].tolist(), content.take(told).to_pylist(), strict=True):
            if text:
                systems[i] = text if systems[i] is None else f"{systems[i]}\n{text}"
        return systems, [u or None for u in users], turns

    def _links(self) -> list[dict[str, str]]:
        kinds = [
            (kind, [self._read(p) for p in paths if p.partition(".")[0] in self._names])
            for kind, paths in self._paths.links
        ]
        kinds = [(kind, columns) for kind, columns in kinds if columns]
        rules = self._rules
        out: list[dict[str, str]] = [{} for _ in range(self._n)]
        for kind, columns in kinds:
            for column in columns:
                for links, value in zip(out, column, strict=True):
                    text = text_of(value) if kind not in links else None
                    found = clean(kind, text) if text else None
                    if found is not None:
                        links[kind] = found
        for column in self._headers:
            for i, value in enumerate(column):
                headers = value if type(value) is dict else _object(value)
                if headers:
                    links = rules(headers)
                    out[i] = {**links, **out[i]} if out[i] else links
        return out

    def _raw(self, i: int) -> bytes:
        try:
            row = self._batch.slice(i, 1).to_pylist()[0]
            return msgspec.json.encode(row, enc_hook=str)
        except (pa.ArrowException, msgspec.MsgspecError, ValueError, OverflowError, TypeError):
            return b"<cannot be shown>"


def _object(value: Any) -> Any:
    """Return an object, also from JSON text; anything else is no object."""
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value)
        except (msgspec.MsgspecError, RecursionError):
            return None
    return value if isinstance(value, Mapping) else None


def _values(column: pa.Array) -> Column:
    """Return plain values; maps as objects, by way of their flat children, which is fast."""
    if not pa.types.is_map(column.type):
        return column.to_pylist()  # type: ignore[no-any-return]
    names = _repeated(column.keys)
    items = _repeated(column.items)
    pairs = list(zip(names, items, strict=True))
    offsets = column.offsets.to_pylist()
    out: Column = [{k: v for k, v in pairs[a:b] if v is not None} for a, b in pairwise(offsets)]
    if column.null_count:
        for i in np.flatnonzero(~np.asarray(column.is_valid())):
            out[i] = None
    return out


def _repeated(column: pa.Array) -> Column:
    """Return text values of which few are different: each is made once."""
    coded = column.dictionary_encode()
    words = coded.dictionary.to_pylist()
    return [None if i is None else words[i] for i in coded.indices.to_pylist()]
