"""From a body or a file in any known format to observations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hydrometer.watch.sources.attribution import Attribution
from hydrometer.watch.sources.decoded import Decoded

__all__ = ["BODIES", "FILES", "Decoded", "decode", "read_files"]

BODIES = ("litellm", "otlp-traces", "otlp-logs", "jsonl")
"""Formats of an HTTP body."""

FILES = ("litellm", "otlp", "exchange")
"""Formats of a file."""


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

    Raises
    ------
    InputError
        If the format is unknown, or the body as a whole cannot be read.
    """
    raise NotImplementedError


def read_files(
    path: str | Path,
    format: str | None = None,
    *,
    attribution: Attribution,
    batch: int = 4096,
) -> Iterator[Decoded]:
    """Yield what files hold, in parts of at most about ``batch`` rows.

    Raises
    ------
    InputError
        If there is no such file, or it cannot be read.
    """
    raise NotImplementedError
