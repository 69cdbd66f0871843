"""LiteLLM's payloads and spend logs."""

from pathlib import Path

import msgspec
import pytest

from hydrometer.errors import InputError
from hydrometer.watch.sources.attribution import Attribution, parse_attribution
from hydrometer.watch.sources.litellm import decode

DATA = Path(__file__).parents[2] / "data" / "watch"
BODY = (DATA / "litellm.json").read_bytes()
ROWS = msgspec.json.decode(BODY)


def read(body, attribution=None):
    body = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return decode(body, attribution=attribution or Attribution(), source="t")


def one(row, attribution=None):
    found = read([row], attribution)
    assert not found.rejected, found.rejected
    return found.observations[0]


def test_a_payload_with_everything():
    o = read(BODY).observations[0]
    assert o.account.startswith("88dc28d0")
    assert o.request == f"chatcmpl-1/{o.account}/1767225600250"
    assert (o.time, o.model, o.status) == (1767225600250000, "gpt-4o", "truncated")
    assert (o.system, o.user, o.turns) == ("You are a terse clerk.", "Name three rivers.", 2)
    assert (o.tokens_in, o.tokens_out, o.max_tokens) == (25, 12, 12)
    assert (o.temperature, o.top_p, o.choices) == (0.2, 0.9, 2)
    assert (o.stream, o.tools, o.logprobs) == (False, True, False)
    assert o.links == {
        "org": "team-a",
        "email_domain": "lab.example",
        "ip": "203.0.113.7",
        "agent": "OpenAI/Python 1.99.1",
        "sdk": "x-stainless-lang=python;x-stainless-os=Linux",
        "other:x-pool": "eu-3",
    }


def test_redacted_and_failed_payloads():
    _, redacted, failed = read(BODY).observations
    assert (redacted.user, redacted.turns, redacted.stream) == (None, None, True)
    assert (redacted.time, redacted.account) == (1767225602500000, "77")
    assert (failed.status, failed.user, failed.account) == ("throttled", "Say hi", "u3")
    assert (failed.tools, failed.tokens_in) == (None, None)


def test_array_lines_and_single_are_the_same():
    lines = b"\n".join(msgspec.json.encode(r) for r in ROWS)
    assert read(lines) == read(BODY)
    assert read(msgspec.json.encode(ROWS[0])).observations == read(BODY).observations[:1]


def test_spend_logs():
    first, second = read((DATA / "spend_logs.jsonl").read_bytes()).observations
    assert (first.request, first.account) == ("r1/k1/1767225601250", "k1")
    assert (first.user, first.turns, first.tokens_out) == ("Hello", 1, 4)
    assert first.links == {
        "org": "team-a",
        "email_domain": "lab.example",
        "ip": "198.51.100.4",
        "agent": "curl/8",
    }
    assert (second.account, second.user, second.status) == ("u2", None, "error")


def test_the_mapping_reaches_every_place():
    mapping = parse_attribution(
        """
        [litellm]
        account = ["metadata.requester_metadata.plan"]
        [litellm.links]
        "other:all" = ["metadata.requester_metadata"]
        "other:os" = ["metadata.requester_custom_headers.x-stainless-os"]
        payment = ["end_user"]
        """
    )
    o = one(ROWS[0], mapping)
    assert o.account == "gold"
    assert o.links["other:os"] == "Linux"
    assert o.links["payment"] == "customer-9"
    assert one(ROWS[0], parse_attribution('by = "end_user"')).account == "customer-9"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"metadata": {}, "end_user": ""}, "one of metadata.user_api_key_hash"),
        ({"metadata": None, "end_user": None}, "no account"),
        ({"startTime": "soon", "endTime": None}, "no time"),
    ],
)
def test_a_row_without_account_or_time_is_set_aside(change, reason):
    found = read([ROWS[1], {**ROWS[0], **change}, 7])
    assert len(found.observations) == 1
    assert [r.line for r in found.rejected] == [2, 3]
    assert reason in found.rejected[0].reason
    assert msgspec.json.decode(found.rejected[0].raw)["id"] == "chatcmpl-1"


@pytest.mark.parametrize(
    "change",
    [
        {"response": "text"},
        {"response": {"choices": [1]}},
        {"response": {"choices": "x"}},
        {"response": [1]},
        {"error_information": []},
        {"model_parameters": "none"},
        {"messages": {"messages": []}},
        {"id": None, "litellm_call_id": None},
        {"metadata": msgspec.json.encode(ROWS[0]["metadata"]).decode()},
    ],
)
def test_odd_shapes_still_give_an_observation(change):
    o = one({**ROWS[0], **change})
    assert o.account.startswith("88dc28d0")
    assert o.links["ip"] == "203.0.113.7"


def test_model_parameters_as_json_text():
    row = {**ROWS[0], "model_parameters": '{"max_tokens": 5, "functions": [], "logprobs": true}'}
    o = one(row)
    assert (o.max_tokens, o.tools, o.logprobs) == (5, False, True)


def test_a_server_that_gives_every_answer_one_id():
    rows = [{**ROWS[0], "startTime": 1767225600 + n} for n in range(3)]
    assert len({o.request for o in read(rows).observations}) == 3


def test_a_broken_array_is_refused_and_a_broken_line_set_aside():
    with pytest.raises(InputError, match="not JSON"):
        read(BODY[:-5])
    found = read(msgspec.json.encode(ROWS[0]) + b'\n{"id": ')
    assert (len(found.observations), found.rejected[0].line) == (1, 2)
