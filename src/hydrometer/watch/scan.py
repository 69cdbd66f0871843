"""A scan of a log of events: looks at it, and what they leave in a folder."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hydrometer.errors import InputError
from hydrometer.finding import Digest, Finding, write_finding
from hydrometer.store.log import EventLog
from hydrometer.watch.act.orgs import orgs_of
from hydrometer.watch.detect.engine import Engine
from hydrometer.watch.detect.monitor import Monitor
from hydrometer.watch.detect.settings import Settings
from hydrometer.watch.finding import cluster_finding, moment
from hydrometer.watch.result import LEVELS, Cluster, Scan, name_of
from hydrometer.watch.service.scanner import cluster_record

__all__ = ["Looked", "look", "scan_record", "to_findings", "write_scan"]

Raised = Callable[[Cluster, int], None]


@dataclass
class Looked:
    """What the looks at a log gave.

    Attributes
    ----------
    scan : Scan
        The last look.
    looks : int
    raised : dict of str to dict of str to int
        Cluster to level to the time at which it first had that level or a higher one.
    orgs : dict of int to int
        Account to the link of its organisation, of the organisations asked for.
    ids : Digest
        Of the ids of all events, ascending.
    """

    scan: Scan
    looks: int
    raised: dict[str, dict[str, int]]
    orgs: dict[int, int] = field(default_factory=dict)
    ids: Digest = field(default_factory=lambda: Digest("", ""))


def look(
    log: EventLog,
    settings: Settings,
    *,
    engine: Engine | None = None,
    every: int | None = None,
    orgs: Collection[int] = (),
    progress: Callable[[int, int], None] | None = None,
    raised: Raised | None = None,
) -> Looked:
    """Feed a log to a monitor and look at the end, or every so often on the log's own clock.

    Looks come on a fixed grid, multiples of ``every`` since 1970; a look before which nothing new
    arrived is not made.

    Parameters
    ----------
    log : EventLog
        Of `hydrometer.watch.event.EVENTS`.
    settings : Settings
    engine : Engine, optional
        Where the work is done.
    every : int, optional
        Microseconds between looks; None looks once, at the time of the last event.
    orgs : collection of int
        Links of organisations whose accounts are wanted.
    progress : callable, optional
        Told rows done and rows in all.
    raised : callable, optional
        Told each cluster that reaches a higher level, and when.

    Raises
    ------
    InputError
        If the log holds no event.
    StoreError
        If the log cannot be read, or a worker fails.
    """
    if not log.rows:
        raise InputError("the log holds no event", next_step="check the sources")
    seen = _Seen(log)
    monitor = Monitor(settings, seen.again, engine=engine)
    levels: dict[str, dict[str, int]] = {}
    found = Looked(Scan(0, 0, 0, *_nothing(), (), 0, settings.false_alarms), 0, levels)
    ids: list[NDArray[np.uint64]] = []
    done = 0
    for batch, now in _stretches(log, every):
        monitor.add(batch)
        seen.until = max(seen.until, int(pc.max(batch.column("time")).as_py()))
        ids.append(batch.column("id").to_numpy())
        found.orgs.update(orgs_of(batch, orgs))
        done += batch.num_rows
        if now is not None:
            found.scan = monitor.scan(now)
            found.looks += 1
            _note(found.scan, levels, raised)
        if progress:
            progress(done, log.rows)
    if every is None:
        found.scan = monitor.scan(seen.until)
        found.looks = 1
        _note(found.scan, levels, raised)
    digest = hashlib.sha256(np.sort(np.concatenate(ids)).tobytes()).hexdigest()
    found.ids = Digest("ids of the events, ascending", digest, rows=done)
    return found


class _Seen:
    """The events up to a time, once more, for the second look of a scan."""

    def __init__(self, log: EventLog) -> None:
        self._log, self.until = log, -(2**63)

    def again(self) -> Iterator[pa.RecordBatch]:
        for _, batch in self._log.tail(batch_size=16_384):
            yield batch.filter(pc.less_equal(batch.column("time"), self.until))


def _stretches(log: EventLog, every: int | None) -> Iterator[tuple[pa.RecordBatch, int | None]]:
    """Yield the log in stretches, each with the time of the look that follows it, if one does."""
    if every is None:
        for _, batch in log.tail(batch_size=16_384):
            yield batch, None
        return
    waiting: pa.RecordBatch | None = None
    tick = 0
    for batch in log.scan(batch_size=16_384):
        ticks = -(-batch.column("time").to_numpy() // every) * every
        begins = np.flatnonzero(np.append(True, ticks[1:] != ticks[:-1]))
        for begin, end in zip(begins, np.append(begins[1:], ticks.size), strict=True):
            if waiting is not None:
                yield waiting, tick if ticks[begin] != tick else None
            waiting, tick = batch.slice(begin, end - begin), int(ticks[begin])
    if waiting is not None:
        yield waiting, tick


def _nothing() -> tuple[NDArray[np.uint64], NDArray[np.float64]]:
    return np.zeros(0, dtype=np.uint64), np.zeros(0)


def _note(scan: Scan, levels: dict[str, dict[str, int]], raised: Raised | None) -> None:
    for cluster in scan.clusters:
        known = levels.setdefault(cluster.id, {})
        if cluster.level in known:
            continue
        rank = LEVELS.index(cluster.level)
        for level in LEVELS[1 : rank + 1]:
            known.setdefault(level, scan.time)
        if raised:
            raised(cluster, scan.time)


def scan_record(looked: Looked) -> dict[str, Any]:
    """Return the last look as plain JSON values; accounts by their pseudonyms."""
    scan = looked.scan
    return {
        "time": scan.time,
        "begin": scan.begin,
        "events": scan.events,
        "accounts": int(scan.accounts.size),
        "tested": scan.tested,
        "budget": scan.budget,
        "looks": looked.looks,
        "clusters": [{**cluster_record(c), "raised": looked.raised[c.id]} for c in scan.clusters],
    }


def write_scan(
    folder: Path,
    looked: Looked,
    findings: Sequence[Finding],
) -> None:
    """Write ``findings/``, ``clusters.json`` and ``accounts.csv``.

    Findings of earlier scans stay; ``clusters.json`` names those of this one.

    Raises
    ------
    InputError
        If a file cannot be written.
    """
    try:
        (folder / "findings").mkdir(parents=True, exist_ok=True)
        for cluster, finding in zip(looked.scan.clusters, findings, strict=True):
            write_finding(finding, folder / "findings" / f"{cluster.id}.json")
        record = msgspec.json.format(msgspec.json.encode(scan_record(looked)), indent=1)
        (folder / "clusters.json").write_bytes(record + b"\n")
        (folder / "accounts.csv").write_text(_accounts(looked.scan), encoding="utf-8")
    except OSError as err:
        raise InputError(f"cannot write to {folder}", got=err.strerror or str(err)) from err


def to_findings(
    looked: Looked,
    inputs: Sequence[Digest],
    *,
    command: str,
    environment: Mapping[str, str],
    now: int,
) -> list[Finding]:
    """Return one finding for each cluster of the last look, in their order."""
    return [
        cluster_finding(
            c,
            looked.scan,
            inputs=[*inputs, looked.ids],
            command=command,
            environment=environment,
            created=moment(now),
        )
        for c in looked.scan.clusters
    ]


def _accounts(scan: Scan) -> str:
    """Return the accounts that take part in anything, the strongest evidence first."""
    best: dict[int, tuple[float, Cluster]] = {}
    for cluster in scan.clusters:  # strongest first
        for account, membership in zip(cluster.accounts, cluster.membership, strict=True):
            best.setdefault(account, (membership, cluster))
    known = np.array(sorted(best), dtype=np.uint64)
    at = np.searchsorted(scan.accounts, known)
    scores = dict(zip(known.tolist(), scan.scores[at].tolist(), strict=True))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["account", "score", "cluster", "level", "membership"])
    for account in sorted(best, key=lambda a: (-scores[a], a)):
        membership, cluster = best[account]
        writer.writerow(
            [
                name_of(account),
                f"{scores[account]:.6g}",
                cluster.id,
                cluster.level,
                f"{membership:.6g}",
            ]
        )
    return out.getvalue()
