import numpy as np


def test_a_fleet_shares_a_long_system_prompt_in_several_versions(stream_of):
    sink, _ = stream_of(family="agent_fleet", accounts=60, events=20)
    heads = {}
    for account, messages in zip(sink.account, sink.messages, strict=True):
        assert messages[0][0] == "system"
        heads.setdefault(messages[0][1].split("\nWorking directory")[0], set()).add(account)
    assert len(heads) < 12
    assert max(len(v) for v in heads.values()) > 10
    assert all(len(h) > 1200 for h in heads)
    assert all(sink.tools)
    assert max(len(m) for m in sink.messages) > 5


def test_a_new_agent_grows_from_its_launch(stream_of):
    sink, _ = stream_of(family="agent_fleet", accounts=200, events=8, start=1.0)
    times = np.array(sink.time) / 86400.0
    assert times.min() > 1.0
    first = {}
    for account, time in zip(sink.account, times.tolist(), strict=True):
        first[account] = min(time, first.get(account, 9.0))
    assert sum(t > 2.5 for t in first.values()) > 0.5 * len(first)
