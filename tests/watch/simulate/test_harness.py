def test_unrelated_people_ask_the_same_questions(stream_of):
    sink, _ = stream_of(family="eval_harness", instances=6, events=60)
    asked = {}
    for account, messages in zip(sink.account, sink.messages, strict=True):
        asked.setdefault(messages[-1][1], set()).add(account)
    assert max(len(v) for v in asked.values()) >= 3
    payers = {label.account for label in sink.labels}
    assert len(payers) >= 6
    assert sum("eggs" in q for q in asked) > 0.5 * len(asked)


def test_a_run_is_fast_and_cold(stream_of):
    sink, _ = stream_of(family="eval_harness", accounts=1, events=80)
    assert sink.temperature.count(0.0) > 0.6 * len(sink)
