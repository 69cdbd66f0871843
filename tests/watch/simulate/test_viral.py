import numpy as np


def test_a_prompt_spreads_in_days_with_light_edits(stream_of):
    sink, _ = stream_of(family="viral_prompt", accounts=150, start=1.0, days=1.0, scale=0.01)
    words = {}
    for account, messages in zip(sink.account, sink.messages, strict=True):
        for word in set(messages[-1][1].split()):
            words.setdefault(word, set()).add(account)
    shared = {w for w, who in words.items() if len(who) > 75}
    assert len(shared) > 8
    of_wave = [
        t
        for t, m in zip(sink.time, sink.messages, strict=True)
        if len(shared & set(m[-1][1].split())) > 0.7 * len(shared)
    ]
    assert len(of_wave) > 100
    assert np.quantile(of_wave, 0.05) >= 0.99 * 86400.0
    assert np.median(of_wave) < 2.5 * 86400.0
