"""Events to a Parquet file in the exchange schema, a block at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from hydrometer.exchange import SCHEMA, VERSION
from hydrometer.watch.simulate.digest import Digester
from hydrometer.watch.simulate.scenario import Stream
from hydrometer.watch.simulate.sink import Sink

__all__ = ["ANSWERED", "ERRORS", "Progress", "blocks", "write_parquet"]

BLOCK = 1 << 14
ANSWERED = ("ok", "truncated")
ERRORS = {"error": "upstream connection reset", "throttled": "rate limit reached"}
Progress = Callable[[int, int], None]


def blocks(order: NDArray[np.int64]) -> Iterator[tuple[int, list[int]]]:
    """Return the places of the events, a block at a time, each with the number of its first."""
    for first in range(0, order.size, BLOCK):
        yield first, order[first : first + BLOCK].tolist()


def _headers(sink: Sink) -> tuple[pa.Array, NDArray[np.int64]]:
    """Return the different headers of all events, and which of them each event has."""
    told = np.array(sink.profile) * 4 + np.array(sink.stream) * 2 + np.array(sink.tools)
    used, which = np.unique(told, return_inverse=True)
    rows = [
        [
            *sink.profiles[one >> 2].items(),
            ("x-stream", "true" if one & 2 else "false"),
            ("x-tools", "true" if one & 1 else "false"),
        ]
        for one in used.tolist()
    ]
    return pa.array(rows, SCHEMA.field("headers").type), which


def _prompts(messages: list[tuple[tuple[str, str], ...]]) -> pa.Array:
    edges = np.zeros(len(messages) + 1, dtype=np.int32)
    np.cumsum([len(m) for m in messages], out=edges[1:])
    flat = [one for m in messages for one in m]
    struct = pa.StructArray.from_arrays(
        [pa.array([r for r, _ in flat], pa.string()), pa.array([c for _, c in flat], pa.string())],
        names=["role", "content"],
    )
    return pa.ListArray.from_arrays(pa.array(edges), struct)


def _sampling(asked: list[tuple[float | None, float | None, int | None]]) -> pa.Array:
    kind = SCHEMA.field("sampling").type
    told = dict(zip(("temperature", "top_p", "max_tokens"), zip(*asked, strict=True), strict=True))
    n = len(asked)
    return pa.StructArray.from_arrays(
        [pa.array(told[f.name], f.type) if f.name in told else pa.nulls(n, f.type) for f in kind],
        fields=list(kind),
    )


def _block(
    sink: Sink,
    rows: list[int],
    first: int,
    stream: Stream,
    headers: pa.Array,
    digest: Digester,
) -> pa.Table:
    n = len(rows)
    start = int(stream.start.timestamp() * 1e6)
    messages = [sink.messages[i] for i in rows]
    if not stream.text:
        messages = [(("user", ""),)] * n
    response = [sink.response[i] for i in rows]
    if not stream.text:
        response = [None if r is None else "" for r in response]
    status = [sink.status[i] for i in rows]
    model = [sink.model[i] for i in rows]
    answered = [m if s in ANSWERED else None for m, s in zip(model, status, strict=True)]
    account = [sink.labels[sink.account[i]].account for i in rows]
    time = [start + round(sink.time[i] * 1e6) for i in rows]
    source = [f"req_{first + k:09d}" for k in range(n)]
    sampling = [(sink.temperature[i], sink.top_p[i], sink.max_tokens[i]) for i in rows]
    hashes = map(
        digest, messages, response, model, answered, status, sampling, account, time, source
    )
    ids, contents, keys = zip(*hashes, strict=True)
    held: dict[str, Any] = {
        "id": ids,
        "content": contents,
        "key": keys,
        "prompt": _prompts(messages),
        "response": response,
        "model": model,
        "model_answered": answered,
        "status": status,
        "error": [ERRORS.get(s) for s in status],
        "account": account,
        "time": pa.array(time, pa.int64()).cast(SCHEMA.field("time").type),
        "sampling": _sampling(sampling),
        "tokens_in": [sink.tokens_in[i] for i in rows],
        "tokens_out": [sink.tokens_out[i] for i in rows],
        "headers": headers,
        "source": source,
        "version": [VERSION] * n,
    }
    columns = []
    for f in SCHEMA:
        value = held.get(f.name)
        if value is None:
            value = pa.nulls(n, f.type)
        columns.append(value if isinstance(value, pa.Array) else pa.array(value, f.type))
    return pa.Table.from_arrays(columns, schema=SCHEMA)


def write_parquet(
    sink: Sink, order: NDArray[np.int64], stream: Stream, path: Path, progress: Progress
) -> None:
    """Write all events, sorted by time."""
    headers, which = _headers(sink)
    digest = Digester()
    with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
        for first, rows in blocks(order):
            writer.write_table(
                _block(sink, rows, first, stream, headers.take(pa.array(which[rows])), digest)
            )
            progress(first + len(rows), order.size)
