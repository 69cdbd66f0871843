"""The file that a recording run appends to, so that a killed run loses nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from datetime import UTC
from pathlib import Path
from types import TracebackType
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from hydrometer.errors import HydrometerError, InputError
from hydrometer.exchange import Exchange, from_batch, from_record, to_record, to_table

__all__ = ["Journal", "read_exchanges", "to_line", "write_exchanges"]


def to_line(exchange: Exchange) -> bytes:
    """Return the exchange as one line of JSON, with the line's end.

    Examples
    --------
    >>> from hydrometer.exchange import Message
    >>> line = to_line(Exchange((Message("user", "Hi"),), "Hello", "m"))
    >>> from_record(json.loads(line)).response
    'Hello'
    """
    row = to_record(exchange)
    row["headers"] = dict(exchange.headers)
    if exchange.time is not None:
        row["time"] = exchange.time.astimezone(UTC).isoformat()
    return (json.dumps(row, ensure_ascii=True, allow_nan=False) + "\n").encode("ascii")


def _write_whole(path: Path, exchanges: Iterable[Exchange]) -> None:
    temporary = path.with_name(path.name + ".tmp")
    if path.suffix == ".parquet":
        pq.write_table(to_table(exchanges), temporary, compression="zstd")
    else:
        with open(temporary, "wb") as file:
            file.writelines(to_line(e) for e in exchanges)
    with open(temporary, "rb") as file:
        os.fsync(file.fileno())
    os.replace(temporary, path)


def write_exchanges(path: str | Path, exchanges: Iterable[Exchange]) -> None:
    """Write a whole file at once: the old one or the new one, never half.

    Parameters
    ----------
    path : str or Path
        ``.parquet``, or anything else for JSONL.
    exchanges : iterable of Exchange
        In the order of the file.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    try:
        _write_whole(Path(path), exchanges)
    except OSError as err:
        raise InputError(f"cannot write {path}", got=str(err)[:160]) from err


def read_exchanges(path: str | Path) -> list[Exchange]:
    """Return the exchanges of a file that `Journal` wrote, and change nothing.

    A last line that is torn is left out: a run may be writing it.

    Raises
    ------
    InputError
        If the file cannot be read, or a line of it is no exchange.
    """
    path = Path(path)
    try:
        if path.suffix == ".parquet":
            return from_batch(pq.read_table(path))
        lines = path.read_bytes().splitlines(keepends=True)
    except (OSError, pa.ArrowException) as err:
        raise InputError(f"cannot read {path}", got=str(err)[:160]) from err
    found = []
    for number, line in enumerate(lines, 1):
        exchange = _read_line(line)
        if exchange is not None:
            found.append(exchange)
        elif line.strip() and line.endswith(b"\n"):
            raise InputError(
                f"{path}:{number} is not an exchange", wanted="a file that `hydrometer ask` wrote"
            )
    return found


class Journal:
    """Recorded exchanges, one JSON line each, appended and flushed to the disk.

    A last line that a killed run left torn, and any line that cannot be read,
    is moved to ``<file>.quarantine``.

    Parameters
    ----------
    out : str or Path
        Where the exchanges go. A ``.jsonl`` file is its own journal; for
        ``.parquet`` the journal lies beside it until the run is over.

    Raises
    ------
    InputError
        If the file cannot be used, is not made of exchanges, or another run
        is writing it.
    """

    def __init__(self, out: str | Path) -> None:
        self.out = Path(out)
        if self.out.suffix not in (".jsonl", ".parquet"):
            raise InputError(
                "cannot tell the format of the output", got=str(out)[:80],
                wanted="a name that ends in .jsonl or .parquet",
            )  # fmt: skip
        self.parquet = self.out.suffix == ".parquet"
        self.path = self.out.with_name(self.out.name + ".journal") if self.parquet else self.out
        self.quarantined = 0
        self.exchanges: list[Exchange] = []
        try:
            self.out.parent.mkdir(parents=True, exist_ok=True)
            self._file: IO[bytes] = open(self.path, "a+b")  # noqa: SIM115 (closed by close)
        except OSError as err:
            raise InputError(f"cannot use {out}", got=str(err)[:160]) from err
        try:
            _lock(self._file, self.path)
            if self.parquet and self.out.exists():
                self.exchanges += from_batch(pq.read_table(self.out))
            self._load()
        except HydrometerError:
            self._file.close()
            raise
        except (OSError, pa.ArrowException) as err:
            self._file.close()
            raise InputError(f"cannot use {out}", got=str(err)[:160]) from err

    def _load(self) -> None:
        self._file.seek(0)
        bad: list[bytes] = []
        good: list[bytes] = []
        torn = False
        for line in self._file:
            exchange = _read_line(line)
            if exchange is not None and line.endswith(b"\n"):
                good.append(line)
                self.exchanges.append(exchange)
            elif exchange is not None:  # whole but for the line's end
                good.append(line + b"\n")
                self.exchanges.append(exchange)
                torn = True
            elif line.strip():
                bad.append(line)
        if bad and not good and bad[0].endswith(b"\n"):
            raise InputError(
                f"{self.path} is not a file of exchanges",
                got=f"{len(bad)} lines that cannot be read",
                next_step="give --out a new name",
            )
        if bad:
            with open(self.path.with_name(self.path.name + ".quarantine"), "ab") as file:
                file.writelines(b if b.endswith(b"\n") else b + b"\n" for b in bad)
                file.flush()
                os.fsync(file.fileno())
            self.quarantined = len(bad)
        if bad or torn:
            temporary = self.path.with_name(self.path.name + ".tmp")
            temporary.write_bytes(b"".join(good))
            os.replace(temporary, self.path)
            self._file.close()
            self._file = open(self.path, "a+b")  # noqa: SIM115
            _lock(self._file, self.path)

    def append(self, exchange: Exchange) -> None:
        """Record one exchange; it is on the disk when this returns.

        Raises
        ------
        InputError
            If the disk is full or gone.
        """
        try:
            self._file.write(to_line(exchange))
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as err:
            raise InputError(f"cannot write {self.path}", got=str(err)[:160]) from err
        self.exchanges.append(exchange)

    def finish(self, exchanges: list[Exchange]) -> None:
        """Replace the file by these exchanges, in this order.

        Raises
        ------
        InputError
            If the file cannot be written.
        """
        if self.parquet or exchanges != self.exchanges:
            write_exchanges(self.out, exchanges)
        if self.parquet:
            self.path.unlink(missing_ok=True)
        self.exchanges = list(exchanges)

    def close(self) -> None:
        """Let go of the file; an empty journal is not left behind.

        Raises
        ------
        InputError
            If the disk is full: what was reported as recorded is there.
        """
        try:
            self._file.close()
        except OSError as err:
            raise InputError(f"cannot write {self.path}", got=str(err)[:160]) from err
        if self.path.exists() and not self.path.stat().st_size:
            self.path.unlink()

    def __iter__(self) -> Iterator[Exchange]:
        return iter(self.exchanges)

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _read_line(line: bytes) -> Exchange | None:
    try:
        row = json.loads(line)
        return from_record(row) if isinstance(row, dict) else None
    except (ValueError, RecursionError, HydrometerError):
        return None


def _lock(file: IO[bytes], path: Path) -> None:
    """Refuse a second run on one file, where the system can."""
    try:
        import fcntl
    except ImportError:  # pragma: no cover (not a POSIX system)
        return
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as err:
        raise InputError(
            f"another run is writing {path}", next_step="wait for it, or give --out another name"
        ) from err
