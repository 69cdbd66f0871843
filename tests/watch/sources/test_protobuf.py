"""Protobuf gives what JSON gives."""

import sys
from pathlib import Path

import pytest

from hydrometer.errors import InputError, MissingExtra
from hydrometer.watch.sources.attribution import Attribution
from hydrometer.watch.sources.protobuf import to_document
from hydrometer.watch.sources.registry import decode

DATA = Path(__file__).parents[2] / "data" / "watch"


def packed(name, signal):
    """The same request in protobuf, by OpenTelemetry's own types."""
    pytest.importorskip("opentelemetry.proto")
    import base64
    import json

    from google.protobuf.json_format import ParseDict
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
        ExportTraceServiceRequest,
    )

    def ids(value):  # protobuf's JSON has base64 where OTLP's has hexadecimal digits
        if isinstance(value, list):
            return [ids(v) for v in value]
        if isinstance(value, dict):
            return {
                k: base64.b64encode(bytes.fromhex(v)).decode()
                if k in ("traceId", "spanId")
                else ids(v)
                for k, v in value.items()
            }
        return value

    kind = ExportTraceServiceRequest if signal == "traces" else ExportLogsServiceRequest
    value = ids(json.loads((DATA / name).read_text()))
    return ParseDict(value, kind()).SerializeToString()


@pytest.mark.parametrize(("name", "signal"), [("spans.json", "traces"), ("logs.json", "logs")])
def test_protobuf_gives_what_json_gives(name, signal):
    known = {"attribution": Attribution(), "source": "t"}
    body = packed(name, signal)
    by_json = decode((DATA / name).read_bytes(), f"otlp-{signal}", **known)
    found = decode(
        body, f"otlp-{signal}", content_type="application/x-protobuf; charset=x", **known
    )
    assert found == by_json
    assert found.observations


def test_what_is_no_message():
    pytest.importorskip("opentelemetry.proto")
    with pytest.raises(InputError, match="no OTLP message"):
        to_document(b'{"resourceSpans": []}', "traces")


def test_without_the_extra(monkeypatch):
    monkeypatch.setitem(
        sys.modules, "opentelemetry.proto.collector.logs.v1.logs_service_pb2", None
    )
    with pytest.raises(MissingExtra, match="serve"):
        to_document(b"", "traces")
