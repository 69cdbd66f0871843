"""The event log: what is acknowledged is there once, after kills and on full disks."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from hydrometer.errors import InputError, SchemaError, StoreError
from hydrometer.store.log import EventLog

SCHEMA = pa.schema(
    [
        pa.field("id", pa.uint64(), nullable=False),
        pa.field("time", pa.int64(), nullable=False),
        pa.field("model", pa.string(), nullable=False),
        pa.field("sketch", pa.list_(pa.uint64()), nullable=False),
    ],
    metadata={"version": "1"},
)


def batch(ids, times=None, wide=10):
    ids = np.asarray(ids, np.uint64)
    times = ids.astype(np.int64) if times is None else np.asarray(times, np.int64)
    rng = np.random.default_rng(int(ids[0]) if ids.size else 0)
    flat = rng.integers(0, 2**63, ids.size * wide, dtype=np.uint64)
    lists = pa.ListArray.from_arrays(
        np.arange(0, flat.size + 1, wide, dtype=np.int32), pa.array(flat)
    )
    columns = [pa.array(ids), pa.array(times), pa.array(["m"] * ids.size), lists]
    return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


def ids_of(batches):
    return [i for b in batches for i in b.column("id").to_pylist()]


@pytest.fixture
def log(tmp_path):
    log = EventLog(tmp_path / "events.db", SCHEMA)
    yield log
    log.close()


def test_a_batch_comes_back_as_it_was(log, tmp_path):
    given = batch([5, 2**64 - 1, 7])
    assert log.append(given) == 3
    log.close()
    again = EventLog(tmp_path / "events.db", SCHEMA)
    (back,) = again.scan()
    assert back.schema.equals(SCHEMA, check_metadata=True)
    assert sorted(back.to_pylist(), key=lambda r: r["id"]) == sorted(
        given.to_pylist(), key=lambda r: r["id"]
    )
    again.close()


def test_each_id_is_stored_once(log, tmp_path):
    assert log.append(batch([3, 1, 3, 2])) == 3
    assert log.append(batch([2, 9], [0, 0])) == 1
    assert (log.rows, log.replays) == (4, 2)
    log.close()
    again = EventLog(tmp_path / "events.db", SCHEMA)
    assert again.append(batch([1, 2, 3, 9])) == 0
    assert again.replays == 4
    assert sorted(ids_of(again.scan())) == [1, 2, 3, 9]
    again.close()


def test_ids_are_known_across_runs_of_any_size(log):
    rng = np.random.default_rng(1)
    given = rng.permutation(np.arange(1, 6001, dtype=np.uint64))
    start = 0
    for size in rng.integers(1, 700, 40):
        log.append(batch(given[start : start + size]))
        start += int(size)
    there = given[: min(start, given.size)]
    assert log.rows == there.size
    assert log.append(batch(given)) == given.size - there.size
    assert log.append(batch(given)) == 0


def test_scan_is_in_the_order_of_time_whatever_the_times_are(log):
    far = [2**62, 0, -5, 1_000, 1_000]
    log.append(batch([1, 2, 3, 4, 5], far))
    log.append(batch([6], [999]))
    assert ids_of(log.scan()) == [3, 2, 6, 4, 5, 1]
    assert ids_of(log.scan(0, 1_000)) == [2, 6]
    assert ids_of(log.scan(begin=1_000)) == [4, 5, 1]
    (part,) = log.scan(0, 1_000, columns=["time", "id"])
    assert part.schema.names == ["time", "id"]
    assert [b.num_rows for b in log.scan(batch_size=2)] != []
    with pytest.raises(InputError, match="no such column"):
        list(log.scan(columns=["nonsense"]))


def test_tail_goes_on_where_it_stopped(log):
    log.append(batch([1, 2, 3], [30, 20, 10]))
    parts = list(log.tail(0))
    assert ids_of(b for _, b in parts) == [1, 2, 3]
    following = parts[-1][0]
    assert following == log.next_row == 3
    assert list(log.tail(following)) == []
    log.append(batch([4]))
    assert ids_of(b for _, b in log.tail(following)) == [4]


def test_prune_removes_the_old_and_never_numbers_anew(log, tmp_path):
    log.append(batch([1, 2, 3, 4], [10, 2**60, 20, 30]))
    assert log.prune(25) == 2
    assert ids_of(log.scan()) == [4, 2]
    assert log.prune(2**62) == 2
    assert (log.rows, log.next_row) == (0, 4)
    log.close()
    again = EventLog(tmp_path / "events.db", SCHEMA)
    assert again.next_row == 4
    assert again.append(batch([1, 5])) == 2  # what was removed is new again
    assert [n for n, _ in again.tail(4)] == [6]
    again.close()


def test_space_of_pruned_rows_is_used_again(log, tmp_path):
    path = tmp_path / "events.db"
    step = 130_000  # more than one of DuckDB's row groups
    sizes = []
    for n in range(5):
        log.append(batch(np.arange(n * step, (n + 1) * step)))
        log.prune(n * step)
        sizes.append(path.stat().st_size)
    assert log.rows == step
    assert sizes[-1] <= 3 * sizes[0]


def test_a_reader_and_a_writer_at_once(log):
    log.append(batch(range(5_000)))
    scan = log.scan(batch_size=500)
    first = next(scan)
    seen = []

    def write():
        for n in range(5):
            seen.append(log.append(batch(range(5_000 + n * 100, 5_100 + n * 100))))

    thread = threading.Thread(target=write)
    thread.start()
    rest = list(scan)
    thread.join()
    assert seen == [100] * 5
    assert len(ids_of([first, *rest])) == 5_000
    assert log.rows == 5_500


def test_what_does_not_fit_is_refused(log, tmp_path):
    with pytest.raises(SchemaError, match="not of this log"):
        log.append(batch([1]).drop_columns(["model"]))
    strange = batch([1]).to_pylist()[0] | {"time": None}
    loose = pa.schema([f.with_nullable(True) for f in SCHEMA])
    with pytest.raises(SchemaError, match=r"fit|without time"):
        log.append(pa.RecordBatch.from_pylist([strange], schema=loose))
    assert log.rows == 0
    log.close()
    with pytest.raises(StoreError, match="closed"):
        log.append(batch([1]))
    with pytest.raises(SchemaError, match="another schema"):
        EventLog(tmp_path / "events.db", SCHEMA.with_metadata({"version": "2"}))
    with pytest.raises(InputError, match="not of a log"):
        EventLog(tmp_path / "x.db", pa.schema([("id", pa.int64()), ("time", pa.int64())]))
    (tmp_path / "text.db").write_text("not a database at all, " * 1000)
    with pytest.raises(StoreError, match="cannot open the log"):
        EventLog(tmp_path / "text.db", SCHEMA)


WORKER = """
import sys
sys.path.insert(0, sys.argv[2])
from test_log import SCHEMA, batch
from hydrometer.store.log import EventLog
log = EventLog(sys.argv[1], SCHEMA)
n = int(sys.argv[3])
while True:
    log.append(batch(range(n, n + 500)))
    print(n, flush=True)
    n += 500
