"""``hydrometer bench watch``: a detector and two baselines on a labelled stream of traffic."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from hydrometer import __version__
from hydrometer.cli.progress import Progress
from hydrometer.cli.results import claim_folder, write_results
from hydrometer.errors import InputError
from hydrometer.store.log import EventLog
from hydrometer.watch.detect.monitor import Monitor
from hydrometer.watch.detect.settings import Settings, load_settings
from hydrometer.watch.evaluate import evaluate
from hydrometer.watch.evaluate_mmd import MmdWindow
from hydrometer.watch.evaluate_rate import RateLimit
from hydrometer.watch.evaluate_replay import Method
from hydrometer.watch.evaluate_speed import measure_speed
from hydrometer.watch.evaluate_stream import Stream, load_stream
from hydrometer.watch.evaluate_table import to_table
from hydrometer.watch.evaluate_truth import read_truth
from hydrometer.watch.event import EVENTS
from hydrometer.watch.key import Key
from hydrometer.watch.sources.attribution import load_attribution
from hydrometer.watch.sources.decoded import Decoded
from hydrometer.watch.sources.registry import FILES, read_files

__all__ = ["Run", "baselines", "run", "watch"]

FILE = click.Path(dir_okay=False, path_type=Path)
UNITS = {"m": 60, "h": 3600, "d": 86400}
LOOKS = 400
"""Looks that ``--every auto`` makes, at the most."""
SPEED_ROWS = 50_000
"""Events on which the speed is measured, from the first on."""

Peers = Callable[[Stream, int], tuple[Sequence[Method], dict[str, str]]]
"""From a stream and a seed: peers, and those that cannot run with the reason."""


@dataclass(frozen=True)
class Run:
    """What one run of the benchmark is told; see the options of ``hydrometer bench watch``.

    Without ``speed`` no time is spent on measuring it.
    """

    events: str
    truth: Path
    format: str | None = None
    attribution: Path | None = None
    settings: Path | None = None
    every: str = "auto"
    false_alarms: str = "1/30d"
    text: bool = True
    allow_unlabelled: bool = False
    seed: int = 0
    speed: bool = True


def baselines(stream: Stream, seed: int) -> tuple[Sequence[Method], dict[str, str]]:
    """Return the peers that need no foreign code: two rate limits and the window test."""
    found: list[Method] = [RateLimit(stream.accounts, hours=h) for h in (1, 24)]
    try:
        found.append(MmdWindow(stream, seed=seed))
    except InputError as err:
        return found, {"MMD window": str(err)}
    return found, {}


def _every(stream: Stream) -> int:
    """Return the time between looks, in microseconds: tens of minutes, at most `LOOKS` of them."""
    step = 600_000_000
    span = int(stream.time[-1] - stream.time[0])
    return max(-(-span // (LOOKS * step)), 1) * step


def run(
    told: Run,
    *,
    peers: Peers | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Measure detector and peers on one stream; the result is plain JSON values.

    Raises
    ------
    InputError
        If an option or a file cannot be used.
    """
    settings = load_settings(told.settings, false_alarms=told.false_alarms)
    every = None if told.every == "auto" else _microseconds(told.every)
    labels = read_truth(told.truth)
    attribution = load_attribution(told.attribution)
    # The key follows from the seed, so that a run gives the same hashes again.
    key = Key(hashlib.sha256(f"bench watch {told.seed}".encode()).digest())
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None

    def read() -> Iterator[Decoded]:
        return read_files(told.events, told.format, attribution=attribution)

    stream = load_stream(
        read(),
        labels,
        key,
        text=told.text,
        prompts=peers is not None and told.text,
        allow_unlabelled=told.allow_unlabelled,
    )
    every = _every(stream) if every is None else every
    methods, not_run = peers(stream, told.seed) if peers else ((), {})
    found: dict[str, Any] = {"bench": "watch", "mode": "text" if told.text else "metadata"}
    found |= evaluate(stream, Monitor(settings), every=every, peers=methods, progress=progress)
    found["peers_not_run"] = not_run
    del stream, methods
    if told.speed:
        found["speed"] = {
            mode: _speed(read, key, settings, text=mode == "text")
            for mode in (("text", "metadata") if told.text else ("metadata",))
        }
        found["events_per_s_core"] = found["speed"][found["mode"]]["events_per_s_with_log"]
    found["settings"] = settings.plain()
    found["seed"] = told.seed
    found["inputs"] = [_digest(told.events), _digest(str(told.truth))]
    found["environment"] = {
        "hydrometer": __version__,
        "python": platform.python_version(),
        **{name: version(name) for name in ("numpy", "scipy", "pyarrow", "duckdb")},
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "load_before": load,
    }
    return found


