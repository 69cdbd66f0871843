import itertools

from hydrometer.terms.verdict import OPEN, VERDICTS, Owed, Reason, rank, worst


def test_the_worst_wins_in_any_order():
    assert " < ".join(VERDICTS) == (
        "permitted < with-duties < conditional < silent < unknown < prohibited"
    )
    assert OPEN == ("permitted", "with-duties")
    for a, b in itertools.product(VERDICTS, VERDICTS):
        assert worst([a, b]) == worst([b, a]) == max(a, b, key=rank)
    assert worst(VERDICTS) == "prohibited"


def test_of_nothing_nothing_is_known():
    assert worst([]) == "unknown"


def test_records_hold_what_says_something():
    r = Reason("unknown", "api", "because")
    assert r.record() == {"verdict": "unknown", "layer": "api", "because": "because"}
    assert r.label == "unknown: api: no text"
    named = Reason("prohibited", "api", "because", instrument="k@2024-01-01", clause="1")
    assert named.label == "prohibited: k@2024-01-01 1"
    stale = Reason("unknown", "api", "because", instrument="k@2024-01-01")
    assert stale.label == "unknown: k@2024-01-01"
    o = Owed("notice", "t", "k@2024-01-01", "1", ("weights",), False, None)
    assert o.record()["when"] == ["weights"]
