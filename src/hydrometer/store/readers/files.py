"""From a file to rows: JSON, JSON lines, CSV, Parquet and zip, plain or gzipped."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hydrometer.errors import InputError
from hydrometer.store.readers.rows import Row

__all__ = ["MAX_BYTES", "Opened", "parse"]

MAX_BYTES = 4 << 30
"""Most bytes that a compressed file may unfold to."""
MAX_MEMBER = 256 << 20
MAX_RATIO = 200


def _constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_constant)
_SKIP = re.compile(r"[ \t\r\n]*")


def parse(value: str) -> Any:
    """Return the value of one JSON text.

    Raises
    ------
    ValueError
        If it is not JSON (``NaN`` is not), or nested too deeply.
    """
    try:
        return _DECODER.decode(value)
    except RecursionError as err:
        raise ValueError("nested too deeply") from err


class Opened:
    """A file, its container (``json``, ``jsonl``, ``csv``, ``parquet``, ``zip``) and digest.

    Parameters
    ----------
    path : Path
        Any file.

    Raises
    ------
    InputError
        If it is absent, a directory, not readable, empty or of no known kind.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as f:
                self.sha256 = hashlib.file_digest(f, "sha256").hexdigest()
                f.seek(0)
                head = f.read(4)
        except IsADirectoryError as err:
            raise self.error("a directory", "one file", "name the files in it") from err
        except FileNotFoundError as err:
            raise self.error("no such file", next_step="check the path") from err
        except (OSError, ValueError) as err:
            raise self.error(str(err)[:120], "a readable file", "check its permissions") from err
        self.gz = head[:2] == b"\x1f\x8b"
        self.kind = self._kind(self._peek())

    def error(
        self, got: str, wanted: str | None = None, next_step: str | None = None
    ) -> InputError:
        """Return an error that names this file."""
        return InputError(
            f"cannot read {self.path.name}", got=got, wanted=wanted, next_step=next_step
        )

    def _peek(self) -> bytes:
        with self._open() as f:
            try:
                return bytes(f.read(1 << 16))
            except (OSError, EOFError, zlib.error) as err:
                raise self.error(f"bad gzip: {err}"[:120], "a whole file") from err

    def _open(self) -> Any:
        return gzip.open(self.path) if self.gz else self.path.open("rb")

    def _kind(self, head: bytes) -> str:
        if not head.strip():
            raise self.error("an empty file", "at least one row", "check the export")
        if head[:4] == b"PAR1":
            return "parquet"
        if head[:4] == b"PK\x03\x04":
            return "zip"
        if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise self.error("UTF-16", "UTF-8", "save it as UTF-8")
        start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        if start[:1] == b"[":
            return "json"
        if start[:1] == b"{":
            return self._lines_or_document()
        if b"\0" in head:
            raise self.error("binary data", "JSON, JSON lines, CSV, Parquet or .eval")
        if self.path.name.removesuffix(".gz").endswith((".jsonl", ".ndjson")):
            return "jsonl"
        first = start.split(b"\n", 1)[0]
        if b"," in first:
            return "csv"
        raise self.error(repr(first[:40]), "JSON, JSON lines, CSV, Parquet or .eval")

    def _lines_or_document(self) -> str:
        for n, line in enumerate(self._lines()):
            if n > 50:
                break
            try:
                value = parse(line.decode("utf-8-sig"))
            except ValueError:
                continue
            if isinstance(value, dict) and value:
                return "jsonl"
        return "json" if not self.path.name.endswith((".jsonl", ".ndjson")) else "jsonl"

    def _lines(self) -> Iterator[bytes]:
        size = 0
        with self._open() as f:
            try:
                for line in f:
                    size += len(line)
                    if self.gz and size > MAX_BYTES:
                        raise self.error("more than 4 GiB unpacked", "a smaller file")
                    yield line
            except (OSError, EOFError, zlib.error) as err:
                raise self.error(f"cut short: {err}"[:120], "a whole file") from err

    def text(self) -> str:
        """Return the whole file as text.

        Raises
        ------
        InputError
            If it is not UTF-8.
        """
        data = b"".join(self._lines())
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as err:
            raise self.error(f"byte {err.start} is not UTF-8", "UTF-8", "re-encode it") from err

    def rows(self) -> Iterator[Row]:
        """Yield the rows, in order, each with its line (or row) number.

        Raises
        ------
        InputError
            If the file as a whole is broken.
        """
        yield from getattr(self, f"_{self.kind}")()

    def _jsonl(self) -> Iterator[Row]:
        for n, line in enumerate(self._lines(), 1):
            if n == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            if not line.strip():
                continue
            raw = line.rstrip(b"\r\n").decode("utf-8", "replace")
            try:
                yield Row(n, parse(line.decode("utf-8")), raw)
            except ValueError as err:
                yield Row(n, None, raw, bad=f"not JSON: {err}"[:200])

    def _json(self) -> Iterator[Row]:
        text = self.text()
        pos = _end(text, 0)
        try:
            if text[pos] != "[":
                value = parse(text)
                yield Row(1, value)
                return
            yield from self._array(text, pos)
        except (ValueError, IndexError) as err:
            raise self.error(
                f"broken JSON: {err}"[:160], "a whole JSON document", "check that it is complete"
            ) from err

    def _array(self, text: str, start: int) -> Iterator[Row]:
        line, seen, pos, rows = 1, 0, _end(text, start + 1), []
        if text[pos] == "]":
            raise self.error("an empty list", "at least one row", "check the export")
        while True:
            line += text.count("\n", seen, pos)
            seen = pos
            try:
                value, stop = _DECODER.raw_decode(text, pos)
            except RecursionError as err:
                raise ValueError("nested too deeply") from err
            rows.append(Row(line, value))
            pos = _end(text, stop)
            if text[pos] == "]":
                break
            if text[pos] != ",":
                raise ValueError(f"no comma at character {pos}")
            pos = _end(text, pos + 1)
        if _end(text, pos + 1) != len(text):
            raise ValueError(f"more after the list at character {pos + 1}")
        yield from rows

    def _csv(self) -> Iterator[Row]:
        reader = csv.DictReader(io.StringIO(self.text(), newline=""))
        try:
            for row in reader:
                bad = None
                if None in row or None in row.values():
                    bad = "the row has not as many fields as the header"
                value = {k: v for k, v in row.items() if k is not None}
                yield Row(reader.line_num, value, bad=bad)
        except csv.Error as err:
            raise self.error(str(err)[:120], "CSV with a header") from err

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the batches of a Parquet file.

        Raises
        ------
        InputError
            If it is broken.
        """
        try:
            with pq.ParquetFile(self.path) as f:
                yield from f.iter_batches(batch_size=8192)
        except (pa.ArrowException, OSError, ValueError, TypeError, MemoryError) as err:
            raise self.error(f"broken Parquet: {err}"[:160], "a whole Parquet file") from err

    def _parquet(self) -> Iterator[Row]:
        n = 0
        for batch in self.batches():
            try:
                values = batch.to_pylist()
            except (pa.ArrowException, ValueError, OverflowError) as err:
                raise self.error(f"broken Parquet: {err}"[:160]) from err
            for value in values:
                n += 1
                yield Row(n, value)

    def _zip(self) -> Iterator[Row]:
        try:
            with zipfile.ZipFile(self.path) as z:
                members = [i for i in z.infolist() if i.filename.endswith(".json")]
                if sum(i.file_size for i in members) > MAX_BYTES:
                    raise self.error("more than 4 GiB unpacked", "a smaller file")
                for n, info in enumerate(members, 1):
                    yield self._member(z, info, n)
        except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError) as err:
            raise self.error(f"broken zip: {err}"[:160], "an .eval file") from err
        except (RuntimeError, zlib.error, ValueError, OverflowError) as err:
            raise self.error(f"broken zip: {err}"[:160], "an .eval file") from err

    def _member(self, z: zipfile.ZipFile, info: zipfile.ZipInfo, n: int) -> Row:
        if info.file_size > MAX_MEMBER or info.file_size > MAX_RATIO * (info.compress_size + 512):
            raise self.error(f"{info.filename} unfolds to {info.file_size} bytes", "no zip bomb")
        with z.open(info) as f:
            data = f.read(MAX_MEMBER)
        raw = data.decode("utf-8", "replace")
        try:
            return Row(n, parse(data.decode("utf-8")), raw, where=info.filename)
        except ValueError as err:
            return Row(n, None, raw, bad=f"not JSON: {err}"[:200], where=info.filename)


def _end(text: str, pos: int) -> int:
    match = _SKIP.match(text, pos)
    return match.end() if match else pos
