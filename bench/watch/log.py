"""Appending to the event log in batches of 2,000 rows: ours, and one with a primary key.

python bench/watch/log.py --rows 1000000 --seed 0 --out bench/results/watch
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from hydrometer.store.log import EventLog
from hydrometer.watch.event import EVENTS

STEP = 2_000


def batch(rng, first):
    """Return a batch of events whose hashes are random, as hashes are."""

    def hashes(n):
        return rng.integers(0, 2**63, n, dtype=np.uint64)

    def lists():
        sizes = rng.integers(8, 13, STEP)
        offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
        return pa.ListArray.from_arrays(offsets, pa.array(hashes(int(offsets[-1]))))

    columns = []
    for field in EVENTS:
        if pa.types.is_list(field.type):
            columns.append(lists())
        elif field.type == pa.uint64():
            columns.append(pa.array(hashes(STEP)))
        elif field.name == "time":
            columns.append(pa.array(np.arange(first, first + STEP) * 1000))
        elif field.name == "model":
            columns.append(pa.array(["gpt-4o"] * STEP))
        else:
            columns.append(pa.array(rng.integers(0, 1000, STEP)).cast(field.type))
    return pa.RecordBatch.from_arrays(columns, schema=EVENTS)


class Runs(EventLog):
    """What the house uses."""

    @classmethod
    def again(cls, path):
        cls(path, EVENTS).close()


class PrimaryKey:
    """What was left: the engine's own index keeps each id once."""

    def __init__(self, path, schema):
        self._db = duckdb.connect(str(path))
        self._db.register("_schema", schema.empty_table())
        self._db.execute("CREATE TABLE events AS SELECT * FROM _schema")
        self._db.execute("CREATE UNIQUE INDEX ids ON events (id)")

    def append(self, rows):
        self._db.register("_new", pa.Table.from_batches([rows]))
        self._db.execute("INSERT INTO events SELECT * FROM _new ON CONFLICT DO NOTHING")

    def close(self):
        self._db.close()

    @classmethod
    def again(cls, path):
        with duckdb.connect(str(path)) as db:
            db.execute("SELECT count(*) FROM events").fetchone()


def measure(kind, rows, seed, place):
    """Return the seconds of each append, those of the processor, of opening again; the size."""
    rng = np.random.default_rng(seed)
    path = place / f"{kind.__name__}.db"
    log, seconds, used = kind(path, EVENTS), [], 0.0
    for first in range(0, rows, STEP):
        given = batch(rng, first)
        begin, work = time.perf_counter(), time.process_time()
        log.append(given)
        seconds.append(time.perf_counter() - begin)
        used += time.process_time() - work
    log.close()
    begin = time.perf_counter()
    kind.again(path)
    return np.array(seconds), used, time.perf_counter() - begin, path.stat().st_size


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    lines = [
        "| log | rows | rows per s | rows per processor s "
        "| median ms, first 100,000 | median ms, last 100,000 | longest ms | open s | MB |",
        "| --- | --: | --: | --: | --: | --: | --: | --: | --: |",
    ]
    part = 100_000 // STEP
    with tempfile.TemporaryDirectory() as place:
        for kind, name in ((Runs, "sorted ids in memory"), (PrimaryKey, "primary key")):
            seconds, used, opened, size = measure(kind, given.rows, given.seed, Path(place))
            ms = seconds * 1e3
            lines.append(
                f"| {name} | {given.rows:,} | {given.rows / seconds.sum():,.0f} "
                f"| {given.rows / used:,.0f} "
                f"| {np.median(ms[:part]):.1f} | {np.median(ms[-part:]):.1f} "
                f"| {ms.max():.0f} | {opened:.2f} | {size / 1e6:,.0f} |"
            )
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "log.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
