"""Read a log of any known format: which reader takes it, and what became of each row."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydrometer.errors import InputError, SchemaError
from hydrometer.exchange import Exchange
from hydrometer.finding import Digest
from hydrometer.store.readers import (
    alpaca_eval,
    answers,
    exchange,
    inspect_ai,
    litellm,
    openai_chat,
    otlp,
    simple,
    zeroeval,
)
from hydrometer.store.readers.check import fits
from hydrometer.store.readers.files import Opened
from hydrometer.store.readers.rows import Context, Row

__all__ = ["FORMATS", "Format", "ReadResult", "Rejected", "read", "stream"]

MAX_RAW = 10_000
"""Characters of a bad row that quarantine keeps."""


@dataclass(frozen=True)
class Format:
    """A log format: how to know it and how to read one row of it."""

    name: str
    sniff: Callable[[Any], bool]
    convert: Callable[[Row, Context], list[Exchange]]
    expand: Callable[[Iterator[Row]], Iterator[Row]] | None = None


FORMATS: dict[str, Format] = {
    f.name: f
    for f in (
        Format("exchange", exchange.sniff, exchange.convert),
        Format("otlp", otlp.sniff, otlp.convert, otlp.expand),
        Format("inspect", inspect_ai.sniff, inspect_ai.convert, inspect_ai.expand),
        Format("litellm", litellm.sniff, litellm.convert),
        Format("zeroeval", zeroeval.sniff, zeroeval.convert),
        Format("alpaca_eval", alpaca_eval.sniff, alpaca_eval.convert),
        Format("answers", answers.sniff, answers.convert),
        Format("openai", openai_chat.sniff, openai_chat.convert),
        Format("simple", simple.sniff, simple.convert),
    )
}
"""Readers by name, in the order in which they are asked."""


@dataclass(frozen=True)
class Rejected:
    """A row that could not be read: where it stands, why, and its text (cut at 10 kB)."""

    source: str
    line: int
    reason: str
    raw: str


@dataclass(frozen=True)
class ReadResult:
    """What a file held.

    ``rows`` counts the rows of the file: each gave exchanges or one `Rejected`.
    """

    exchanges: list[Exchange]
    rows: int
    rejected: list[Rejected]
    digest: Digest
    format: str


def read(
    path: str | Path,
    *,
    format: str | None = None,
    model: str | None = None,
    prompts: Mapping[str, str] | str | Path | None = None,
    quarantine: str | Path | None = None,
    pseudonym_key: bytes | None = None,
) -> ReadResult:
    """Read a file of exchanges in any known format.

    Parameters
    ----------
    path : str or Path
        JSON, JSON lines, CSV, Parquet or ``.eval``; text may be gzipped.
    format : str or None
        Name of a format in `FORMATS`; None finds it from the content.
    model : str or None
        Model of the rows that name none.
    prompts : mapping, str, Path or None
        Prompt by id, or a table with the columns ``prompt_id`` and ``prompt``;
        None takes ``prompts.parquet`` beside the file where there is one.
    quarantine : str, Path or None
        JSON-lines file to which bad rows are appended.
    pseudonym_key : bytes or None
        Secret for the account pseudonyms; without it no account is kept.

    Returns
    -------
    ReadResult
        The exchanges, and every row that gave none.

    Raises
    ------
    InputError
        If the file as a whole cannot be read, or none of its rows can.
    """
    opened = Opened(Path(path))
    found = _format(opened, format)
    context = Context(opened.path.name, model, _prompts(opened, found, prompts), pseudonym_key)
    exchanges: list[Exchange] = []
    rejected: list[Rejected] = []
    rows = 0
    for item in stream(opened, found, context):
        rows += 1
        if isinstance(item, Rejected):
            rejected.append(item)
        else:
            exchanges.extend(item)
    if quarantine is not None and rejected:
        _write_quarantine(Path(quarantine), rejected)
    if not exchanges:
        raise InputError(
            f"no row of {opened.path.name} could be read as {found.name}",
            got=rejected[0].reason if rejected else "no model call",
            wanted=f"rows in the format {found.name}",
            next_step="name the format with format=, or see the quarantine file",
        )
    digest = Digest(
        opened.path.name, opened.sha256, rows=len(exchanges), quarantined=len(rejected)
    )
    return ReadResult(exchanges, rows, rejected, digest, found.name)


def stream(opened: Opened, found: Format, context: Context) -> Iterator[list[Exchange] | Rejected]:
    """Yield, for each row in order, its exchanges or why it gave none.

    Raises
    ------
    InputError
        If the file as a whole cannot be read.
    """
    rows = opened.rows()
    for row in found.expand(rows) if found.expand else rows:
        source = f"{context.name}:{row.where or row.line}"
        try:
            if row.bad is not None:
                raise SchemaError(row.bad)
            out = found.convert(row, context)
            yield [fits(e if e.source is not None else _sourced(e, source)) for e in out]
        except SchemaError as err:
            yield Rejected(source, row.line, str(err), _raw(row))


def _sourced(exchange: Exchange, source: str) -> Exchange:
    """Set the source in place: cheaper than a copy, before anyone else holds it."""
    object.__setattr__(exchange, "source", source)
    return exchange


def _raw(row: Row) -> str:
    raw = row.raw
    if raw is None:
        try:
            raw = json.dumps(row.value, ensure_ascii=True, default=str)
        except (ValueError, TypeError, RecursionError):
            raw = "<cannot be shown>"
    return raw[:MAX_RAW].encode("utf-8", "replace").decode()


def _write_quarantine(path: Path, rejected: list[Rejected]) -> None:
    try:
        with path.open("a", encoding="utf-8") as f:
            for r in rejected:
                row = {"source": r.source, "line": r.line, "reason": r.reason, "raw": r.raw}
                f.write(json.dumps(row, ensure_ascii=True) + "\n")
    except OSError as err:
        raise InputError(f"cannot write the quarantine file {path.name}", got=str(err)) from err


def _format(opened: Opened, name: str | None) -> Format:
    if name is not None:
        if name not in FORMATS:
            raise InputError("unknown format", got=repr(name), wanted=", ".join(FORMATS))
        return FORMATS[name]
    if opened.kind == "zip":
        return FORMATS["inspect"]
    keys = "no readable row"
    for n, row in enumerate(opened.rows()):
        if n > 50:
            break
        if row.bad is None:
            for candidate in FORMATS.values():
                if candidate.sniff(row.value):
                    return candidate
            shown = list(row.value)[:8] if isinstance(row.value, dict) else row.value
            keys = f"first row with {shown!r}"[:160].encode("utf-8", "replace").decode()
    raise opened.error(keys, "one of " + ", ".join(FORMATS), "name the format with format=")


def _prompts(
    opened: Opened, found: Format, given: Mapping[str, str] | str | Path | None
) -> Mapping[str, str]:
    if isinstance(given, Mapping):
        return given
    if given is None:
        beside = opened.path.parent / "prompts.parquet"
        if found.name != "answers" or not beside.is_file() or beside == opened.path:
            return {}
        given = beside
    table = Opened(Path(given))
    out: dict[str, str] = {}
    for row in table.rows():
        v = row.value
        if isinstance(v, dict) and isinstance(v.get("prompt"), str) and "prompt_id" in v:
            out[str(v["prompt_id"])] = v["prompt"]
    if not out:
        raise table.error("no prompts", "the columns prompt_id and prompt")
    return out
