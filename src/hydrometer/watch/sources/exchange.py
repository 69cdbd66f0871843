"""Our own exchanges as JSON lines, row by row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from hydrometer.errors import SchemaError
from hydrometer.watch.observation import Observation
from hydrometer.watch.sources.attribution import Attribution
from hydrometer.watch.sources.build import Attributor, Getter, hashed_id, no_time, request_id
from hydrometer.watch.sources.decoded import Decoded, reject
from hydrometer.watch.sources.lines import documents
from hydrometer.watch.sources.prompt import prompt_of
from hydrometer.watch.sources.values import (
    boolean,
    find,
    integer,
    micros,
    number,
    status_of,
    text_of,
)

__all__ = ["decode", "decode_lines", "sniff"]


def sniff(row: Mapping[str, Any]) -> bool:
    """Return whether a row is an exchange of somebody at some time."""
    return "time" in row and ("account" in row or "prompt" in row)


@lru_cache(maxsize=16)
def _attributor(attribution: Attribution) -> Attributor:
    return Attributor(attribution, attribution.exchange, _getter)


def _getter(path: str) -> Getter:
    return lambda row: find(row, path)


def decode(body: bytes, *, attribution: Attribution, source: str) -> Decoded:
    """Return the observations of a body: JSON lines, an array or one object.

    Raises
    ------
    InputError
        If the body is empty, or an array that is not JSON.
    """
    return decode_lines(documents(body), attribution=attribution, source=source)


def decode_lines(
    lines: Iterator[tuple[int, bytes]], *, attribution: Attribution, source: str
) -> Decoded:
    """Return the observations of numbered lines, one exchange each."""
    who, out = _attributor(attribution), Decoded()
    for line, raw in lines:
        try:
            out.observations.append(_observation(msgspec.json.decode(raw), who))
        except SchemaError as err:
            out.rejected.append(reject(source, line, str(err), raw))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as err:
            out.rejected.append(reject(source, line, f"not JSON; got: {err}"[:200], raw))
    return out


def _observation(row: Any, who: Attributor) -> Observation:
    if not isinstance(row, dict):
        raise SchemaError("the row is not an object", got=type(row).__name__)
    account = who.account(row)
    time = micros(row.get("time"))
    if time is None:
        raise no_time("time")
    asked = row.get("sampling")
    if not isinstance(asked, dict):
        asked = {}
    rest = (
        text_of(row.get("model")) or "",
        *prompt_of(row.get("prompt")),
        integer(row.get("tokens_in")),
        integer(row.get("tokens_out")),
        integer(asked.get("max_tokens")),
        number(asked.get("temperature")),
        number(asked.get("top_p")),
        status_of(row.get("status")),
        boolean(row.get("stream")),
        boolean(row.get("tools")),
        True if row.get("logprobs") else None,
        integer(row.get("choices")),
    )
    known = text_of(row.get("id"))
    links = who.links(row)
    request = request_id(known, account, time) if known else hashed_id((account, time, *rest))
    return Observation(request, account, time, *rest, links)