def _speed(
    read: Callable[[], Iterator[Decoded]], key: Key, settings: Settings, *, text: bool
) -> dict[str, Any]:
    monitor = Monitor(settings)

    def fold(batch: Any) -> None:
        monitor.add(batch)

    with tempfile.TemporaryDirectory() as folder:
        log = EventLog(Path(folder) / "events.duckdb", EVENTS)
        try:
            found = measure_speed(
                read, key, fold, text=text, rows=SPEED_ROWS, log=log.append, settle=monitor.settle
            )
        finally:
            log.close()
    return found


def _microseconds(text: str) -> int:
    match = re.fullmatch(r"([1-9]\d{0,4})([mhd])", text.strip())
    if not match:
        raise InputError("not a time between looks", got=repr(text)[:40], wanted="30m, 1h or 1d")
    return int(match[1]) * UNITS[match[2]] * 1_000_000


def _digest(path: str) -> dict[str, Any]:
    """Return name, size and digest of a file; of a folder or a remote path, the name alone."""
    where = Path(path)
    if not where.is_file():
        return {"name": where.name}
    try:
        with where.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as err:
        raise InputError(f"cannot read {path}", got=str(err)[:120]) from err
    return {"name": where.name, "bytes": where.stat().st_size, "sha256": digest}


@click.command()
@click.option("--events", required=True, help="Exchanges: Parquet or JSONL, or a folder of them.")
@click.option("--truth", type=FILE, required=True, help="account,campaign,kind; empty: benign.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder."
)
@click.option("--format", type=click.Choice(FILES), help="Of the events; else it is seen.")
@click.option("--mapping", type=FILE, help="Which field names the account (TOML).")
@click.option("--signals", type=FILE, help="Settings of the detector (TOML).")
@click.option(
    "--every",
    default="auto",
    show_default=True,
    help="Time between an operator's looks, such as 1h; auto: at most 400 in the stream.",
)
@click.option(
    "--false-alarms", default="1/30d", show_default=True, help="False alarms that are allowed."
)
@click.option("--text/--no-text", default=True, help="Without text: metadata only.")
@click.option("--peers", "with_peers", is_flag=True, help="Two rate limits and a window test too.")
@click.option("--allow-unlabelled", is_flag=True, help="Accounts without truth count nowhere.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the metrics (without the details).")
def watch(
    events: str,
    truth: Path,
    out: Path,
    format: str | None,
    mapping: Path | None,
    signals: Path | None,
    every: str,
    false_alarms: str,
    text: bool,
    with_peers: bool,
    allow_unlabelled: bool,
    seed: int,
    as_json: bool,
) -> int:
    """Replay labelled traffic; measure what is found, how soon, and who is accused wrongly.

    Writes OUT/metrics.json and OUT/table.md. An alarm is raised only at the
    operator's looks, one every --every of the stream's own clock. Accounts are
    scored when each campaign has sent 1, 3, 10, 50 and 100 % of its exchanges,
    at a false-positive rate of at most 1e-3 among the benign accounts seen.
    """
    claim_folder(out)
    told = Run(
        events=events,
        truth=truth,
        format=format,
        attribution=mapping,
        settings=signals,
        every=every,
        false_alarms=false_alarms,
        text=text,
        allow_unlabelled=allow_unlabelled,
        seed=seed,
    )
    bar = Progress(sys.stderr)
    found = run(told, peers=baselines if with_peers else None, progress=bar)
    bar.close()
    if found["stream"]["rejected"]:
        click.echo(f"{found['stream']['rejected']} rows could not be read", err=True)
    if silent := found["stream"]["truth_accounts_without_events"]:
        click.echo(f"{silent} accounts of the truth have no event", err=True)
    write_results(out, found, to_table(found))
    if as_json:
        click.echo(json.dumps({k: v for k, v in found.items() if k not in ("details", "peers")}))
    else:
        click.echo(to_table(found))
    return 0