"""


def run_and_kill(path, start, wait):
    """Append until killed; return the first id of every batch that was acknowledged."""
    args = [sys.executable, "-c", WORKER, str(path), str(Path(__file__).parent), str(start)]
    with subprocess.Popen(args, stdout=subprocess.PIPE, text=True) as worker:
        first = worker.stdout.readline()
        assert first
        time.sleep(wait)
        worker.send_signal(signal.SIGKILL)
        rest = worker.stdout.read()
    # A line that was cut by the kill is no acknowledgement.
    return [int(x) for x in (first + rest[: rest.rfind("\n") + 1]).split()]


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_a_kill_loses_no_acknowledged_batch_and_doubles_none(tmp_path):
    path = tmp_path / "events.db"
    rng = np.random.default_rng(2)
    acknowledged = []
    start = 0
    for _ in range(6):
        acknowledged += run_and_kill(path, start, float(rng.uniform(0, 0.7)))
        start = acknowledged[-1] + 500  # what was not acknowledged is sent again
    log = EventLog(path, SCHEMA)
    there = ids_of(log.scan(columns=["id"]))
    assert len(there) == len(set(there)) == log.rows
    wanted = {i for first in acknowledged for i in range(first, first + 500)}
    assert wanted <= set(there)
    # Besides them at most the one batch that was written when the last kill came, and whole.
    assert set(there) - wanted in (set(), set(range(start, start + 500)))
    assert log.append(batch(sorted(wanted))) == 0
    log.close()


@pytest.fixture
def small_disk(tmp_path):
    place = tmp_path / "small"
    place.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(place)],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("may not mount a small disk here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a tmpfs")
def test_a_full_disk_leaves_the_log_whole(small_disk):
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * (10 << 20))
    log = EventLog(small_disk / "events.db", SCHEMA)
    stored, told = 0, None
    while told is None and stored < 2_000_000:
        try:
            assert log.append(batch(range(stored, stored + 2_000))) == 2_000
            stored += 2_000
        except StoreError as err:
            told = err
    assert "free space" in told.next_step
    assert stored > 10_000
    with pytest.raises(StoreError):
        log.append(batch(range(stored, stored + 2_000)))
    assert ids_of(log.scan(columns=["id"])) == list(range(stored))
    ballast.unlink()
    assert log.append(batch(range(stored - 1_000, stored + 2_000))) == 2_000
    log.close()
    again = EventLog(small_disk / "events.db", SCHEMA)
    assert ids_of(again.scan(columns=["id"])) == list(range(stored + 2_000))
    again.close()


def test_two_processes_cannot_hold_one_log(log, tmp_path):
    code = (
        "import sys; sys.path.insert(0, sys.argv[2]); from test_log import SCHEMA\n"
        "from hydrometer.store.log import EventLog\n"
        "from hydrometer.errors import StoreError\n"
        "try:\n    EventLog(sys.argv[1], SCHEMA)\n"
        "except StoreError as err:\n    sys.stdout.write(str(err))"
    )
    args = [sys.executable, "-c", code, str(tmp_path / "events.db"), str(Path(__file__).parent)]
    done = subprocess.run(args, capture_output=True, text=True, check=True)
    assert "end the other process" in done.stdout


@pytest.mark.slow
def test_an_append_to_a_long_log_takes_no_longer(log, tmp_path):
    for n in range(0, 1_000_000, 50_000):
        log.append(batch(range(n, n + 50_000)))
    short = EventLog(tmp_path / "short.db", SCHEMA)
    times = {log: [], short: []}
    for n in range(1_000_000, 1_100_000, 2_000):  # in turn: a busy machine is busy for both
        given = batch(range(n, n + 2_000))
        for one, seconds in times.items():
            begin = time.perf_counter()
            one.append(given)
            seconds.append(time.perf_counter() - begin)
    short.close()
    assert np.median(times[log]) < 3 * np.median(times[short])
