"""OpenTelemetry GenAI in OTLP JSON: spans and log records, old events and new messages.

References
----------
OTLP 1.x, JSON encoding: ``resourceSpans[].scopeSpans[].spans[]`` and
``resourceLogs[].scopeLogs[].logRecords[]``; 64-bit integers are strings;
``attributes: [{key, value: {stringValue|intValue|...}}]``.
open-telemetry/semantic-conventions-genai: ``gen_ai.input.messages``,
``gen_ai.output.messages``, ``gen_ai.system_instructions`` (attributes of a span
or of the event ``gen_ai.client.inference.operation.details``), ``role`` and
``parts``, ``finish_reason``. Semantic conventions up to 1.36, "GenAI events":
``gen_ai.{system,user,assistant,tool}.message`` and ``gen_ai.choice`` with the
body ``{index, finish_reason, message: {content}}``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from hydrometer.errors import SchemaError
from hydrometer.exchange import Exchange, Message
from hydrometer.store.readers.files import parse
from hydrometer.store.readers.rows import (
    Context,
    Row,
    content,
    failure,
    integer,
    mapping,
    maybe_text,
    messages,
    outcome,
    sampling,
    when,
)

__all__ = ["convert", "expand", "sniff"]

_EVENT = "gen_ai."
_ACCOUNT = ("user.id", "enduser.id", "metadata.user_api_key_hash", "session.id", "client.address")
_DEPTH = 40


def sniff(value: Any) -> bool:
    """Return whether a document is OTLP JSON."""
    return isinstance(value, dict) and ("resourceSpans" in value or "resourceLogs" in value)


def expand(rows: Iterator[Row]) -> Iterator[Row]:
    """Yield one row for each model call: its attributes and its events.

    Events are joined to their span by trace and span id over the whole file.
    Spans and records without anything of ``gen_ai`` are no model calls and
    yield nothing.
    """
    calls: dict[tuple[str, str], dict[str, Any]] = {}
    lines: dict[tuple[str, str], int] = {}
    for row in rows:
        try:
            if row.bad is not None:
                raise SchemaError(row.bad)
            items = list(_items(mapping(row.value, "the document")))
        except SchemaError as err:
            yield Row(row.line, row.value, row.raw, bad=str(err))
            continue
        for n, (attributes, events, span) in enumerate(items):
            key = (str(span.get("traceId") or f"{row.line}"), str(span.get("spanId") or f"#{n}"))
            call = calls.setdefault(key, {"attributes": {}, "events": [], "span": {}})
            call["attributes"].update(attributes)
            call["events"].extend(events)
            call["span"].update({k: v for k, v in span.items() if v is not None})
            lines.setdefault(key, row.line)
    for key, call in calls.items():
        named = any(k.startswith(_EVENT) for k in call["attributes"])
        if call["events"] or (named and _is_call(call["attributes"])):
            yield Row(lines[key], call)


def _is_call(attributes: Mapping[str, Any]) -> bool:
    name = attributes.get("gen_ai.operation.name", "chat")
    return name in ("chat", "text_completion", "generate_content")


def _list(value: object, what: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise SchemaError(f"{what} is not a list", got=type(value).__name__)
    return value


def _items(document: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], list[Any], Any]]:
    for outer, inner, leaf in (
        ("resourceSpans", "scopeSpans", "spans"),
        ("resourceLogs", "scopeLogs", "logRecords"),
    ):
        for resource in _list(document.get(outer), outer):
            for scope in _list(mapping(resource, outer).get(inner), inner):
                for item in _list(mapping(scope, inner).get(leaf), leaf):
                    yield _item(mapping(item, leaf), leaf == "spans")


def _item(item: Mapping[str, Any], span: bool) -> tuple[dict[str, Any], list[Any], Any]:
    attributes = _attributes(item.get("attributes"))
    keep = {k: item.get(k) for k in ("traceId", "spanId")}
    if span:
        keep |= {"end": item.get("endTimeUnixNano"), "status": item.get("status")}
        events = []
        for raw in _list(item.get("events"), "events"):
            event = mapping(raw, "event")
            found = _attributes(event.get("attributes"))
            name = event.get("name")
            if name == "gen_ai.client.inference.operation.details":
                attributes = {**attributes, **found}
            elif isinstance(name, str) and name.startswith(_EVENT):
                events.append((name, found))
        return attributes, events, keep
    keep["end"] = item.get("timeUnixNano")
    name = item.get("eventName") or attributes.get("event.name")
    body = _value(item.get("body")) if item.get("body") is not None else {}
    if isinstance(name, str) and name.startswith(_EVENT) and not name.endswith(".details"):
        return attributes, [(name, body)], keep
    if isinstance(body, Mapping):
        attributes = {**body, **attributes}
    return attributes, [], keep


def _attributes(value: object) -> dict[str, Any]:
    out = {}
    for raw in _list(value, "attributes"):
        pair = mapping(raw, "attribute")
        if isinstance(pair.get("key"), str):
            out[pair["key"]] = _value(pair.get("value"))
    return out


def _value(value: object, depth: int = 0) -> Any:
    """Return the plain value of an OTLP ``AnyValue``."""
    if value is None:
        return None
    v = mapping(value, "value")
    if depth > _DEPTH:
        raise SchemaError("a value is nested too deeply")
    for kind in ("stringValue", "boolValue", "doubleValue"):
        if kind in v:
            return v[kind]
    if "intValue" in v:
        return integer(v["intValue"], "intValue")
    if "arrayValue" in v:
        items = _list(mapping(v["arrayValue"], "arrayValue").get("values"), "values")
        return [_value(x, depth + 1) for x in items]
    if "kvlistValue" in v:
        out = {}
        for raw in _list(mapping(v["kvlistValue"], "kvlistValue").get("values"), "values"):
            pair = mapping(raw, "pair")
            out[str(pair.get("key"))] = _value(pair.get("value"), depth + 1)
        return out
    return None


def _json(value: Any, what: str) -> Any:
    """Messages travel as structured values, or as JSON text on spans."""
    if isinstance(value, str):
        try:
            return parse(value)
        except ValueError as err:
            raise SchemaError(f"{what} is not JSON", got=value[:60]) from err
    return value


def convert(row: Row, context: Context) -> list[Exchange]:
    """Return the exchanges of one model call: one for each output message.

    Raises
    ------
    SchemaError
        If prompt, model or answer are absent or cannot be read.
    """
    call = mapping(row.value, "the call")
    a = call["attributes"]
    span = call["span"]
    prompt, answers = _new(a) if "gen_ai.input.messages" in a else _old(call["events"])
    if not prompt:
        raise SchemaError(
            "the span holds no messages",
            next_step="set OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT",
        )
    asked = {k.removeprefix("gen_ai.request."): v for k, v in a.items()}
    asked["stop"] = asked.get("stop_sequences")
    reported = a.get("gen_ai.response.model")
    known: dict[str, Any] = {
        "prompt": prompt,
        "model": context.model_of(a.get("gen_ai.request.model"), reported),
        "model_answered": maybe_text(reported, "gen_ai.response.model"),
        "account": context.account(*(a.get(k) for k in _ACCOUNT)),
        "time": _time(span.get("end")),
        "sampling": sampling(asked),
        "tokens_in": integer(
            a.get("gen_ai.usage.input_tokens", a.get("gen_ai.usage.prompt_tokens")), "tokens"
        ),
        "source": maybe_text(a.get("gen_ai.response.id"), "gen_ai.response.id"),
    }
    if not answers:
        status = span.get("status")
        words = status.get("message") if isinstance(status, Mapping) else None
        words = words or a.get("error.type") or "no response recorded"
        return [Exchange(**known, **failure(words, a.get("error.type")))]
    if len(answers) == 1:
        count = a.get("gen_ai.usage.output_tokens", a.get("gen_ai.usage.completion_tokens"))
        known["tokens_out"] = integer(count, "tokens")
    return [
        Exchange(draw=n if len(answers) > 1 else None, **known, **outcome(answer, finish))
        for n, (answer, finish) in enumerate(answers)
    ]


def _time(value: object) -> datetime | None:
    nanoseconds = integer(value, "time")
    return when(nanoseconds / 1e9) if nanoseconds else None


def _new(a: Mapping[str, Any]) -> tuple[tuple[Message, ...], list[tuple[Any, Any]]]:
    prompt = messages(_json(a["gen_ai.input.messages"], "gen_ai.input.messages"))
    system = _json(a.get("gen_ai.system_instructions"), "gen_ai.system_instructions")
    if system is not None:
        prompt = (Message("system", content(system)), *prompt)
    answers = []
    output = _json(a.get("gen_ai.output.messages"), "gen_ai.output.messages")
    for raw in _list(output, "gen_ai.output.messages"):
        m = mapping(raw, "message")
        answers.append((content(m.get("parts", m.get("content"))), m.get("finish_reason")))
    return prompt, answers


def _old(events: list[Any]) -> tuple[tuple[Message, ...], list[tuple[Any, Any]]]:
    prompt: list[Message] = []
    answers: list[tuple[Any, Any]] = []
    for name, raw in events:
        body = mapping(raw, "event body")
        if name == "gen_ai.choice":
            message = mapping(_json(body.get("message", {}), "message"), "message")
            said = message.get("content", body.get("content"))
            said = None if said is None else content(said)
            answers.append((said, body.get("finish_reason")))
        elif name.endswith(".message"):
            role = body.get("role") or name.split(".")[1]
            prompt.extend(messages([{"role": role, "content": body.get("content")}]))
    return tuple(prompt), answers
