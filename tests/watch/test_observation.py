"""What readers hand over: nothing is presumed."""

from hydrometer.watch.key import Key
from hydrometer.watch.observation import LINKS, Observation, Rejected
from hydrometer.watch.observe import observe


def test_what_is_not_said_is_not_recorded():
    bare = Observation("r", "a", 0, "m")
    told = {k: v for k, v in bare._asdict().items() if v is not None}
    assert told == {
        "request": "r",
        "account": "a",
        "time": 0,
        "model": "m",
        "status": "ok",
        "links": {},
    }


def test_every_kind_of_link_is_hashed_apart():
    rows = [Observation("r", "a", 0, "m", links={kind: "value"}) for kind in LINKS]
    kinds = [
        {x >> 60 for x in found} for found in observe(rows, Key(bytes(32)))["links"].to_pylist()
    ]
    assert all(len(k) == 1 for k in kinds)
    assert len(set.union(*kinds)) == len(LINKS)


def test_a_rejected_row_says_where_and_why():
    assert Rejected("log.jsonl", 3, "no account", "{}")._asdict() == {
        "source": "log.jsonl",
        "line": 3,
        "reason": "no account",
        "raw": "{}",
    }
