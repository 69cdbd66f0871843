"""From a file, here or remote, to chunks of numbered JSON documents or Arrow batches."""

from __future__ import annotations

import glob
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from hydrometer.errors import InputError
from hydrometer.watch.sources.lines import documents
from hydrometer.watch.sources.remote import list_remote, open_remote

__all__ = ["Part", "expand", "parts"]

LONGEST = 64 << 20
"""Bytes of a line above which it is set aside."""
WHOLE = 4 << 30
"""Most bytes of a file that is one JSON document."""
_HEAD = 1 << 16
_DAMAGE = (
    *(OSError, EOFError, zlib.error, pa.ArrowException),
    *(ValueError, TypeError, OverflowError, MemoryError),
)


class Part(NamedTuple):
    """A stretch of a file: numbered documents, or an Arrow batch and its first row's number."""

    lines: list[tuple[int, bytes]]
    batch: pa.RecordBatch | None = None
    first: int = 1


def expand(path: str) -> list[str]:
    """Return the files that a path, a folder, a pattern or a URL stands for, in order.

    Raises
    ------
    InputError
        If there is none.
    """
    if "://" in path and not path.startswith("file://"):
        return list_remote(path)
    path = path.removeprefix("file://")
    if Path(path).is_dir():
        found = sorted(str(p) for p in Path(path).iterdir() if p.is_file())
    elif Path(path).exists():
        found = [path]
    else:
        found = sorted(p for p in glob.glob(path, recursive=True) if Path(p).is_file())
    if not found:
        raise InputError(f"no file matches {path[:160]}", next_step="check the path")
    return found


def parts(path: str, batch: int) -> Iterator[Part]:
    """Yield the parts of one file, of at most ``batch`` rows each.

    Raises
    ------
    InputError
        If it cannot be read, or is of no known kind.
    """
    name = path.rpartition("/")[2]
    remote = open_remote(path) if "://" in path else None
    try:
        with remote or open(path, "rb") as f:
            head = f.read(_HEAD)
            f.seek(0)
            if head[:4] == b"PAR1":
                yield from _parquet(f, batch)
            elif head[:2] == b"\x1f\x8b":
                with gzip.open(f) as unpacked:
                    head = unpacked.read(_HEAD)
                    unpacked.seek(0)
                    yield from _json(unpacked, head, batch)
            else:
                yield from _json(f, head, batch)
    except InputError as err:
        raise InputError(
            f"cannot read {name}: {err.what}",
            got=err.got,
            wanted=err.wanted,
            next_step=err.next_step,
        ) from err
    except _DAMAGE as err:
        raise InputError(f"cannot read {name}", got=str(err)[:160], wanted="a whole file") from err


def _parquet(f: Any, batch: int) -> Iterator[Part]:
    first = 1
    with pq.ParquetFile(f) as parquet:
        for rows in parquet.iter_batches(batch_size=batch):
            yield Part([], rows, first)
            first += rows.num_rows


def _json(f: Any, head: bytes, batch: int) -> Iterator[Part]:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        raise InputError("it is empty", next_step="check the export")
    if start[:1] not in b"[{":
        raise InputError(
            "it is of no known kind",
            got=repr(start[:40]),
            wanted="JSON, JSON lines (also gzipped) or Parquet",
        )
    rows = documents(_whole(f)) if _is_document(start) else _lines(f)
    chunk: list[tuple[int, bytes]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) >= batch:
            yield Part(chunk)
            chunk = []
    if chunk:
        yield Part(chunk)


def _is_document(start: bytes) -> bool:
    """Return whether a file is one document: an array, or an object over several lines."""
    if start[:1] == b"[":
        return True
    line, end, _ = start.partition(b"\n")
    if not end:
        return False
    try:
        msgspec.json.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        # A damaged first line, or the first line of a document that a person can read.
        return line.strip() in (b"{", b"") or line.rstrip()[-1:] in b"{[,"
    return False


def _whole(f: Any) -> bytes:
    data: bytes = f.read(WHOLE + 1)
    if len(data) > WHOLE:
        raise InputError("it is one document of more than 4 GiB", next_step="write JSON lines")
    return data


def _lines(f: Any) -> Iterator[tuple[int, bytes]]:
    n = 0
    while line := f.readline(LONGEST):
        n += 1
        whole = line.endswith(b"\n") or len(line) < LONGEST
        while not whole:
            rest = f.readline(LONGEST)
            whole = rest.endswith(b"\n") or len(rest) < LONGEST
            line = line[:1000] + b"<a line of more than 64 MiB>"
        line = line.removeprefix(b"\xef\xbb\xbf").strip()
        if line:
            yield n, line
