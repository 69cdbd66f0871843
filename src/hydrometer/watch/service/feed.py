"""The engine's side of the scanner: it asks for rows by number, and the log is the queue."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import pyarrow as pa

from hydrometer.errors import StoreError
from hydrometer.watch.service import wire

__all__ = ["Log", "serve", "slices"]

ROWS = 65_536
"""Rows of a frame."""


class Log(Protocol):
    """What the engine needs of a log; `hydrometer.store.log.EventLog` is the one in use."""

    @property
    def rows(self) -> int:
        """Rows held."""

    @property
    def next_row(self) -> int:
        """Number of the next new row."""

    def append(self, batch: pa.RecordBatch | pa.Table) -> int:
        """Add rows whose id is new; they are on the disk when this returns."""

    def tail(
        self, since_row: int = 0, *, batch_size: int = 4096
    ) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Yield rows in the order of appending, each batch with the number to go on from."""

    def scan(
        self, begin: int | None = None, end: int | None = None, *, columns: Sequence[str] | None
    ) -> Iterator[pa.RecordBatch]:
        """Yield rows by time."""

    def prune(self, before: int) -> int:
        """Remove rows by time."""

    def close(self) -> None:
        """Close the file."""


def slices(log: Log, since: int, upto: int | None = None) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Yield the rows from one number to another.

    Numbers may have gaps where rows were pruned; then rather a row too few than one too many.
    """
    for after, batch in log.tail(since, batch_size=ROWS):
        if upto is not None and after > upto:
            keep = upto - (after - batch.num_rows)
            if keep > 0:
                yield upto, batch.slice(0, keep)
            return
        yield after, batch


def serve(
    sock: socket.socket,
    log: Log,
    now: Callable[[], int],
    tell: Callable[[dict[str, Any], bytes], None],
) -> None:
    """Answer the scanner until it is gone; pass on what it tells.

    Parameters
    ----------
    sock : socket
        To the scanner.
    log : Log
        Read from this thread while another appends.
    now : callable
        The time as the front has it, microseconds since 1970 UTC.
    tell : callable
        Passes a frame on to the front.
    """
    try:
        while (frame := wire.receive(sock)) is not None:
            header, body = frame
            if header["kind"] != "rows":
                tell(header, body)
                continue
            row = int(header["since"])
            try:
                for after, batch in slices(log, row, header.get("upto")):
                    wire.send(sock, {"kind": "rows"}, batch.serialize().to_pybytes())
                    row = after
            except StoreError as err:
                # The log opens itself anew on the next call; the scanner asks again.
                sys.stderr.write(f"hydrometer watch: {err}\n")
            wire.send(sock, {"kind": "end", "row": row, "now": now(), "rows": log.rows})
    except OSError:
        return  # the scanner is gone; its successor begins anew
