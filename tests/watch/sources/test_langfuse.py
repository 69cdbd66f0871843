"""Rows of Langfuse's observations; against a server in test_clickhouse.py."""

from hydrometer.watch.sources.attribution import Attribution, parse_attribution
from hydrometer.watch.sources.decoded import Decoded
from hydrometer.watch.sources.langfuse import add_row

ROW = {
    "id": "o1",
    "type": "GENERATION",
    "start_time": "2026-01-01 00:00:00.250",
    "user_id": "ann",
    "metadata": {"requester_ip_address": "203.0.113.7"},
    "input": '{"system": "s", "messages": [{"role": "user", "content": "u"}]}',
    "usage_details": {"input": "5", "output": 7},
    "model_parameters": {"n": 2, "stream": True},
    "provided_model_name": "m",
    "level": "DEFAULT",
}


def read(row, attribution=None):
    out = Decoded()
    add_row(out, row, 3, attribution=attribution or Attribution())
    return out


def test_a_generation():
    (o,) = read(ROW).observations
    assert (o.request, o.account, o.time) == ("o1/ann/1767225600250", "ann", 1767225600250000)
    assert (o.system, o.user, o.turns, o.model) == ("s", "u", 1, "m")
    assert (o.tokens_in, o.tokens_out, o.choices, o.stream) == (5, 7, 2, True)
    assert (o.links, o.status) == ({"ip": "203.0.113.7"}, "ok")


def test_what_gives_none():
    assert read({**ROW, "type": "SPAN"}).skipped == 1
    assert read({**ROW, "is_deleted": 1}).skipped == 1
    (r,) = read({**ROW, "start_time": None}).rejected
    assert (r.line, r.reason.partition(";")[0]) == (3, "the row has no time that can be read")
    by_team = parse_attribution('by = "team"')
    assert "project_id" in read(ROW, by_team).rejected[0].reason
