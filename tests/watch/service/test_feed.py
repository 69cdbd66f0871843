import socket
import threading

import pyarrow as pa
import pytest

from hydrometer.store.log import EventLog
from hydrometer.watch.event import EVENTS
from hydrometer.watch.key import Key
from hydrometer.watch.observation import Observation
from hydrometer.watch.observe import observe
from hydrometer.watch.service import feed, wire


@pytest.fixture
def log(tmp_path):
    log = EventLog(tmp_path / "events.duckdb", EVENTS)
    rows = [Observation(f"r{n}", "a", n, "m") for n in range(30)]
    for start in range(0, 30, 10):
        log.append(observe(rows[start : start + 10], Key(bytes(32))))
    yield log
    log.close()


def times(parts):
    return [t for _, b in parts for t in b.column("time").to_pylist()]


def test_slices_end_where_they_are_told(log):
    assert times(feed.slices(log, 0)) == list(range(30))
    assert times(feed.slices(log, 10, 25)) == list(range(10, 25))
    assert times(feed.slices(log, 0, 0)) == []
    assert [after for after, _ in feed.slices(log, 10, 25)] == [25]


def test_the_scanner_is_answered_from_the_log_and_its_words_are_passed_on(log):
    mine, theirs = socket.socketpair()
    told = []
    thread = threading.Thread(
        target=feed.serve, args=(theirs, log, lambda: 77, lambda h, b: told.append((h, b)))
    )
    thread.start()
    wire.send(mine, {"kind": "decisions", "accounts": 1}, b"table")
    wire.send(mine, {"kind": "rows", "since": 5, "upto": None})
    rows = []
    while (frame := wire.receive(mine))[0]["kind"] == "rows":
        rows.append((0, pa.ipc.read_record_batch(pa.py_buffer(frame[1]), EVENTS)))
    assert times(rows) == list(range(5, 30))
    assert frame[0] == {"kind": "end", "row": 30, "now": 77, "rows": 30}
    assert told == [({"kind": "decisions", "accounts": 1}, b"table")]
    wire.send(mine, {"kind": "rows", "since": 30})
    assert wire.receive(mine)[0]["row"] == 30
    mine.close()
    thread.join(10)
    assert not thread.is_alive()
    theirs.close()
