"""What the detector costs against events and accounts; engines must give equal results.

    python bench/watch/scale.py --out build/scale

Events are made columnar, so that making them costs little: accounts of very different size, texts
from a few thousand frames and many single ones, shared clients and networks, and one campaign of
200 accounts in 1 % of the events. Each cell runs in a process of its own. Lines of OUT/scale.jsonl
are kept: a run that was stopped goes on where it stood.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

import hydrometer.watch
from hydrometer.store.log import EventLog
from hydrometer.watch.detect.monitor import Monitor
from hydrometer.watch.detect.ray import RayEngine
from hydrometer.watch.detect.settings import load_settings
from hydrometer.watch.detect.state import State
from hydrometer.watch.evaluate import peak_rss_mb
from hydrometer.watch.event import EVENTS, Kind
from hydrometer.watch.result import Scan

CHUNK = 65_536
DAY = 86_400_000_000
DAYS = 30
BEGIN = 1_790_000_000_000_000 // DAY * DAY
CAMPAIGN, SHARE = 200, 0.01
FRAMES, CLIENTS = 4000, 300
TRIM = 1_000_000
"""Events after which the state is bounded."""

Cell = tuple[int, int, str]
"""Events, accounts asked for, engine."""


def batches(events: int, accounts: int, seed: int) -> Iterator[pa.RecordBatch]:
    """Yield the events by time, `CHUNK` at a time; the same for the same arguments."""
    rng = np.random.default_rng([seed, 0])
    names = rng.integers(1, 2**63, size=accounts, dtype=np.uint64)
    size = rng.lognormal(0.0, 1.5, size=accounts).cumsum()
    size /= size[-1]
    tricks = rng.integers(1, 2**60, size=(FRAMES, 10), dtype=np.uint64)
    clients = rng.integers(1, 2**60, size=(CLIENTS, 3), dtype=np.uint64)
    habit = rng.zipf(1.3, size=accounts) % CLIENTS
    span = DAYS * DAY
    for number, first in enumerate(range(0, events, CHUNK)):
        n = min(CHUNK, events - first)
        rng = np.random.default_rng([seed, 1, number])
        who = np.searchsorted(size, rng.random(n))
        made = rng.random(n) < SHARE
        who[made] = rng.integers(0, min(CAMPAIGN, accounts), size=int(made.sum()))
        at = BEGIN + (np.arange(first, first + n) * (span // events)).astype(np.int64)
        yield _batch(rng, names, who, made, at, tricks, clients[habit[who]])


def _batch(
    rng: np.random.Generator,
    names: NDArray[np.uint64],
    who: NDArray[np.int64],
    made: NDArray[np.bool_],
    at: NDArray[np.int64],
    tricks: NDArray[np.uint64],
    clients: NDArray[np.uint64],
) -> pa.RecordBatch:
    n = who.size
    sketch = rng.integers(1, 2**60, size=(n, 10), dtype=np.uint64)
    framed = rng.random(n) < 0.3
    frame = rng.zipf(1.2, size=n) % (FRAMES - 1)
    frame[made] = FRAMES - 1
    framed |= made
    sketch[framed, :6] = tricks[frame[framed], :6]
    sketch[:, 8:] |= np.uint64(Kind.EDGE << 60)
    links = np.empty((n, 5), dtype=np.uint64)
    own = names[who]
    for place, (kind, value) in enumerate(
        (
            (Kind.IP, own),
            (Kind.NET, own >> np.uint64(6)),
            (Kind.ASN, clients[:, 0] % np.uint64(40)),
            (Kind.AGENT, clients[:, 1]),
            (Kind.SDK, clients[:, 2]),
        )
    ):
        links[:, place] = (value & np.uint64(2**60 - 1)) | np.uint64(kind << 60)
    columns: dict[str, Any] = {
        "id": rng.integers(1, 2**63, size=n, dtype=np.uint64),
        "account": own,
        "time": at,
        "model": pa.DictionaryArray.from_arrays(
            pa.array((who % 3).astype(np.int32)), ["small", "medium", "large"]
        ).cast(pa.string()),
        "flags": np.where(rng.random(n) < 0.5, 1 | 128 | 2, 1 | 128).astype(np.int32),
        "turns": np.where(made, 1, rng.geometric(0.5, size=n)).astype(np.int32),
        "tokens_in": rng.integers(20, 3000, size=n).astype(np.int32),
        "tokens_out": rng.integers(20, 1500, size=n).astype(np.int32),
        "max_tokens": np.full(n, -1, dtype=np.int32),
        "temperature": np.full(n, np.nan, dtype=np.float32),
        "words": rng.integers(8, 400, size=n).astype(np.int32),
        "elicit": np.where(made, 3, rng.random(n) < 0.02).astype(np.int32),
        "script": np.zeros(n, dtype=np.int32),
        "digest": rng.integers(1, 2**63, size=n, dtype=np.uint64),
        "system": np.zeros(n, dtype=np.uint64),
        "sketch": _lists(sketch),
        "links": _lists(links),
    }
    arrays = [
        v if isinstance(v, pa.Array) else pa.array(v, f.type, from_pandas=False)
        for f in EVENTS
        for v in (columns[f.name],)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=EVENTS)


def _lists(table: NDArray[np.uint64]) -> pa.Array:
    offsets = np.arange(table.shape[0] + 1, dtype=np.int32) * table.shape[1]
    return pa.ListArray.from_arrays(offsets, pa.array(table.ravel()))


def digest_state(state: State) -> str:
    """Return one hash of all that a state holds."""
    found = hashlib.sha256()
    for part, names in (
        (state.pairs, ("object", "account", "n", "first", "last", "digest")),
        (state.profiles, ("account", "n", "first", "last", "draw", "sample")),
    ):
        for name in names:
            found.update(np.ascontiguousarray(getattr(part, name)).tobytes())
    return found.hexdigest()[:16]


def digest_scan(scan: Scan) -> str:
    """Return one hash of what a scan says."""
    found = hashlib.sha256(scan.accounts.tobytes() + scan.scores.tobytes())
    for c in scan.clusters:
        found.update(f"{c.id} {c.level} {c.score:.9g} {c.accounts}".encode())
    return found.hexdigest()[:16]


class _Laps:
    """Processor and wall time by name."""

    def __init__(self) -> None:
        self.cpu: dict[str, float] = {}
        self.wall: dict[str, float] = {}
        self._mark = (time.process_time(), time.monotonic())

    def __call__(self, name: str) -> None:
        now = (time.process_time(), time.monotonic())
        self.cpu[name] = self.cpu.get(name, 0.0) + now[0] - self._mark[0]
        self.wall[name] = self.wall.get(name, 0.0) + now[1] - self._mark[1]
        self._mark = now


def run_cell(events: int, accounts: int, engine: str, seed: int) -> dict[str, Any]:
    """Put a stream on the log, fold it, look at it, and return what it cost and what it says."""
    before, end = peak_rss_mb(), BEGIN + DAYS * DAY
    laps = _Laps()
    with tempfile.TemporaryDirectory() as folder:
        log = EventLog(Path(folder) / "events.duckdb", EVENTS)
        monitor = Monitor(
            load_settings(),
            events=lambda: log.scan(batch_size=CHUNK),
            engine=RayEngine() if engine == "ray" else None,
        )
        laps("start")
        since = 0
        for batch in batches(events, accounts, seed):
            laps("make")
            log.append(batch)
            laps("log")
            monitor.add(batch)
            since += batch.num_rows
            if since >= TRIM:
                monitor.settle()
                monitor.trim(int(batch.column("time")[-1].as_py()))
                since = 0
            laps("fold")
        monitor.settle()
        monitor.trim(end)
        laps("fold")
        state = digest_state(monitor.state)
        laps("digest")
        scan = monitor.scan(end)
        laps("scan")
        held = monitor.state
        seen = len(held.profiles)
        out = {
            "events": events,
            "asked_accounts": accounts,
            "engine": engine,
            "accounts": seen,
            "pairs": len(held.pairs),
            "state_mb": round(held.nbytes / 1e6, 2),
            "state_bytes_per_account": round(held.nbytes / seen, 1),
            "clusters": len(scan.clusters),
            "alarms": sum(c.level == "alarm" for c in scan.clusters),
            "state": state,
            "scan": digest_scan(scan),
            "peak_rss_mb": peak_rss_mb(),
            "rss_before_mb": before,
        }
        log.close()
    for name in ("fold", "log", "scan"):
        out[f"{name}_cpu_s"] = round(laps.cpu[name], 2)
        out[f"{name}_wall_s"] = round(laps.wall[name], 2)
    return out


def to_table(rows: list[dict[str, Any]]) -> str:
    """Return the costs, and whether the engines say the same, as Markdown."""
    lines = [
        "# bench watch, scale",
        "",
        "| events | accounts | engine | folded a second and core | a second of the clock "
        "| one look, s | state, MB | bytes an account | peak memory, MB | alarms "
        "| state and look are the same |",
        "| --: | --: | --- | --: | --: | --: | --: | --: | --: | --: | --- |",
    ]
    said: dict[tuple[int, int], dict[str, tuple[str, str]]] = {}
    for r in rows:
        cell = said.setdefault((r["events"], r["asked_accounts"]), {})
        cell[r["engine"]] = (r["state"], r["scan"])
    order = sorted(rows, key=lambda r: (r["events"], r["asked_accounts"], r["engine"]))
    for r in order:
        cell = said[r["events"], r["asked_accounts"]]
        same = "-" if len(cell) < 2 else "yes" if len(set(cell.values())) == 1 else "NO"
        # A driver's processor time does not hold that of its workers.
        core = f"{r['events'] / r['fold_cpu_s']:,.0f}" if r["engine"] == "local" else "-"
        lines.append(
            f"| {r['events']:,} | {r['accounts']:,} | {r['engine']} | {core} "
            f"| {r['events'] / r['fold_wall_s']:,.0f} | {r['scan_wall_s']:.1f} "
            f"| {r['state_mb']:,.1f} | {r['state_bytes_per_account']:,.0f} "
            f"| {r['peak_rss_mb']:,.0f} | {r['alarms']} | {same} |"
        )
    lines += [
        "",
        "One look is by the clock. Peak memory is of the first process, with the log's cache and "
        "what makes the events; before the first event it is about "
        f"{max(r['rss_before_mb'] for r in rows):,.0f} MB. Load of the machine: "
        f"{min(r['load'] for r in rows):.1f} to {max(r['load'] for r in rows):.1f}.",
        "",
    ]
    return "\n".join(lines)


def cells(events: list[int], accounts: list[int], engines: list[str]) -> list[Cell]:
    """Return what is to be measured: at least five events for each account."""
    return [(e, a, engine) for e in events for a in accounts if a <= e / 5 for engine in engines]


def main() -> int:
    """Measure what is missing, then write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, nargs="+", default=[10**5, 10**6, 10**7])
    parser.add_argument("--accounts", type=int, nargs="+", default=[10**3, 10**4, 10**5, 10**6])
    parser.add_argument("--engines", nargs="+", default=["local", "ray"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True, help="folder")
    parser.add_argument("--cell", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.cell:
        events, accounts, engine = json.loads(args.cell)
        print(json.dumps(run_cell(events, accounts, engine, args.seed)))
        return 0
    args.out.mkdir(parents=True, exist_ok=True)
    kept = args.out / "scale.jsonl"
    told = [load_settings().plain(), _code(), args.seed]
    same = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]
    rows: list[dict[str, Any]] = []
    if kept.exists():
        rows = [json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines()]
        rows = [r for r in rows if r["same"] == same]
    done = {_cell(r) for r in rows}
    wanted = cells(args.events, args.accounts, args.engines)
    for cell in wanted:
        if cell in done:
            continue
        line = [sys.executable, __file__, "--cell", json.dumps(cell), "--seed", str(args.seed)]
        found = subprocess.run(
            [*line, "--out", str(args.out)], capture_output=True, text=True, check=False
        )
        if found.returncode:
            print(f"{cell}: {found.stderr[-1000:]}", file=sys.stderr)
            return 1
        row = {
            **json.loads(found.stdout.splitlines()[-1]),
            "load": os.getloadavg()[0],
            "same": same,
        }
        rows.append(row)
        with kept.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        print(f"{cell}: folded in {row['fold_wall_s']} s", file=sys.stderr)
    table = to_table([r for r in rows if _cell(r) in wanted])
    (args.out / "scale.md").write_text(table, encoding="utf-8")
    print(table)
    return 0 if "| NO |" not in table else 1


def _code() -> str:
    """Return a hash of the detector: what another one measured is not gone on with."""
    files = sorted(Path(hydrometer.watch.__file__).parent.rglob("*.py"))
    return hashlib.sha256(b"".join(f.read_bytes() for f in files)).hexdigest()


def _cell(row: dict[str, Any]) -> Cell:
    return row["events"], row["asked_accounts"], row["engine"]


if __name__ == "__main__":
    sys.exit(main())
