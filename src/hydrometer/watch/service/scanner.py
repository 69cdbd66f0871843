"""The scanner: a process of its own that holds the monitor, scans, and acts by the policy.

It asks the engine for rows and never touches the log. ``python -m
hydrometer.watch.service.scanner FD`` is started by the engine.
"""

from __future__ import annotations

import os
import platform
import signal
import socket
import sys
import time
import traceback
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from hydrometer import __version__
from hydrometer.errors import HydrometerError
from hydrometer.finding import Digest, Finding, write_finding
from hydrometer.watch.act.apply import apply
from hydrometer.watch.act.decide import Decisions
from hydrometer.watch.act.ledger import Ledger
from hydrometer.watch.act.orgs import orgs_of
from hydrometer.watch.act.policy import Policy, load_policy
from hydrometer.watch.detect.monitor import Monitor
from hydrometer.watch.detect.register import Register
from hydrometer.watch.detect.settings import load_settings
from hydrometer.watch.event import EVENTS
from hydrometer.watch.finding import cluster_finding, moment
from hydrometer.watch.key import Key, load_key
from hydrometer.watch.result import Cluster, Scan, name_of
from hydrometer.watch.service import wire
from hydrometer.watch.service.evidence import pack_suspects
from hydrometer.watch.service.setup import DAY, Setup

__all__ = ["Scanner", "cluster_record", "main"]

LOOK = 1.0
"""Seconds between two looks at the log and the ledger."""


class Gone(Exception):
    """The engine ended."""


