"""``hydrometer watch scan``: the detectors over logs that are there already."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shlex
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import click
import msgspec

from hydrometer import __version__
from hydrometer.cli.progress import Progress
from hydrometer.cli.results import claim_folder
from hydrometer.errors import InputError, Refused
from hydrometer.finding import Finding
from hydrometer.watch.act.apply import apply, plan_actions
from hydrometer.watch.act.entry import Entry
from hydrometer.watch.act.entry import State as Acts
from hydrometer.watch.act.ledger import Ledger
from hydrometer.watch.act.policy import Policy, load_policy
from hydrometer.watch.collect import Collector, expand_all, public_name
from hydrometer.watch.detect.engine import Engine
from hydrometer.watch.detect.settings import load_settings
from hydrometer.watch.estimate import expected_rows
from hydrometer.watch.finding import moment
from hydrometer.watch.key import load_key
from hydrometer.watch.result import LEVELS, Cluster, Scan
from hydrometer.watch.scan import Looked, look, scan_record, to_findings, write_scan
from hydrometer.watch.sources.attribution import load_attribution
from hydrometer.watch.sources.registry import FILES

__all__ = ["scan"]

FILE = click.Path(dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
UNITS = {"m": 60, "h": 3600, "d": 86400}


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("--key", type=FILE, help="File of the key; else HYDROMETER_WATCH_KEY.")
@click.option("--format", "format_", type=click.Choice(FILES), help="Of the files; else seen.")
@click.option("--mapping", type=FILE, help="Which field names the account (TOML).")
@click.option("--signals", type=FILE, help="Settings of the detectors (TOML).")
@click.option("--false-alarms", default="1/30d", show_default=True, help="Budget of alarms.")
@click.option(
    "--engine",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="Where the work is done; the result is the same.",
)
@click.option("--every", help="Look every 30m, 1h or 1d of the log's time, not only at its end.")
@click.option(
    "--text/--no-text",
    default=True,
    show_default=True,
    help="Whether sketches of prompts are made; without, metadata only.",
)
@click.option("--policy", type=FILE, help="What to do at which level (TOML); dry unless --live.")
@click.option("--ledger", type=FILE, help="Write the policy's actions here.")
@click.option("--live", is_flag=True, help="Carry them out, if the policy too says so.")
@click.option("--out", type=FOLDER, help="Folder for the findings and the tables.")
@click.option("--state", type=FOLDER, help="Folder of what was read: a killed scan goes on.")
@click.option(
    "--keep-rejected",
    is_flag=True,
    help="Keep raw rows that gave no event; they may hold prompts.",
)
@click.option("--json", "as_json", is_flag=True, help="Print clusters and counts as JSON.")
def scan(
    sources: tuple[str, ...],
    key: Path | None,
    format_: str | None,
    mapping: Path | None,
    signals: Path | None,
    false_alarms: str,
    engine: str,
    every: str | None,
    text: bool,
    policy: Path | None,
    ledger: Path | None,
    live: bool,
    out: Path | None,
    state: Path | None,
    keep_rejected: bool,
    as_json: bool,
) -> int:
    """Look for accounts that act as one in logs: files, folders, patterns, URLs, tables.

    A SOURCE is a file, a folder, a quoted pattern, a URL that fsspec reads (s3://bucket/day=*/*),
    or clickhouse://user:password@host:8123/database?table=NAME. Prompts and identifiers are
    hashed under the key as they are read. Writes OUT/findings/*.json, OUT/clusters.json,
    OUT/accounts.csv and OUT/rejected.jsonl.

    Exit codes: 0 a look at everything that found an alarm, or nothing above notice; 1 the
    policy's safety cap held it back; 2 input error; 3 inconclusive: there is a suspect cluster
    and no alarm.
    """
    now = time.time_ns() // 1000
    settings = load_settings(signals, false_alarms=false_alarms)
    step = None if every is None else _microseconds(every)
    secret = load_key(key, os.environ)
    attribution = load_attribution(mapping)
    rules = None if policy is None else load_policy(policy, secret)
    if rules is None and (ledger is not None or live):
        raise InputError("there is nothing to act by", next_step="add --policy FILE")
    if live and ledger is None:
        raise InputError("actions need a ledger to stand in", next_step="add --ledger FILE")
    if rules is not None and not live:
        rules = replace(rules, dry_run=True)
    if out is not None:
        claim_folder(out)
    workers = _engine(engine)  # before hours are spent on reading
    with ExitStack() as stack:
        if state is None:
            state = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hydrometer-")))
        collector = Collector(
            state,
            secret,
            attribution,
            mapping=_digest(mapping),
            text=text,
            keep_rejected=keep_rejected,
            now=now,
        )
        stack.enter_context(closing(collector))
        _collect(collector, sources, format_)
        rejected = _tell_rejected(collector, kept=out is not None)
        if out is not None:
            _write_rejected(out / "rejected.jsonl", collector)
        if not collector.log.rows:
            raise InputError(
                "no row gave an event",
                got=_most_frequent(collector),
                next_step="check --format and --mapping",
            )
        with _bar() as bar:
            looked = look(
                collector.log,
                settings,
                engine=workers,
                every=step,
                orgs=rules.allow_orgs if rules else (),
                progress=bar,
                raised=_say_raised if step else None,
            )
        findings = to_findings(
            looked,
            collector.inputs(),
            command=_command(sources, format_, mapping, signals, false_alarms, every, text),
            environment=_environment(),
            now=now,
        )
        if out is not None:
            write_scan(out, looked, findings)
        counts = {"new": collector.new, "replays": collector.log.replays, "rejected": rejected}
    acts: list[Entry] = []
    spared: dict[str, int] = {}
    held: Refused | None = None
    try:
        acts, spared = _act(looked, findings, rules, ledger, now)
    except Refused as err:
        held = err  # what was found is told all the same
    if as_json:
        record = {**scan_record(looked), "read": counts, "written": out and str(out)}
        if rules is not None:
            record["actions"] = [msgspec.to_builtins(a) for a in acts]
            record["spared"] = dict(spared)
        click.echo(json.dumps(record))
    else:
        _show(looked.scan)
    _say(looked, counts, out, acts, rules)
    if held is not None:
        raise held
    levels = {c.level for c in looked.scan.clusters}
    return 3 if "suspect" in levels and "alarm" not in levels else 0


def _microseconds(text: str) -> int:
    match = re.fullmatch(r"([1-9]\d{0,4})([mhd])", text.strip())
    if not match:
        raise InputError("not a time between looks", got=repr(text)[:40], wanted="30m, 1h or 1d")
    return int(match[1]) * UNITS[match[2]] * 1_000_000


def _engine(name: str) -> Engine | None:
    if name == "local":
        return None
    from hydrometer.watch.detect.ray import RayEngine

    return RayEngine()


def _digest(mapping: Path | None) -> str:
    """Return what tells one mapping from another."""
    return "" if mapping is None else hashlib.sha256(mapping.read_bytes()).hexdigest()


@contextmanager
def _bar() -> Iterator[Progress]:
    bar = Progress(sys.stderr)
    try:
        yield bar
    finally:
        bar.close()


def _collect(collector: Collector, sources: tuple[str, ...], format: str | None) -> None:
    names = expand_all(sources)
    expected = {name: expected_rows(name) for name in names}
    ahead, done = sum(expected.values()), 0
    with _bar() as bar:
        for name in names:
            # A file of unknown length does not move the bar.
            until = done + expected[name]
            collector.collect(name, format, progress=_Steps(bar, done, until, ahead))
            done = until


class _Steps:
    """Moves a bar by the rows of one file, never beyond the rows expected of it."""

    def __init__(self, bar: Progress, done: int, until: int, ahead: int) -> None:
        self._bar, self._done, self._until, self._ahead = bar, done, until, ahead

    def __call__(self, rows: int) -> None:
        self._done = min(self._done + rows, self._until)
        if self._ahead:
            self._bar(self._done, self._ahead)


def _reasons(collector: Collector) -> Counter[str]:
    found: Counter[str] = Counter()
    for source in collector.read.values():
        found.update(source.reasons)
    return found


def _most_frequent(collector: Collector) -> str:
    found = _reasons(collector).most_common(1)
    return f"{found[0][1]:,} times: {found[0][0].partition(';')[0]}" if found else "no row at all"


def _tell_rejected(collector: Collector, *, kept: bool) -> int:
    rejected = sum(s.rejected for s in collector.read.values())
    if rejected:
        click.echo(
            f"{rejected:,} rows could not be read and were set aside"
            + ("" if kept else "; --out FOLDER lists them"),
            err=True,
        )
        for reason, n in _reasons(collector).most_common(3):
            click.echo(f"  {n:,}: {reason}", err=True)
    return rejected


def _write_rejected(path: Path, collector: Collector) -> None:
    try:
        path.unlink(missing_ok=True)
        lines = collector.rejected()
        first = next(lines, None)
        if first is not None:
            with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as f:
                f.write(first)
                f.writelines(lines)
    except OSError as err:
        raise InputError(f"cannot write {path}", got=err.strerror or str(err)) from err


def _command(
    sources: tuple[str, ...],
    format: str | None,
    mapping: Path | None,
    signals: Path | None,
    false_alarms: str,
    every: str | None,
    text: bool,
) -> str:
    """Return the line that computes the findings again, without the key and any password."""
    parts = ["hydrometer", "watch", "scan", *(public_name(s) for s in sources)]
    for option, value in (
        ("--format", format),
        ("--mapping", mapping),
        ("--signals", signals),
        ("--false-alarms", false_alarms),
        ("--every", every),
    ):
        parts += [option, str(value)] if value is not None else []
    return shlex.join(parts if text else [*parts, "--no-text"])


def _environment() -> dict[str, str]:
    return {
        "hydrometer": __version__,
        "python": platform.python_version(),
        **{name: version(name) for name in ("numpy", "scipy", "pyarrow", "duckdb")},
    }


def _act(
    looked: Looked,
    findings: list[Finding],
    policy: Policy | None,
    ledger: Path | None,
    now: int,
) -> tuple[list[Entry], dict[str, int]]:
    """Return the actions that were written, or without a ledger would be, and who was spared."""
    if policy is None:
        return [], {}
    held = None if ledger is None else Ledger(ledger, now=now)
    plan = plan_actions(
        looked.scan, findings, policy, held.state if held else Acts(), now, orgs=looked.orgs
    )
    if held is None:
        return list(plan.entries), dict(plan.spared)
    acts = apply(looked.scan, findings, policy, held, now, orgs=looked.orgs)
    return acts, dict(plan.spared)


def _show(scan: Scan) -> None:
    """Print the clusters that somebody should look at, one a line."""
    shown = [c for c in scan.clusters if LEVELS.index(c.level) >= LEVELS.index("suspect")]
    if not shown:
        return
    rows = [
        ("level", "cluster", "accounts", "exchanges", "first", "last", "signals", "else"),
        *(_row(c) for c in shown),
    ]
    widths = [max(len(r[i]) for r in rows) for i in range(7)]
    for row in rows:
        cells = [
            c.rjust(w) if i in (2, 3) else c.ljust(w)
            for i, (c, w) in enumerate(zip(row, widths, strict=False))
        ]
        click.echo("  ".join([*cells, row[7]]).rstrip())


def _row(c: Cluster) -> tuple[str, ...]:
    speaking = [s for s in c.signals if s.strength > 0 and s.weight > 0]
    speaking.sort(key=lambda s: -s.strength * s.weight)
    possible = [e.name for e in c.explanations if e.status == "possible"]
    return (
        c.level,
        c.id,
        f"{len(c.accounts):,}",
        f"{c.events:,}",
        moment(c.first)[:10],
        moment(c.last)[:10],
        ", ".join(s.name for s in speaking[:4]),
        "; ".join(possible) or "-",
    )


def _say_raised(cluster: Cluster, at: int) -> None:
    if LEVELS.index(cluster.level) >= LEVELS.index("suspect"):
        told = f"{moment(at)[:16]}  {cluster.level}  {cluster.id}  {len(cluster.accounts):,}"
        click.echo(f"{told} accounts", err=True)


def _say(
    looked: Looked,
    counts: dict[str, int],
    out: Path | None,
    acts: list[Entry],
    policy: Policy | None,
) -> None:
    scan = looked.scan
    levels = Counter(c.level for c in scan.clusters)
    found = ", ".join(f"{levels[x]:,} {x}" for x in reversed(LEVELS[1:]))
    click.echo(
        f"{scan.events:,} exchanges of {scan.accounts.size:,} accounts, "
        f"{moment(scan.begin)[:16]} to {moment(scan.time)[:16]}; {counts['replays']:,} read twice",
        err=True,
    )
    click.echo(f"clusters: {found}; {looked.looks:,} looks, {scan.tested:,} tests", err=True)
    if policy is not None:
        verb = "would start" if policy.dry_run else "started"
        click.echo(f"the policy {verb} {len(acts):,} actions", err=True)
    if out is not None:
        click.echo(f"wrote {out}", err=True)
