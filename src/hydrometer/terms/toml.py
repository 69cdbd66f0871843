"""Reading the small TOML files that people write: uses, consents, overrides."""

from __future__ import annotations

import difflib
import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from hydrometer.errors import InputError

__all__ = ["as_day", "as_text", "as_texts", "check_keys", "read_toml"]


def read_toml(path: Path, what: str) -> tuple[dict[str, Any], str]:
    """Return what a TOML file holds, and the SHA-256 of its bytes.

    Raises
    ------
    InputError
        If it cannot be read or is not TOML.
    """
    try:
        raw = path.read_bytes()
        return tomllib.loads(raw.decode("utf-8-sig")), hashlib.sha256(raw).hexdigest()
    except OSError as err:
        raise InputError(f"cannot read the {what} {path}", got=err.strerror or str(err)) from err
    except (ValueError, RecursionError) as err:  # numbers of any length, lists of any depth
        raise InputError(f"cannot read the {what} {path}", got=str(err), wanted="TOML") from err


def check_keys(raw: Mapping[str, Any], known: Iterable[str], what: str) -> None:
    """Refuse keys that mean nothing here, naming the nearest that do.

    Raises
    ------
    InputError
        With all of them.
    """
    known = tuple(known)
    unknown = [k for k in raw if k not in known]
    if unknown:
        near = [m for k in unknown for m in difflib.get_close_matches(k, known, 1)]
        raise InputError(
            f"the {what} has keys that mean nothing",
            got=", ".join(repr(k) for k in unknown),
            wanted=", ".join(near or known),
        )


def as_day(value: object, what: str) -> date:
    """Return a date from a TOML date, a TOML time or an ISO text.

    Raises
    ------
    InputError
        If it is none of them.
    """
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise InputError(
            f"{what} is no date", got=repr(value)[:40], wanted="a date such as 2026-08-14"
        ) from None


def as_text(value: object, what: str) -> str | None:
    """Return a text without space around it; None where nothing is given.

    Raises
    ------
    InputError
        If it is something else.
    """
    if value is None:
        return None
    if not isinstance(value, str):
        raise InputError(f"{what} is no text", got=repr(value)[:40], wanted="text in quotes")
    return value.strip() or None


def as_texts(value: object, what: str) -> tuple[str, ...]:
    """Return a list of texts; a single text is a list of one.

    Raises
    ------
    InputError
        If it is something else.
    """
    if value is None:
        return ()
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list | tuple) or not all(isinstance(v, str) for v in items):
        raise InputError(f"{what} is no list of texts", got=repr(value)[:40], wanted='["DE"]')
    return tuple(v.strip() for v in items if v.strip())
