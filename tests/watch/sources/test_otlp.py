"""Spans and log records."""

from pathlib import Path

import msgspec
import pytest

from hydrometer.errors import InputError
from hydrometer.watch.sources.attribution import Attribution
from hydrometer.watch.sources.otlp import decode, decode_document

DATA = Path(__file__).parents[2] / "data" / "watch"


def read(body):
    body = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return decode(body, attribution=Attribution(), source="t")


def spans(*items, resource=None):
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": list(items)}]}]}


def attribute(key, value):
    return {"key": key, "value": {"stringValue": value}}


CALL = {
    "traceId": "01",
    "spanId": "0a",
    "startTimeUnixNano": "1767225600250000000",
    "attributes": [attribute("gen_ai.request.model", "m"), attribute("user.id", "ann")],
}


def test_spans():
    found = read((DATA / "spans.json").read_bytes())
    new, inference = found.observations
    assert (found.skipped, found.rejected) == (1, [])
    assert new.request == "5b8efff798038103d269b633813fc60c:eee19b7ec3c1b174/ann/1767225600250"
    assert (new.account, new.time, new.model) == ("ann", 1767225600250000, "gpt-4o")
    assert (new.system, new.user, new.turns) == ("Be terse.", "Name a river.", 1)
    assert (new.tokens_in, new.tokens_out, new.max_tokens) == (20, 7, 64)
    assert (new.temperature, new.choices, new.status) == (0.5, 3, "truncated")
    assert new.links == {
        "org": "tenant-5",
        "ip": "203.0.113.7",
        "agent": "curl/8",
        "other:x-pool": "eu-3",
    }
    assert (inference.account, inference.status) == ("bo", "error")
    assert (inference.system, inference.user, inference.turns) == ("Be kind.", "Hello", 1)
    assert (inference.max_tokens, inference.temperature, inference.tools) == (9, 1.0, True)
    assert inference.tokens_in == 5


def test_log_records():
    found = read((DATA / "logs.json").read_bytes())
    old, new = found.observations
    assert found.skipped == 1
    assert (old.account, old.system, old.user, old.turns) == (
        *("ann", "Be terse.", "Name a river.", 1),
    )
    assert old.status == "filtered"
    assert (new.account, new.user, new.model) == ("bo", "Hello", "gpt-4o")


def test_events_on_a_span():
    details = {
        "name": "gen_ai.client.inference.operation.details",
        "attributes": [attribute("gen_ai.input.messages", '[{"role": "user", "content": "u"}]')],
    }
    bare = {"name": "gen_ai.user.message", "attributes": []}
    (found,) = read(spans({**CALL, "events": [bare, details]})).observations
    assert found.user == "u"
    (found,) = read(spans({**CALL, "events": [bare]})).observations
    assert (found.user, found.account) == (None, "ann")


def test_one_call_in_a_span_and_a_record_is_one_observation():
    logs = {
        "resourceLogs": [
            {
                "scopeLogs": [
                    {
                        "logRecords": [
                            {
                                "traceId": "01",
                                "spanId": "0a",
                                "eventName": "gen_ai.client.inference.operation.details",
                                "attributes": [
                                    attribute(
                                        "gen_ai.input.messages",
                                        '[{"role": "user", "content": "u"}]',
                                    )
                                ],
                            }
                        ]
                    }
                ]
            }
        ]
    }
    (found,) = read({**spans(CALL), **logs}).observations
    assert (found.user, found.account) == ("u", "ann")


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({**CALL, "attributes": CALL["attributes"][:1]}, "one of user.id"),
        ({**CALL, "startTimeUnixNano": 0}, "no time"),
        ({**CALL, "attributes": 3}, "attributes is not a list"),
        ({**CALL, "events": [3]}, "an event is not an object"),
        (3, "spans is not an object"),
    ],
)
def test_what_cannot_be_read_is_set_aside(item, reason):
    found = read(spans(CALL | {"spanId": "0b"}, item))
    assert [o.account for o in found.observations] == ["ann"]
    assert reason in found.rejected[0].reason


def test_documents():
    both = msgspec.json.encode(spans(CALL)) + b"\n" + b"nonsense\n{}"
    found = read(both)
    assert [r.line for r in found.rejected] == [2, 3]
    assert len(found.observations) == 1
    with pytest.raises(InputError):
        read(b"")
    deep = {"arrayValue": {"values": []}}
    for _ in range(100):
        deep = {"arrayValue": {"values": [deep]}}
    document = spans({**CALL, "attributes": [{"key": "x", "value": deep}]})
    found = decode_document(document, attribution=Attribution(), source="t")
    assert "too deeply" in found.rejected[0].reason
