"""From a body or a file in any known format to observations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from hydrometer.errors import InputError
from hydrometer.watch.sources import clickhouse, exchange, litellm, otlp
from hydrometer.watch.sources.attribution import Attribution
from hydrometer.watch.sources.body import unpack
from hydrometer.watch.sources.columns import decode_batch
from hydrometer.watch.sources.decoded import Decoded
from hydrometer.watch.sources.files import Part, expand, parts
from hydrometer.watch.sources.protobuf import to_document

__all__ = ["BODIES", "FILES", "Decoded", "decode", "read_files"]

BODIES = ("litellm", "otlp-traces", "otlp-logs", "jsonl")
"""Formats of an HTTP body."""

FILES = ("litellm", "otlp", "exchange")
"""Formats of a file."""

_PROTOBUF = ("application/x-protobuf", "application/protobuf")
_SNIFF: dict[str, Callable[[Mapping[str, Any]], bool]] = {
    "otlp": otlp.sniff,
    "litellm": litellm.sniff,
    "exchange": exchange.sniff,
}
_LINES: dict[str, Callable[..., Decoded]] = {
    "otlp": otlp.decode_lines,
    "litellm": litellm.decode_lines,
    "exchange": exchange.decode_lines,
}


def decode(
    body: bytes,
    format: str,
    *,
    attribution: Attribution,
    source: str,
    content_type: str = "application/json",
    content_encoding: str = "",
) -> Decoded:
    """Return what one HTTP body holds.

    Parameters
    ----------
    body : bytes
        As received.
    format : str
        One of `BODIES`.
    attribution : Attribution
        Which fields name the account and the links.
    source : str
        Name for the rejected rows: the route, the sender.
    content_type : str
        Protobuf for OTLP; any other is read as JSON or JSON lines.
    content_encoding : str
        ``gzip``, ``deflate`` or none.

    Raises
    ------
    InputError
        If the format is unknown, or the body as a whole cannot be read.
    MissingExtra
        For protobuf without the extra ``serve``.
    """
    if format not in BODIES:
        raise InputError("unknown format", got=repr(format)[:60], wanted=", ".join(BODIES))
    body = unpack(body, content_encoding)
    name, _, signal = format.partition("-")
    if content_type.partition(";")[0].strip().lower() in _PROTOBUF:
        if name != "otlp":
            raise InputError("protobuf is for OTLP alone", got=format, wanted="JSON")
        document = to_document(body, signal)
        return otlp.decode_document(document, attribution=attribution, source=source)
    read = {"litellm": litellm.decode, "otlp": otlp.decode, "jsonl": exchange.decode}[name]
    return read(body, attribution=attribution, source=source)


def read_files(
    path: str | Path,
    format: str | None = None,
    *,
    attribution: Attribution,
    batch: int = 4096,
) -> Iterator[Decoded]:
    """Yield what files hold, in parts of at most ``batch`` rows, file by file.

    Parameters
    ----------
    path : str or Path
        A file, a folder, a pattern (``logs/*.jsonl.gz``), a URL that fsspec reads
        (``s3://bucket/day=*/*.parquet``), or a table (``clickhouse://...``).
    format : str or None
        One of `FILES`; None finds it from the first row of each file.
    attribution : Attribution
        Which fields name the account and the links.
    batch : int
        Rows of a part.

    Raises
    ------
    InputError
        If there is no such file, or one cannot be read.
    MissingExtra
        For a remote file without the extra ``s3``.
    StoreError
        If a table cannot be read.
    """
    if format is not None and format not in FILES:
        raise InputError("unknown format", got=repr(format)[:60], wanted=", ".join(FILES))
    if str(path).startswith(("clickhouse://", "clickhouse+https://")):
        yield from clickhouse.read_table(str(path), attribution=attribution, batch=batch)
        return
    for name in expand(str(path)):
        short = name.rpartition("/")[2]
        found = format
        for part in parts(name, batch):
            if part.batch is not None:
                if found == "exchange" or not (found or litellm.sniff(_names(part.batch))):
                    yield decode_batch(
                        part.batch, attribution=attribution, source=short, first=part.first
                    )
                    continue
                part = Part(_encoded(part.batch, part.first))
            found = found or _sniffed(part, short)
            yield _LINES[found](iter(part.lines), attribution=attribution, source=short)


def _names(batch: pa.RecordBatch) -> dict[str, Any]:
    return dict.fromkeys(batch.schema.names)


def _encoded(batch: pa.RecordBatch, first: int) -> list[tuple[int, bytes]]:
    """Return the rows of another format's table as the JSON that they are elsewhere."""
    try:
        rows = enumerate(batch.to_pylist(), first)
        return [(n, msgspec.json.encode(row, enc_hook=str)) for n, row in rows]
    except (pa.ArrowException, msgspec.MsgspecError, ValueError, OverflowError) as err:
        raise InputError("a column is damaged", got=str(err)[:160]) from err


def _sniffed(part: Part, name: str) -> str:
    keys = "no readable row"
    for _, raw in part.lines[:50]:
        try:
            row = msgspec.json.decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            continue
        if isinstance(row, dict):
            for format, sniff in _SNIFF.items():
                if sniff(row):
                    return format
            keys = f"a row with {', '.join(row)}"[:160]
    raise InputError(
        f"{name} is of no known format",
        got=keys.encode("utf-8", "replace").decode(),
        wanted="rows of " + ", ".join(FILES),
        next_step="name the format with --format",
    )
