"""OTLP over HTTP: spans and log records to model calls.

Calls of one body are joined by trace and span: old conventions send each message as an event of
its own, and content may stand on the span, on an event of the span or on a log record.

References
----------
OTLP 1.x, JSON encoding: ``resourceSpans[].scopeSpans[].spans[]`` and
``resourceLogs[].scopeLogs[].logRecords[]``; 64-bit integers are text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import msgspec

from hydrometer.errors import SchemaError
from hydrometer.watch.sources.attribution import Attribution
from hydrometer.watch.sources.build import Attributor
from hydrometer.watch.sources.decoded import Decoded, reject
from hydrometer.watch.sources.genai import Call, is_call, observation
from hydrometer.watch.sources.lines import documents
from hydrometer.watch.sources.values import find, integer

__all__ = ["decode", "decode_document", "decode_lines", "sniff"]

_DETAILS = "gen_ai.client.inference.operation.details"
_PARTS = (("resourceSpans", "scopeSpans", "spans"), ("resourceLogs", "scopeLogs", "logRecords"))
_DEPTH = 40


def sniff(row: Mapping[str, Any]) -> bool:
    """Return whether a document is OTLP in JSON."""
    return "resourceSpans" in row or "resourceLogs" in row


@dataclass
class _Calls:
    """The calls of one body by trace and span, and what was set aside on the way."""

    source: str
    calls: dict[tuple[str, str], Call] = field(default_factory=dict)
    decoded: Decoded = field(default_factory=Decoded)

    def add(self, document: object, line: int) -> None:
        """Add the spans and log records of one document."""
        try:
            for item, resource, is_span in _items(document):
                try:
                    self._item(item, resource, is_span, line)
                except SchemaError as err:
                    self._reject(line, err, item)
        except SchemaError as err:
            self._reject(line, err, document)

    def _reject(self, line: int, err: SchemaError, value: object) -> None:
        self.decoded.rejected.append(reject(self.source, line, str(err), _shown(value)))

    def _item(
        self, item: Mapping[str, Any], resource: Mapping[str, Any], is_span: bool, line: int
    ) -> None:
        # All of it is read before anything is kept: a damaged item leaves no half of a call.
        attributes = _attributes(item.get("attributes"))
        if is_span:
            parts = [_object(e, "an event") for e in _list(item.get("events"), "events")]
            events = [(e.get("name"), _attributes(e.get("attributes"))) for e in parts]
        else:
            body = _value(item.get("body"))
            name = item.get("eventName") or attributes.get("event.name")
            events = [(name, body if isinstance(body, dict) else {})]
        number = len(self.calls)
        key = (str(item.get("traceId") or f"{line}"), str(item.get("spanId") or f"#{number}"))
        call = self.calls.get(key)
        if call is None:
            call = self.calls[key] = Call(trace=key[0], span=key[1], line=line)
        call.attributes = {**resource, **call.attributes, **attributes}
        if is_span:
            call.start = integer(item.get("startTimeUnixNano")) or call.start
            call.end = integer(item.get("endTimeUnixNano")) or call.end
            status = item.get("status")
            # 2 is STATUS_CODE_ERROR.
            if isinstance(status, Mapping) and status.get("code") in (2, "STATUS_CODE_ERROR"):
                call.failed = True
        else:
            time = integer(item.get("timeUnixNano")) or integer(item.get("observedTimeUnixNano"))
            call.end = call.end or time
        for name, body in events:
            self._event(call, name, body)

    def _event(self, call: Call, name: object, body: dict[str, Any]) -> None:
        if not isinstance(name, str):
            return
        if name == _DETAILS:
            call.attributes.update(body)
            call.marked = True
        elif name.startswith("gen_ai."):
            call.events.append((name, body))

    def finish(self, who: Attributor) -> Decoded:
        """Turn the calls into observations; other spans and records are counted."""
        out = self.decoded
        for call in self.calls.values():
            if not is_call(call):
                out.skipped += 1
                continue
            try:
                out.observations.append(observation(call, who))
            except SchemaError as err:
                self._reject(call.line, err, call.attributes)
        return out


def _items(
    document: object,
) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any], bool]]:
    document = _object(document, "the document")
    if not sniff(document):
        raise SchemaError("not OTLP", wanted="resourceSpans or resourceLogs")
    for outer, inner, leaf in _PARTS:
        for part in _list(document.get(outer), outer):
            part = _object(part, outer)
            about = part.get("resource")
            resource = _attributes(_object(about, "resource").get("attributes")) if about else {}
            for scope in _list(part.get(inner), inner):
                for item in _list(_object(scope, inner).get(leaf), leaf):
                    yield _object(item, leaf), resource, leaf == "spans"


def _object(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise SchemaError(f"{what} is not an object", got=type(value).__name__)
    return value


def _list(value: object, what: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise SchemaError(f"{what} is not a list", got=type(value).__name__)
    return value


def _attributes(value: object) -> dict[str, Any]:
    out = {}
    for pair in _list(value, "attributes"):
        pair = _object(pair, "an attribute")
        key = pair.get("key")
        if isinstance(key, str):
            out[key] = _value(pair.get("value"))
    return out


def _value(value: object, depth: int = 0) -> Any:
    """Return the plain value of an ``AnyValue``."""
    if not isinstance(value, Mapping):
        return None
    if depth > _DEPTH:
        raise SchemaError("a value is nested too deeply")
    for kind, found in value.items():
        if kind == "intValue":
            return integer(found)
        if kind == "arrayValue":
            values = _list(_object(found, kind).get("values"), kind)
            return [_value(v, depth + 1) for v in values]
        if kind == "kvlistValue":
            pairs = [_object(p, kind) for p in _list(_object(found, kind).get("values"), kind)]
            return {str(p.get("key")): _value(p.get("value"), depth + 1) for p in pairs}
        if kind in ("stringValue", "boolValue", "doubleValue"):
            return found
    return None


def _shown(value: object) -> bytes:
    try:
        return msgspec.json.encode(value)
    except (msgspec.MsgspecError, TypeError, ValueError, RecursionError):
        return b"<cannot be shown>"


@lru_cache(maxsize=16)
def _attributor(attribution: Attribution) -> Attributor:
    return Attributor(attribution, attribution.otlp, _getter)


def _getter(path: str) -> Any:
    prefix = path + "."

    def get(attributes: Mapping[str, Any]) -> Any:
        found = attributes.get(path)
        if found is None:
            found = find(attributes, path)
        if found is None and path == "http.request.header":
            found = {
                k.removeprefix(prefix): v for k, v in attributes.items() if k.startswith(prefix)
            }
        return found

    return get


def decode(body: bytes, *, attribution: Attribution, source: str) -> Decoded:
    """Return the observations of an OTLP request in JSON.

    Raises
    ------
    InputError
        If the body is empty, or an array that is not JSON.
    """
    return decode_lines(documents(body), attribution=attribution, source=source)


def decode_document(document: object, *, attribution: Attribution, source: str) -> Decoded:
    """Return the observations of an OTLP request that is decoded already."""
    calls = _Calls(source)
    calls.add(document, 1)
    return calls.finish(_attributor(attribution))


def decode_lines(
    lines: Iterator[tuple[int, bytes]], *, attribution: Attribution, source: str
) -> Decoded:
    """Return the observations of numbered documents; calls are joined over all of them."""
    calls = _Calls(source)
    for line, raw in lines:
        try:
            document = msgspec.json.decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as err:
            reason = f"not JSON; got: {err}"[:200]
            calls.decoded.rejected.append(reject(source, line, reason, raw))
        else:
            calls.add(document, line)
    return calls.finish(_attributor(attribution))
