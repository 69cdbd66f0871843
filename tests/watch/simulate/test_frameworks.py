import numpy as np


def test_a_default_prompt_is_shared_by_people_with_own_content(stream_of):
    sink, _ = stream_of(family="public_framework", accounts=60, events=12, scale=1.0)
    users = [m[-1][1] for m in sink.messages]
    first = {}
    for account, messages in zip(sink.account, sink.messages, strict=True):
        first.setdefault(messages[0][1][:30], set()).add(account)
    assert max(len(v) for v in first.values()) > 50
    assert len(set(users)) > 0.85 * len(users)
    assert len({label.account for label in sink.labels}) == 60


def test_a_launch_within_the_stream(stream_of):
    sink, _ = stream_of(family="public_framework", accounts=80, start=2.0, scale=0.2)
    first = {}
    for account, messages in zip(sink.account, sink.messages, strict=True):
        first.setdefault(messages[0][1][:30], []).append(account)
    head = max(first, key=lambda h: len(set(first[h])))
    times = [t for t, m in zip(sink.time, sink.messages, strict=True) if m[0][1][:30] == head]
    assert np.min(times) >= 2.0 * 86400.0
