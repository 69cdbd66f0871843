"""OTLP in protobuf to the form it has in JSON. The only file that imports OpenTelemetry."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hydrometer.errors import InputError, MissingExtra

__all__ = ["to_document"]

_DEPTH = 40


def to_document(body: bytes, signal: str) -> dict[str, Any]:
    """Return an export request as the document that OTLP's JSON encoding would hold.

    Parameters
    ----------
    body : bytes
        ``ExportTraceServiceRequest`` or ``ExportLogsServiceRequest``.
    signal : str
        ``traces`` or ``logs``.

    Raises
    ------
    MissingExtra
        If OpenTelemetry's message types are not installed.
    InputError
        If the body is no such message.
    """
    try:
        from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
            ExportLogsServiceRequest,
        )
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
            ExportTraceServiceRequest,
        )
    except ImportError as err:
        raise MissingExtra("OTLP in protobuf", "serve") from err
    request = ExportTraceServiceRequest() if signal == "traces" else ExportLogsServiceRequest()
    try:
        request.ParseFromString(body)
    except Exception as err:  # protobuf's DecodeError, whose module has no types
        raise InputError(
            "the body is no OTLP message",
            got=str(err)[:120],
            wanted="protobuf of OTLP, or JSON with Content-Type application/json",
        ) from err
    if signal == "traces":
        return {
            "resourceSpans": [
                {
                    "resource": {"attributes": _pairs(r.resource.attributes)},
                    "scopeSpans": [{"spans": [_span(x) for x in s.spans]} for s in r.scope_spans],
                }
                for r in request.resource_spans
            ]
        }
    return {
        "resourceLogs": [
            {
                "resource": {"attributes": _pairs(r.resource.attributes)},
                "scopeLogs": [
                    {"logRecords": [_record(x) for x in s.log_records]} for s in r.scope_logs
                ],
            }
            for r in request.resource_logs
        ]
    }


def _span(span: Any) -> dict[str, Any]:
    return {
        "traceId": span.trace_id.hex(),
        "spanId": span.span_id.hex(),
        "startTimeUnixNano": span.start_time_unix_nano,
        "endTimeUnixNano": span.end_time_unix_nano,
        "status": {"code": span.status.code},
        "attributes": _pairs(span.attributes),
        "events": [{"name": e.name, "attributes": _pairs(e.attributes)} for e in span.events],
    }


def _record(record: Any) -> dict[str, Any]:
    return {
        "traceId": record.trace_id.hex(),
        "spanId": record.span_id.hex(),
        "timeUnixNano": record.time_unix_nano,
        "observedTimeUnixNano": record.observed_time_unix_nano,
        "eventName": record.event_name,
        "body": _value(record.body),
        "attributes": _pairs(record.attributes),
    }


def _pairs(pairs: Iterable[Any], depth: int = 0) -> list[dict[str, Any]]:
    return [{"key": p.key, "value": _value(p.value, depth)} for p in pairs]


def _value(value: Any, depth: int = 0) -> dict[str, Any]:
    if depth > _DEPTH:
        raise InputError("a value is nested too deeply", wanted=f"at most {_DEPTH} levels")
    kind = value.WhichOneof("value")
    if kind == "string_value":
        return {"stringValue": value.string_value}
    if kind == "int_value":
        return {"intValue": value.int_value}
    if kind == "double_value":
        return {"doubleValue": value.double_value}
    if kind == "bool_value":
        return {"boolValue": value.bool_value}
    if kind == "array_value":
        return {"arrayValue": {"values": [_value(v, depth + 1) for v in value.array_value.values]}}
    if kind == "kvlist_value":
        return {"kvlistValue": {"values": _pairs(value.kvlist_value.values, depth + 1)}}
    return {}
