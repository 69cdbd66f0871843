"""A row of a training set as the gate sees it: who wrote into it, through what, and when."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from hydrometer.errors import InputError

__all__ = ["HUMAN", "ROLES", "WRITER_SURFACES", "day_of", "parse_row", "parse_writer"]

ROLES = ("answer", "simulator", "judge", "rewriter", "prompt")
WRITER_SURFACES = ("api", "consumer", "weights")
HUMAN = "human"
"""Model name of a person: no model, no terms of a model."""

WRITER = (
    *("model", "role", "surface", "provider", "host", "aggregator", "account"),
    *("generated_at", "distilled_from"),
)
ROW = ("id", "writers", "dataset")
MOST_WRITERS, DEEPEST = 64, 8


@functools.lru_cache(maxsize=65536)
def day_of(text: str) -> date:
    """Return the day, in UTC, of a date or a time in ISO form.

    Raises
    ------
    InputError
        If it is neither.
    """
    try:
        if len(text) == 10:
            return date.fromisoformat(text)
        time = datetime.fromisoformat(text)
        return time.astimezone(UTC).date() if time.tzinfo else time.date()
    except (ValueError, OverflowError):
        raise InputError(
            "generated_at is no date", got=repr(text)[:40], wanted="2026-03-01"
        ) from None


def _fail(what: str, got: object, wanted: str) -> InputError:
    return InputError(what, got=repr(got)[:60], wanted=wanted)


def _name(value: str, what: str) -> str | None:
    """Return a name without space around it; None where nothing is left.

    Characters that nobody sees make a name look like another one, and lone
    surrogates cannot be written.
    """
    value = value.strip()
    if not value.isprintable():
        raise _fail(f"{what} holds characters that cannot be seen", value, "plain text")
    return value or None


def parse_writer(raw: object, depth: int = 0) -> dict[str, Any]:
    """Return a writer with every field, None where not recorded.

    ``surface`` stays as it is where it is no known one: the gate calls that
    unknown. Everything else that is wrong is an error.

    Raises
    ------
    InputError
        If a field is of the wrong kind or means nothing.
    """
    if not isinstance(raw, Mapping):
        raise _fail("a writer must be an object", raw, '{"model": ..., "role": ...}')
    if raw.get("distilled_from") is None:
        try:
            return _without_lineage(*raw, *raw.values()).copy()
        except TypeError:  # a value that is a list: told below
            pass
    return _parse(raw, depth)


@functools.lru_cache(maxsize=65536)
def _without_lineage(*flat: Any) -> dict[str, Any]:
    half = len(flat) // 2
    return _parse(dict(zip(flat[:half], flat[half:], strict=True)), 0)


def _parse(raw: Mapping[str, Any], depth: int) -> dict[str, Any]:
    if unknown := [k for k in raw if k not in WRITER]:
        raise _fail("a writer has fields that mean nothing", unknown, ", ".join(WRITER))
    made: dict[str, Any] = {}
    for name in WRITER[:-1]:
        value = raw.get(name)
        if value is not None and not isinstance(value, str):
            raise _fail(f"{name} of a writer must be text", value, "text or null")
        made[name] = _name(value, f"{name} of a writer") if value else None
    if made["model"] is None:
        raise _fail("a writer needs a model", raw.get("model"), "the model's name")
    if made["role"] not in ROLES:
        raise _fail("no such role", raw.get("role"), ", ".join(ROLES))
    if made["generated_at"] is not None:
        made["generated_at"] = day_of(made["generated_at"]).isoformat()
    lineage = raw.get("distilled_from")
    if lineage is not None and not isinstance(lineage, list | tuple):
        raise _fail("distilled_from must be a list of writers", lineage, "[{...}]")
    if lineage and depth >= DEEPEST:
        raise _fail("distilled_from is too deep", depth, f"at most {DEEPEST} levels")
    teachers = [{"role": "answer", **t} if isinstance(t, Mapping) else t for t in lineage or ()]
    made["distilled_from"] = tuple(parse_writer(t, depth + 1) for t in teachers)
    return made


@functools.lru_cache(maxsize=1024)
def _meant(field: str) -> str | None:
    """Return the field that a foreign one may have been meant for.

    Text, messages and whatever else a training set holds stand in its rows
    too, and are not ours; a misspelt ``dataset`` would open a row.
    """
    near = difflib.get_close_matches(field.casefold(), ROW[1:], 1, 0.75)
    return near[0] if near else None


def parse_row(raw: object) -> tuple[str, tuple[dict[str, Any], ...], str | None]:
    """Return id, writers and data set of a row; its other fields are left alone.

    Raises
    ------
    InputError
        If it is no row.
    """
    if not isinstance(raw, Mapping):
        raise _fail("a row must be an object", raw, '{"id": ..., "writers": [...]}')
    for k in raw:
        if k not in ROW and isinstance(k, str) and (meant := _meant(k)):
            raise _fail("a field of the row is misspelt", k, meant)
    name, writers, dataset = raw.get("id"), raw.get("writers"), raw.get("dataset")
    if not isinstance(name, str) or not name.strip():
        raise _fail("a row needs an id", name, "text")
    if not name.isascii() and any("\ud800" <= c <= "\udfff" for c in name):
        raise _fail("the id holds a lone surrogate", name, "valid Unicode")
    if not isinstance(writers, list | tuple):
        raise _fail("writers must be a list", writers, "[{...}]")
    if len(writers) > MOST_WRITERS:
        raise _fail("too many writers", len(writers), f"at most {MOST_WRITERS}")
    if dataset is not None and not isinstance(dataset, str):
        raise _fail("dataset must be text or null", dataset, "its name")
    made = tuple(parse_writer(w) for w in writers)
    return name, made, _name(dataset, "dataset") if dataset else None
