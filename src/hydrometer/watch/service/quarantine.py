"""Rows that gave no event: set aside with their reason, and by default without their text."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from hydrometer.errors import StoreError
from hydrometer.watch.observation import Rejected

__all__ = ["Quarantine"]

LARGEST = 64 << 20
"""Bytes after which the file becomes ``NAME.1`` and a new one begins: a flood of bad rows must
not fill the disk. They are all counted, whatever is kept of them."""


class Quarantine:
    """A file of JSON lines.

    Parameters
    ----------
    path : Path
    keep : bool
        Whether the raw row is kept; it may hold a prompt or an identifier.
    largest : int
        Bytes of the file before it is turned over.
    """

    def __init__(self, path: Path, *, keep: bool = False, largest: int = LARGEST) -> None:
        self._path, self._keep, self._largest = path, keep, largest

    def add(self, rows: Iterable[Rejected], *, arrival: int) -> None:
        """Write the rows; they are on the disk when this returns.

        Parameters
        ----------
        rows : iterable of Rejected
        arrival : int
            When their body came, microseconds since 1970 UTC.

        Raises
        ------
        StoreError
            If they cannot be written.
        """
        lines = [self._line(row, arrival) for row in rows]
        if not lines:
            return
        try:
            if self._path.exists() and self._path.stat().st_size > self._largest:
                self._path.replace(self._path.with_name(self._path.name + ".1"))
            handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(handle, "ab") as f:
                f.write("".join(lines).encode("utf-8"))
                f.flush()
                os.fsync(f.fileno())
        except OSError as err:
            raise StoreError(
                "the quarantine could not be written",
                got=str(err)[:160],
                next_step="free space on the disk; send the same rows again",
            ) from err

    def _line(self, row: Rejected, arrival: int) -> str:
        raw = row.raw.encode("utf-8", "replace")
        told = {
            "arrival": arrival,
            "source": row.source,
            "line": row.line,
            "reason": row.reason if self._keep else row.reason.split("; got: ", 1)[0],
            "sha256": sha256(raw).hexdigest(),
            "length": len(raw),
        }
        if self._keep:
            told["raw"] = row.raw
        return json.dumps(told, ensure_ascii=False) + "\n"
