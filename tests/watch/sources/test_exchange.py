"""Our own JSON lines."""

from pathlib import Path

from hydrometer.watch.sources.attribution import Attribution, parse_attribution
from hydrometer.watch.sources.exchange import decode

BODY = (Path(__file__).parents[2] / "data" / "watch" / "exchange.jsonl").read_bytes()


def test_rows_and_what_is_set_aside():
    found = decode(BODY, attribution=Attribution(), source="x.jsonl")
    first, second = found.observations
    assert first.request == "e1:1/ann/1767225600250"
    assert (first.system, first.user, first.turns) == ("Be terse.", "Two", 2)
    assert (first.max_tokens, first.temperature, first.top_p) == (9, 0.5, 1.0)
    assert first.links == {"ip": "203.0.113.7", "other:x-pool": "eu-3"}
    assert (second.user, second.turns, second.status) == (None, None, "throttled")
    assert (second.stream, second.tools, second.model) == (True, None, "")
    assert [(r.line, r.source) for r in found.rejected] == [
        (3, "x.jsonl"),
        (4, "x.jsonl"),
        (5, "x.jsonl"),
    ]
    reasons = [r.reason for r in found.rejected]
    assert "one of account" in reasons[0]
    assert "no time" in reasons[1]
    assert "not JSON" in reasons[2]


def test_rows_without_an_id_are_told_apart_by_what_they_are():
    row = b'{"account": "a", "time": 5, "prompt": "%s"}'
    found = decode(
        b"\n".join([row % b"x", row % b"x", row % b"y"]), attribution=Attribution(), source="s"
    )
    a, b, c = (o.request for o in found.observations)
    assert a == b != c


def test_attribution_by_a_header():
    found = decode(
        b'{"time": 5, "headers": {"x-user": "u"}}',
        attribution=parse_attribution('by = "user"'),
        source="s",
    )
    assert found.observations[0].account == "u"
