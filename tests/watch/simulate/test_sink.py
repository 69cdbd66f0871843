from hydrometer.watch.simulate.sink import Sink, estimate_tokens


def test_accounts_have_names_that_say_nothing(dice):
    sink = Sink()
    numbers = [sink.enrol(dice, "c", "k") for _ in range(500)]
    assert numbers == list(range(500))
    names = [label.account for label in sink.labels]
    assert len(set(names)) == 500
    assert not any(n == "c" or "k_" in n for n in names)


def test_headers_are_known_once():
    sink = Sink()
    assert [sink.know({"a": "1"}), sink.know({"a": "2"}), sink.know({"a": "1"})] == [0, 1, 0]


def test_tokens_by_script():
    assert estimate_tokens((("user", "a" * 420),)) == 104
    assert estimate_tokens((("user", "语" * 30),)) == 24
