"""One line on stderr, where a person is looking and the wait is long."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TextIO

__all__ = ["Progress"]


class Progress:
    """Counts on a terminal, once more than two seconds have passed; else nothing.

    Parameters
    ----------
    stream : TextIO
        Where to write.
    monotonic : callable
        Seconds on a clock that never goes back.
    """

    def __init__(self, stream: TextIO, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._monotonic = stream, monotonic
        self._begun = self._shown = monotonic()
        self._first: int | None = None
        self._on = False

    def __call__(self, done: int, total: int) -> None:
        """Say how many of how many are done."""
        now = self._monotonic()
        if self._first is None:
            self._first = done - 1
        late = now - self._begun > 2.0 and (now - self._shown > 0.2 or done == total)
        if not late or not self._stream.isatty():
            return
        self._shown, self._on = now, True
        left = (total - done) * (now - self._begun) / max(done - self._first, 1)
        filled = 30 * done // max(total, 1)
        bar = "#" * filled + "-" * (30 - filled)
        self._stream.write(f"\r[{bar}] {done}/{total}, {left:.0f} s left ")
        self._stream.flush()

    def close(self) -> None:
        """End the line."""
        if self._on:
            self._stream.write("\n")
            self._stream.flush()
