"""Lenient reading of single values: what cannot be read counts as not recorded."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from hydrometer.exchange import STATUSES

__all__ = ["boolean", "find", "integer", "micros", "number", "status_of", "text_of"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_INT64 = 2**63


def text_of(value: object) -> str | None:
    """Return an identifier as text: text or an integer, or a list of just one.

    Examples
    --------
    >>> text_of(" a "), text_of(7), text_of(["b"]), text_of(""), text_of({})
    ('a', '7', 'b', None, None)
    """
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < _INT64 else None
    if isinstance(value, (list, tuple)) and len(value) == 1 and not isinstance(value[0], list):
        return text_of(value[0])
    return None


def integer(value: object) -> int | None:
    """Return a count: an integer of 64 bits, not negative; text and ``3.0`` too."""
    if type(value) is int:
        return value if 0 <= value < _INT64 else None
    if isinstance(value, str) and value.isdecimal() and len(value) < 20:
        return integer(int(value))  # nanoseconds do not fit a float
    found = number(value)
    return int(found) if found is not None and 0 <= found < 2**53 else None


def number(value: object) -> float | None:
    """Return a finite number, also from text."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def boolean(value: object) -> bool | None:
    """Return a truth value, also from 0, 1 and the words true and false."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return {"true": True, "1": True, "false": False, "0": False}.get(value.lower())
    return bool(value) if isinstance(value, int) and value in (0, 1) else None


def micros(value: object) -> int | None:
    """Return microseconds since 1970 from a time; 0 is *not recorded*.

    Numbers are seconds, or by their size milliseconds, microseconds or nanoseconds. Text is
    ISO 8601, or such a number; a time without a zone is UTC, as databases print it.

    Examples
    --------
    >>> micros(1.5), micros("1970-01-01T00:00:01.5Z"), micros("1970-01-01 00:00:01.500")
    (1500000, 1500000, 1500000)
    >>> micros(1_700_000_000_000), micros("yesterday"), micros(0)
    (1700000000000000, None, None)
    """
    if type(value) is float or type(value) is int:
        return _scaled(value)
    if isinstance(value, str):
        try:
            return _since(datetime.fromisoformat(value))
        except ValueError:
            try:
                return _scaled(int(value) if value.isdecimal() else float(value))
            except (ValueError, OverflowError):
                return None
    return _since(value) if isinstance(value, datetime) else None


def _since(value: datetime) -> int | None:
    if value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    return (value - _EPOCH) // _MICROSECOND or None


def _scaled(value: float) -> int | None:
    size = abs(value)
    if not size < 1e20:  # also NaN
        return None
    if size < 1e11:
        return round(value * 1e6) or None
    if size < 1e14:
        return round(value * 1000)
    return int(value) if size < 1e17 else int(value) // 1000


def find(value: object, path: str) -> Any:
    """Return what stands at a dotted path; keys may hold dots, and objects may be JSON text.

    Examples
    --------
    >>> find({"user.id": "a"}, "user.id"), find({"m": '{"k": {"x": 1}}'}, "m.k.x")
    ('a', 1)
    >>> find({"m": 3}, "m.k") is None
    True
    """
    if isinstance(value, str) and value[:1] == "{":
        try:
            value = msgspec.json.decode(value)
        except (msgspec.DecodeError, RecursionError):
            return None
    if not isinstance(value, Mapping):
        return None
    if path in value:
        return value[path]
    dot = path.find(".")
    while dot > 0:
        if path[:dot] in value:
            found = find(value[path[:dot]], path[dot + 1 :])
            if found is not None:
                return found
        dot = path.find(".", dot + 1)
    return None


_FINISH = {
    "length": "truncated",
    "max_tokens": "truncated",
    "model_length": "truncated",
    "content_filter": "filtered",
}


def status_of(finish: object, *, failed: bool = False, code: object = None) -> str:
    """Return the status of an exchange from its finish reason, or from its failure.

    Examples
    --------
    >>> status_of("length"), status_of("stop"), status_of(None, failed=True, code="429")
    ('truncated', 'ok', 'throttled')
    """
    if failed:
        return "throttled" if str(code) == "429" else "error"
    if isinstance(finish, str):
        return finish if finish in STATUSES else _FINISH.get(finish, "ok")
    return "ok"
