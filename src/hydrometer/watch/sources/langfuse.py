"""Rows of Langfuse's ``observations``, with the user and session of their trace.

References
----------
Langfuse 3, ClickHouse migrations ``0001_traces`` and ``0002_observations``: ``id, trace_id,
project_id, type, start_time, metadata, input, provided_model_name, model_parameters,
usage_details, level``; ``user_id`` and ``session_id`` stand on ``traces``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

from hydrometer.errors import SchemaError
from hydrometer.watch.observation import Observation
from hydrometer.watch.sources.attribution import Attribution
from hydrometer.watch.sources.build import Attributor, Getter, no_time, request_id
from hydrometer.watch.sources.decoded import Decoded, reject
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

__all__ = ["add_row"]


@lru_cache(maxsize=16)
def _attributor(attribution: Attribution) -> Attributor:
    return Attributor(attribution, attribution.langfuse, _getter)


def _getter(path: str) -> Getter:
    return lambda row: find(row, path)


def add_row(out: Decoded, row: Mapping[str, Any], line: int, *, attribution: Attribution) -> None:
    """Add what one row of ``observations`` gives; one that is no model call is counted.

    The row has besides its own columns ``user_id`` and ``session_id`` of its trace.
    """
    if row.get("type", "GENERATION") != "GENERATION" or integer(row.get("is_deleted")):
        out.skipped += 1
        return
    try:
        out.observations.append(_observation(row, _attributor(attribution)))
    except SchemaError as err:
        raw = msgspec.json.encode(row)
        out.rejected.append(reject("observations", line, str(err), raw))


def _observation(row: Mapping[str, Any], who: Attributor) -> Observation:
    account = who.account(row)
    time = micros(row.get("start_time"))
    if time is None:
        raise no_time("start_time")

    def asked(name: str) -> Any:
        return find(row.get("model_parameters"), name)

    def used(name: str) -> int | None:
        return integer(find(row.get("usage_details"), name))

    limit = asked("max_tokens")
    return Observation(
        request_id(row.get("id"), account, time),
        account,
        time,
        text_of(row.get("provided_model_name")) or "",
        *prompt_of(row.get("input")),
        used("input"),
        used("output"),
        integer(asked("max_completion_tokens") if limit is None else limit),
        number(asked("temperature")),
        number(asked("top_p")),
        status_of(None, failed=row.get("level") == "ERROR"),
        boolean(asked("stream")),
        True if asked("tools") else None,
        boolean(asked("logprobs")),
        integer(asked("n")),
        who.links(row),
    )
