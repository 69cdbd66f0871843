import json

from hydrometer.watch.simulate.litellm import REDACTED, write_litellm
from hydrometer.watch.simulate.scenario import Campaign, Stream

STREAM = Stream(days=4.0, release_day=2.0, drift=0.3)


def written(sink, stream, path):
    write_litellm(sink, sink.order(), stream, path, lambda done, total: None)
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_each_line_is_a_payload_with_the_documented_fields(stream_of, tmp_path):
    sink, _ = stream_of(Campaign("c", accounts=5, start=1.0, payments=1), plain=40)
    rows = written(sink, STREAM, tmp_path / "e.jsonl")
    assert len(rows) == len(sink)
    start = STREAM.start.timestamp()
    order = sink.order().tolist()
    for row, i in zip(rows, order, strict=True):
        assert row["metadata"]["user_api_key_hash"] == sink.labels[sink.account[i]].account
        assert abs(row["startTime"] - start - sink.time[i]) < 1e-3
        assert [(m["role"], m["content"]) for m in row["messages"]] == list(sink.messages[i])
        assert row["model_parameters"].get("max_tokens") == sink.max_tokens[i]
        assert row["prompt_tokens"] == sink.tokens_in[i]
        assert row["requester_ip_address"] == row["metadata"]["requester_ip_address"]
        if row["status"] == "failure":
            assert row["error_information"]["error_code"] in ("500", "429")
    custom = [r["metadata"]["requester_custom_headers"] for r in rows]
    assert any("x-payment" in c for c in custom)
    assert not any("x-org" in c for c in custom)
    assert {r["response"]["choices"][0]["finish_reason"] for r in rows if r["response"]} == {
        "stop",
        "length",
    }


def test_redacted(stream_of, tmp_path):
    sink, _ = stream_of(plain=5)
    rows = written(sink, Stream(days=4.0, text=False), tmp_path / "e.jsonl")
    assert {m["content"] for r in rows for m in r["messages"]} == {REDACTED}