class Scanner:
    """Folds events, scans every so often, and keeps the table of decisions current.

    Parameters
    ----------
    setup : Setup
    engine : socket
        Answers for rows, and passes on what it is told.
    key : Key
        For raw identifiers of the policy's allow-list.
    now : int
        Time of the start, microseconds since 1970 UTC.
    """

    def __init__(self, setup: Setup, engine: socket.socket, key: Key, *, now: int) -> None:
        self._setup, self._engine, self._key = setup, engine, key
        self._settings = load_settings(
            Path(setup.detectors) if setup.detectors else None, false_alarms=setup.false_alarms
        )
        self._policy = Policy()
        self._ledger: Ledger | None = None
        self._pushed: Decisions | None = None
        self._scans = 0
        self._scanned = 0
        self._register = self._remembered()
        self._begin(now)

    def _begin(self, now: int) -> None:
        """Start from nothing: what is folded cannot be forgotten, so a window is built anew."""
        self._monitor = Monitor(self._settings, self._window, register=self._register)
        self._row = 0
        self._begun = now - int(self._setup.window * DAY)
        self._orgs: dict[int, int] = {}
        self._digest = sha256()
        self._rows = 0

    def _remembered(self) -> Register:
        """Return what an earlier process found: its alarms stand, and its tests stay paid for."""
        try:
            return Register.from_bytes(self._setup.register.read_bytes())
        except FileNotFoundError:
            return Register()

    def run(self) -> None:
        """Work until the engine is gone."""
        try:
            self._read_policy()
            self._decide(int(self._begun + self._setup.window * DAY))
            while True:
                now = self._fill()
                self._read_policy()
                self._decide(now)
                if now - self._scanned >= self._setup.every * 1e6:
                    self._scan(now)
                time.sleep(LOOK)
        except (Gone, ConnectionError):
            return

    def _ask(self, since: int, upto: int | None = None) -> Iterator[pa.RecordBatch]:
        """Yield rows by number; the answer's end is kept in ``_end``."""
        wire.send(self._engine, {"kind": "rows", "since": since, "upto": upto})
        while (frame := wire.receive(self._engine)) is not None:
            header, body = frame
            if header["kind"] == "end":
                self._end = header
                return
            yield pa.ipc.read_record_batch(pa.py_buffer(body), EVENTS)
        raise Gone

    def _window(self) -> Iterator[pa.RecordBatch]:
        """Yield what was folded so far once more, for the second look of a scan."""
        for batch in self._ask(0, self._row):
            yield self._inside(batch)

    def _inside(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        times = batch.column("time").to_numpy()
        return batch if times.min() >= self._begun else batch.filter(times >= self._begun)

    def _fill(self) -> int:
        """Fold what is new; return the time."""
        for batch in self._ask(self._row):
            kept = self._inside(batch)
            self._monitor.add(kept)
            self._digest.update(np.ascontiguousarray(kept.column("id").to_numpy()).tobytes())
            self._rows += kept.num_rows
            self._orgs.update(orgs_of(kept, self._policy.allow_orgs))
            if self._row == 0:
                self._tell({"kind": "rebuilding", "done": self._rows})
        self._row, now = int(self._end["row"]), int(self._end["now"])
        window = int(self._setup.window * DAY)
        if now - window - self._begun > max(DAY, window // 30):
            # Everything older than the window goes, a day or a thirtieth of it at a time.
            self._begin(now)
            return self._fill()
        return now

    def _tell(self, header: Mapping[str, Any], body: bytes = b"") -> None:
        wire.send(self._engine, header, body)

    def _note(self, what: str, err: Exception) -> None:
        self._tell({"kind": "note", "what": what, "error": str(err)[:500]})

    def _read_policy(self) -> None:
        """Read the policy again: it may be changed while the service runs."""
        if not self._setup.policy:
            return
        try:
            policy = load_policy(Path(self._setup.policy), self._key)
        except HydrometerError as err:
            self._note("the policy stays as it was", err)
            return
        more = policy.allow_orgs - self._policy.allow_orgs
        self._policy = policy
        if more and self._row:  # which accounts are theirs has to be read from the log
            self._begin(int(self._end["now"]))

    def _decide(self, now: int) -> None:
        """Push the table of decisions if the ledger, the policy or the time changed it."""
        try:
            if self._ledger is None:
                self._ledger = Ledger(self._setup.ledger, now=now)
            with self._ledger.locked():
                table = Decisions.from_acts(self._ledger.state.in_force(now), self._policy)
            if table == self._pushed:
                return
            data = table.to_bytes()
            _write(self._setup.decisions, data)
        except (HydrometerError, OSError) as err:
            self._note("the decisions stay as they were", err)
            return
        self._tell({"kind": "decisions", "accounts": len(table)}, data)
        self._pushed = table

    def _scan(self, now: int) -> None:
        begun = time.monotonic()
        try:
            scan = self._monitor.scan(now)
            _write(self._setup.register, self._register.to_bytes())
            findings = self._write(scan, now)
            if self._setup.sample_key:
                self._tell({"kind": "suspects"}, pack_suspects(scan.clusters))
            self._act(scan, findings, now)
        except (Gone, ConnectionError):
            raise
        except (HydrometerError, OSError) as err:
            self._note("a scan failed", err)
        except Exception as err:
            traceback.print_exc()
            self._note("a scan failed by a defect", err)
        else:
            self._scans += 1
        self._scanned = now
        told = {"seconds": round(time.monotonic() - begun, 3), "at": now}
        self._tell({"kind": "scan", "scans": self._scans, "events": self._rows, **told})
        self._decide(now)

    def _write(self, scan: Scan, now: int) -> list[Finding]:
        """Write a finding for each cluster, and the list of them for the console."""
        ids = self._digest.hexdigest()
        inputs = [Digest("ids of the events, in the order of the log", ids, rows=self._rows)]
        environment = {"hydrometer": __version__, "python": platform.python_version()}
        findings = []
        for cluster in scan.clusters:
            finding = cluster_finding(
                cluster,
                scan,
                inputs=inputs,
                command="hydrometer watch serve",
                environment=environment,
                created=moment(now),
            )
            write_finding(finding, self._setup.findings / f"{cluster.id}.json")
            findings.append(finding)
        record = {
            "time": scan.time,
            "begin": scan.begin,
            "events": scan.events,
            "accounts": int(scan.accounts.size),
            "tested": scan.tested,
            "budget": scan.budget,
            "clusters": [cluster_record(c) for c in scan.clusters],
        }
        _write(self._setup.clusters, msgspec.json.encode(record))
        return findings

    def _act(self, scan: Scan, findings: list[Finding], now: int) -> None:
        if self._ledger is not None and self._policy.rules:
            apply(scan, findings, self._policy, self._ledger, now, orgs=self._orgs)


def cluster_record(cluster: Cluster) -> dict[str, Any]:
    """Return a cluster as plain JSON values; accounts by their pseudonyms, NaN as None."""
    return {
        "id": cluster.id,
        "level": cluster.level,
        "score": _number(cluster.score),
        "log_e": _number(cluster.log_e),
        "events": cluster.events,
        "first": cluster.first,
        "last": cluster.last,
        "accounts": [
            {"account": name_of(a), "membership": _number(m)}
            for a, m in zip(cluster.accounts, cluster.membership, strict=True)
        ],
        "signals": [
            {
                "name": s.name,
                "strength": _number(s.strength),
                "weight": s.weight,
                "detail": s.detail,
            }
            for s in cluster.signals
        ],
        "explanations": [
            {"name": e.name, "status": e.status, "detail": e.detail} for e in cluster.explanations
        ],
    }


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _write(path: Path, data: bytes) -> None:
    """Replace a file in one step; half of a table must never be read."""
    beside = path.with_name(path.name + ".new")
    with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as f:
        f.write(data)
        f.flush()
        os.fsync(f.fileno())
    beside.replace(path)


def main(argv: list[str]) -> int:
    """Run from the command line: the only argument is the descriptor of the socket."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(10)
    engine = socket.socket(fileno=int(argv[1]))
    first = wire.receive(engine)
    if first is None:
        return 0
    setup = msgspec.json.decode(first[1], type=Setup)
    key = load_key(Path(setup.key) if setup.key else None, os.environ)
    Scanner(setup, engine, key, now=int(first[0]["now"])).run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
