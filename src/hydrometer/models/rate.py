"""How fast to ask, and how long to wait after a refusal."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import numpy as np

from hydrometer.errors import InputError

__all__ = ["Limiter", "backoff", "parse_duration", "wait_asked"]

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")


def backoff(
    attempt: int, *, rng: np.random.Generator, base: float = 0.5, cap: float = 60.0
) -> float:
    """Return the seconds to wait before the next attempt: exponential, full jitter.

    Parameters
    ----------
    attempt : int
        Number of attempts that failed so far, from 0.
    rng : numpy.random.Generator
        Source of the jitter.
    base, cap : float
        Seconds: the range of the first wait, and of the longest.

    Returns
    -------
    float
        Uniform between 0 and ``min(cap, base * 2 ** attempt)``.

    Examples
    --------
    >>> 0 <= backoff(3, rng=np.random.default_rng(0), base=1.0) <= 8
    True
    """
    return float(rng.uniform(0.0, min(cap, base * 2.0 ** min(attempt, 32))))


def parse_duration(text: str) -> float | None:
    """Return the seconds of ``"6m0s"``, ``"20ms"`` or ``"1.5"``; None for anything else.

    Examples
    --------
    >>> parse_duration("6m0s"), parse_duration("20ms"), parse_duration("soon")
    (360.0, 0.02, None)
    """
    text = text.strip().lower()
    try:
        seconds = float(text)
    except ValueError:
        parts = _PART.findall(text)
        if not parts or "".join(n + u for n, u in parts) != text:
            return None
        seconds = sum(float(n) * _UNITS[u] for n, u in parts)
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _until(text: str, now: datetime) -> float | None:
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0.0, (when - now).total_seconds())


def wait_asked(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Return the seconds that the server asks us to wait, None where it asks nothing.

    Parameters
    ----------
    headers : mapping of str to str
        Headers of the answer, names in lower case.
    now : datetime
        The present, timezone-aware: ``Retry-After`` may be a date.

    Returns
    -------
    float or None
        From ``retry-after-ms``, ``retry-after``, or the
        ``x-ratelimit-reset-*`` of a quota of which nothing remains.

    Examples
    --------
    >>> wait_asked({"retry-after": "7"}, now=datetime(2026, 1, 1, tzinfo=UTC))
    7.0
    """
    if "retry-after-ms" in headers:
        millis = parse_duration(headers["retry-after-ms"])
        if millis is not None:
            return millis / 1000.0
    if "retry-after" in headers:
        text = headers["retry-after"]
        seconds = parse_duration(text)
        return seconds if seconds is not None else _until(text, now)
    waits = []
    for what in ("requests", "tokens"):
        if headers.get(f"x-ratelimit-remaining-{what}", "").strip() == "0":
            reset = parse_duration(headers.get(f"x-ratelimit-reset-{what}", ""))
            if reset is not None:
                waits.append(reset)
    return max(waits, default=None)


class Limiter:
    """Spaces the starts of requests, and holds all of them when the server says so.

    Parameters
    ----------
    rpm : float or None
        Requests a minute; None for no limit.

    Raises
    ------
    InputError
        If the limit is not a positive number.
    """

    def __init__(self, rpm: float | None = None) -> None:
        if rpm is not None and not (math.isfinite(rpm) and rpm > 0):
            raise InputError("cannot limit the rate", got=f"--rpm {rpm}", wanted="more than 0")
        self._gap = 0.0 if rpm is None else 60.0 / rpm
        self._next = 0.0

    async def acquire(self) -> None:
        """Wait for this request's turn."""
        loop = asyncio.get_running_loop()
        while True:
            now = loop.time()
            if now >= self._next:
                self._next = now + self._gap
                return
            if self._gap:
                turn, self._next = self._next, self._next + self._gap
                await asyncio.sleep(turn - now)
                return
            await asyncio.sleep(self._next - now)

    def pause(self, seconds: float) -> None:
        """Start nothing for this long."""
        self._next = max(self._next, asyncio.get_running_loop().time() + seconds)
