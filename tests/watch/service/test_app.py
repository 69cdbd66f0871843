"""The contracts over HTTP: what is taken, what is refused, and with which words."""

import gzip
import json

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

TOKEN = "ingest-token-of-the-tests"


@pytest.fixture
def service(serve):
    return serve(env={"HYDROMETER_WATCH_INGEST_TOKEN": TOKEN})


def auth(**more):
    return {
        "authorization": f"Bearer {TOKEN}",
        **{k.replace("_", "-"): v for k, v in more.items()},
    }


def span(name="chat", **attributes):
    pairs = [{"key": k, "value": {"stringValue": v}} for k, v in attributes.items()]
    return {
        "traceId": "0" * 31 + "1",
        "spanId": "0" * 15 + "1",
        "name": name,
        "startTimeUnixNano": "1700000000000000000",
        "endTimeUnixNano": "1700000001000000000",
        "attributes": pairs,
    }


def traces(*spans):
    return {"resourceSpans": [{"scopeSpans": [{"spans": list(spans)}]}]}


GOOD = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "user.id": "ann"}
BAD = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}


def test_every_contract(service, event):
    post = service.http.post
    rows = [event(n) for n in range(3)]
    as_lines = b"\n".join(json.dumps(r).encode() for r in rows)

    # Doors.
    for path in ("/v1/ingest/litellm", "/v1/decide", "/beta/litellm_basic_guardrail_api"):
        refused = post(path, json=rows)
        assert refused.status_code == 401
        assert refused.json()["error"]["wanted"]
    assert service.http.get("/healthz").status_code == 200

    # LiteLLM: an array, lines, gzip; a second delivery is a replay.
    for content, headers in (
        (json.dumps(rows).encode(), auth(content_type="application/json")),
        (as_lines, auth(content_type="application/x-ndjson")),
        (gzip.compress(as_lines), auth(content_encoding="gzip")),
    ):
        told = post("/v1/ingest/litellm", content=content, headers=headers)
        assert told.status_code == 200, told.text
        assert told.json()["accepted"] == 3

    # Ours.
    row = {"id": "x", "account": "ann", "time": rows[0]["startTime"], "model": "m", "prompt": "p"}
    told = post("/v1/ingest/jsonl", content=json.dumps(row) + "\n{", headers=auth()).json()
    assert (told["accepted"], told["rejected"]) == (1, 1)

    # OTLP in JSON: all well, some rejected, nothing that can be read.
    told = post(
        "/v1/traces", json=traces(span(**GOOD), {**span("db"), "spanId": "b" * 16}), headers=auth()
    )
    assert (told.status_code, told.json()) == (200, {})
    told = post("/v1/traces", json=traces(span(**BAD)), headers=auth()).json()
    assert told["partialSuccess"]["rejectedSpans"] == "1"
    assert "account" in told["partialSuccess"]["errorMessage"]
    broken = post("/v1/logs", content=b"{", headers=auth(content_type="application/json"))
    assert broken.status_code == 400
    assert broken.json()["code"] == 3

    # OTLP in protobuf.
    from google.protobuf.json_format import ParseDict

    request = ExportTraceServiceRequest()
    one = span(**BAD)
    one["traceId"], one["spanId"] = "AAAAAAAAAAAAAAAAAAAAAg==", "AAAAAAAAAAI="
    ParseDict(traces(one), request)
    told = post(
        "/v1/traces",
        content=request.SerializeToString(),
        headers=auth(content_type="application/x-protobuf"),
    )
    assert told.headers["content-type"] == "application/x-protobuf"
    answer = ExportTraceServiceResponse.FromString(told.content)
    assert answer.partial_success.rejected_spans == 1

    # What is refused, and how.
    for path, more, status in (
        ("/v1/ingest/litellm", {"content_type": "image/png"}, 415),
        ("/v1/ingest/litellm", {"content_encoding": "br"}, 415),
        ("/v1/traces", {"content_type": "text/plain"}, 415),
        ("/v1/nowhere", {}, 404),
    ):
        refused = post(path, content=b"x", headers=auth(**more))
        assert refused.status_code == status, (path, more)
        assert refused.json()
    empty = post("/v1/ingest/jsonl", content=b"", headers=auth())
    assert (empty.status_code, empty.json()["error"]["what"]) == (400, "the body is empty")
    assert service.http.get("/v1/decide").status_code == 405

    # Decisions.
    told = post("/v1/decide", json={"account": "ann"}, headers=auth()).json()
    assert (told["action"], told["allow"], told["status"]) == ("none", True, 200)
    assert post("/v1/decide", content=b"{", headers=auth()).status_code == 400
    guard = "/beta/litellm_basic_guardrail_api"
    asked = {"request_data": {"user_api_key_hash": "h"}, "input_type": "request"}
    assert post(guard, json=asked, headers={"x-api-key": TOKEN}).json() == {"action": "NONE"}
    assert post(guard, content=b"{", headers=auth()).status_code == 400

    counts = service.until(lambda h: h["counts"]["received"] == 15)["counts"]
    assert counts["stored"] == 5
    assert counts["replays"] == 6
    assert counts["rejected"] == 4
    assert counts["skipped"] == 1
    assert counts["decisions"] == 2
    assert counts["bodies"] >= 9
