"""One model call in OpenTelemetry's words to an observation: GenAI, old and new, OpenInference.

References
----------
open-telemetry/semantic-conventions-genai: ``gen_ai.input.messages`` and
``gen_ai.system_instructions`` on a span or on the event
``gen_ai.client.inference.operation.details``. Semantic conventions up to 1.36, "GenAI events":
``gen_ai.{system,user,assistant,tool}.message``, ``gen_ai.choice``. OpenInference semantic
conventions 0.1: ``llm.input_messages.{i}.message.role`` and the like.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from hydrometer.errors import SchemaError
from hydrometer.watch.observation import Observation
from hydrometer.watch.sources.build import Attributor, no_time, request_id
from hydrometer.watch.sources.prompt import NOTHING, Prompt, content_of, prompt_of
from hydrometer.watch.sources.values import boolean, integer, number, status_of, text_of

__all__ = ["Call", "is_call", "observation"]

_CALLS = frozenset({"chat", "text_completion", "generate_content"})
_FLAT = re.compile(
    r"(?:llm\.input_messages\.(\d+)\.message|gen_ai\.prompt\.(\d+))"
    r"\.(?:(role|content)|contents\.(\d+)\.message_content\.text)"
)


@dataclass
class Call:
    """One model call as gathered from its span, its events and its log records."""

    trace: str
    span: str
    line: int = 1
    attributes: dict[str, Any] = field(default_factory=dict)
    events: list[tuple[str, Any]] = field(default_factory=list)
    start: int | None = None
    end: int | None = None
    failed: bool = False
    marked: bool = False


def is_call(call: Call) -> bool:
    """Return whether it is a call of a model, and no tool, agent, embedding or database."""
    a = call.attributes
    kind = a.get("openinference.span.kind")
    if kind is not None:
        return bool(kind == "LLM")
    operation = a.get("gen_ai.operation.name")
    if operation is not None:
        return isinstance(operation, str) and operation in _CALLS
    named = "gen_ai.request.model" in a or "gen_ai.response.model" in a or "llm.model_name" in a
    return call.marked or bool(call.events) or named


def observation(call: Call, who: Attributor) -> Observation:
    """Return the observation of a call.

    Raises
    ------
    SchemaError
        If it has no account or no time.
    """
    a = call.attributes
    account = who.account(a)
    nanoseconds = call.start or call.end
    if nanoseconds is None:
        raise no_time("startTimeUnixNano, timeUnixNano")
    time = nanoseconds // 1000
    try:
        system, user, turns = _prompt(call)
    except RecursionError as err:
        raise SchemaError("a message is nested too deeply") from err
    invocation = _object(a.get("llm.invocation_parameters"))

    def asked(name: str, old: str | None = None) -> Any:
        found = a.get(f"gen_ai.request.{name}")
        return invocation.get(old or name) if found is None else found

    limit = asked("max_tokens")
    if limit is None:
        limit = invocation.get("max_completion_tokens")
    return Observation(
        request_id(f"{call.trace}:{call.span}", account, time),
        account,
        time,
        _model(a),
        system,
        user,
        turns,
        _count(a, "input_tokens", "prompt"),
        _count(a, "output_tokens", "completion"),
        integer(limit),
        number(asked("temperature")),
        number(asked("top_p")),
        status_of(_finish(call), failed=call.failed or "error.type" in a, code=_code(a)),
        boolean(_first(a, "gen_ai.request.stream", "llm.is_streaming")),
        _tools(a, invocation),
        bool(invocation["logprobs"]) if "logprobs" in invocation else None,
        integer(asked("choice.count", "n")),
        who.links(a),
    )


def _first(a: Mapping[str, Any], *names: str) -> Any:
    for name in names:
        found = a.get(name)
        if found is not None:
            return found
    return None


def _model(a: Mapping[str, Any]) -> str:
    asked = _first(a, "gen_ai.request.model", "llm.model_name", "gen_ai.response.model")
    return text_of(asked) or ""


def _count(a: Mapping[str, Any], name: str, side: str) -> int | None:
    found = _first(a, f"gen_ai.usage.{name}", f"gen_ai.usage.{side}_tokens")
    return integer(a.get(f"llm.token_count.{side}") if found is None else found)


def _code(a: Mapping[str, Any]) -> object:
    return _first(a, "http.response.status_code", "http.status_code", "error.type")


def _finish(call: Call) -> object:
    found = _first(call.attributes, "gen_ai.response.finish_reasons", "llm.finish_reason")
    if isinstance(found, str) and found[:1] == "[":
        found = _json(found)
    if isinstance(found, list):
        return found[0] if found else None
    if found is None:
        for name, body in call.events:
            if name == "gen_ai.choice" and isinstance(body, Mapping):
                return body.get("finish_reason")
    return found


def _tools(a: Mapping[str, Any], invocation: Mapping[str, Any]) -> bool | None:
    if a.get("gen_ai.tool.definitions") or "llm.tools.0.tool.json_schema" in a:
        return True
    return bool(invocation.get("tools")) if invocation else None


def _json(value: Any) -> Any:
    """Return structured content, which spans carry as JSON text."""
    if isinstance(value, str) and value[:1] in ("[", "{"):
        try:
            return msgspec.json.decode(value)
        except (msgspec.MsgspecError, RecursionError):
            return value
    return value


def _object(value: Any) -> Mapping[str, Any]:
    found = _json(value)
    return found if isinstance(found, Mapping) else {}


def _prompt(call: Call) -> Prompt:
    a = call.attributes
    if "gen_ai.input.messages" in a:
        found = prompt_of(_json(a["gen_ai.input.messages"]))
        beside = content_of(_json(a.get("gen_ai.system_instructions")))
        if beside and found is not NOTHING:
            found = found._replace(system=f"{beside}\n{found.system}" if found.system else beside)
        return found
    if call.events:
        found = prompt_of(
            [
                {"role": body.get("role") or name.split(".")[1], **body}
                for name, body in call.events
                if name.endswith(".message") and isinstance(body, Mapping)
            ]
        )
        # Without captured content the events are there, and bare.
        if found.user is not None or found.system is not None:
            return found
    return prompt_of(_flat(a)) if any(k.startswith(_FLAT_PREFIXES) for k in a) else NOTHING


_FLAT_PREFIXES = ("llm.input_messages.", "gen_ai.prompt.")


def _flat(a: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the messages that are flattened into attributes, in their order."""
    found: dict[int, dict[str, Any]] = {}
    for key, value in a.items():
        match = _FLAT.fullmatch(key)
        if match is None or len(match[1] or match[2]) > 6:
            continue
        message = found.setdefault(int(match[1] or match[2]), {})
        if match[3]:
            message[match[3]] = value
        elif isinstance(value, str):
            message["content"] = f"{message.get('content') or ''}{value}"
    return [found[i] for i in sorted(found)]
