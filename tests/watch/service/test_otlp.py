"""The bytes are what OpenTelemetry's own messages read."""

import json

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from hydrometer.watch.service import otlp


@pytest.mark.parametrize("rejected", [0, 1, 300, 70_000])
def test_success_in_protobuf(rejected):
    why = "no time é"
    told = ExportTraceServiceResponse.FromString(
        otlp.success("traces", rejected, why, binary=True)
    )
    assert told.partial_success.rejected_spans == rejected
    assert told.partial_success.error_message == (why if rejected else "")
    logs = ExportLogsServiceResponse.FromString(otlp.success("logs", rejected, why, binary=True))
    assert logs.partial_success.rejected_log_records == rejected


def test_success_in_json():
    assert json.loads(otlp.success("logs", 0, "", binary=False)) == {}
    told = json.loads(otlp.success("logs", 2, "why", binary=False))
    assert told == {"partialSuccess": {"rejectedLogRecords": "2", "errorMessage": "why"}}


def test_failure_is_a_status():
    told = {"error": {"what": "too many", "next": "later"}}
    assert json.loads(otlp.failure(429, told, binary=False)) == {
        "code": 8,
        "message": "too many; next: later",
    }
    assert otlp.failure(429, told, binary=True) == b"\x08\x08\x12\x15too many; next: later"
