def test_a_reseller_fans_out(stream_of):
    sink, _ = stream_of(family="reseller", accounts=2, events=600)
    assert len(sink.labels) == 2
    for number in range(2):
        rows = [i for i, a in enumerate(sink.account) if a == number]
        systems = {dict(sink.messages[i]).get("system") for i in rows}
        agents = {sink.profiles[sink.profile[i]]["user-agent"] for i in rows}
        assert len(rows) > 400
        assert len(systems) > 8
        assert len(agents) > 8
        scripts = [sink.messages[i][-1][1].isascii() for i in rows]
        assert 0.2 < sum(scripts) / len(scripts) < 0.95
