"""One stream, from a scenario to files."""

from __future__ import annotations

import csv
import json
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from hydrometer.errors import InputError
from hydrometer.watch.simulate.campaign import make_campaign
from hydrometer.watch.simulate.dice import Dice
from hydrometer.watch.simulate.families import make_lookalike
from hydrometer.watch.simulate.litellm import write_litellm
from hydrometer.watch.simulate.material import Material, load_material
from hydrometer.watch.simulate.plain import make_plain
from hydrometer.watch.simulate.scenario import Scenario
from hydrometer.watch.simulate.sink import Sink
from hydrometer.watch.simulate.world import make_world
from hydrometer.watch.simulate.write import Progress, write_parquet

__all__ = ["FORMATS", "make_stream", "simulate"]

WEIGHT = 150
"""Plain accounts that take as long as one look-alike or campaign, about."""
FORMATS = ("exchange", "litellm")


def _silent(done: int, total: int) -> None:
    """Say nothing."""


def make_stream(
    scenario: Scenario, material: Material, *, seed: int, progress: Progress = _silent
) -> tuple[Sink, dict[str, Any]]:
    """Return all events of one stream, and what was made.

    Each population has a generator of its own, so that one more look-alike does not change the
    campaigns.
    """
    world = make_world(scenario.stream, material, seed=seed)

    def dice(part: int, place: int) -> Dice:
        return Dice(np.random.default_rng([seed, part, place]))

    accounts, looks = scenario.benign.accounts, sum(x.instances for x in scenario.lookalikes)
    total = accounts + WEIGHT * (looks + len(scenario.campaigns))
    done = accounts
    make_plain(world, dice(1, 0), scenario.benign, lambda made: progress(made, total))
    for i, look in enumerate(scenario.lookalikes):
        for k in range(look.instances):
            make_lookalike(world, dice(2, 10_000 * i + k), look)
            done += WEIGHT
            progress(done, total)
    made = {}
    for i, c in enumerate(scenario.campaigns):
        made[c.name] = make_campaign(world, dice(3, i), c)
        done += WEIGHT
        progress(done, total)
    return world.sink, {"campaigns": made}


def _count(sink: Sink) -> dict[str, Any]:
    accounts = Counter(label.kind for label in sink.labels)
    active = set(sink.account)
    events: Counter[str] = Counter()
    for number, n in Counter(sink.account).items():
        events[sink.labels[number].kind] += n
    return {
        "events": len(sink),
        "accounts": len(active),
        "by_kind": {k: {"accounts": accounts[k], "events": events[k]} for k in sorted(accounts)},
    }


def _write_truth(sink: Sink, path: Path) -> None:
    active = set(sink.account)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("account", "campaign", "kind"))
        rows = (label for i, label in enumerate(sink.labels) if i in active)
        writer.writerows(sorted(rows))


def simulate(
    scenario: Scenario,
    out: str | Path,
    *,
    seed: int,
    data: str | Path | None = None,
    form: str = "exchange",
    making: Progress = _silent,
    progress: Progress = _silent,
) -> dict[str, Any]:
    """Write the stream of a scenario, and return its counts.

    Writes ``events.parquet`` (or ``events.jsonl``), ``truth.csv`` and ``scenario.json``.

    Parameters
    ----------
    scenario : Scenario
        What is to be made.
    out : path
        Folder for the files.
    seed : int
        The same scenario and seed give the same stream.
    data : path, optional
        Folder of real material, in place of the scenario's.
    form : str
        ``exchange`` or ``litellm``.
    making, progress : callable
        Told how much of the stream is made, then how many events of how many are written.

    Raises
    ------
    InputError
        If the data are absent, the format is unknown, or the folder cannot be written.
    """
    if form not in FORMATS:
        raise InputError("unknown format of events", got=form, wanted=", ".join(FORMATS))
    if data is not None:
        scenario = replace(scenario, stream=replace(scenario.stream, data=str(data)))
    material = load_material(scenario.stream.data)
    sink, made = make_stream(scenario, material, seed=seed, progress=making)
    counts = {**_count(sink), **made}
    at = Path(out)
    try:
        at.mkdir(parents=True, exist_ok=True)
        order = sink.order()
        if form == "exchange":
            write_parquet(sink, order, scenario.stream, at / "events.parquet", progress)
        else:
            write_litellm(sink, order, scenario.stream, at / "events.jsonl", progress)
        _write_truth(sink, at / "truth.csv")
        told = {"seed": seed, "format": form, "scenario": asdict(scenario), "counts": counts}
        text = json.dumps(told, indent=1, default=str)
        (at / "scenario.json").write_text(text + "\n", encoding="utf-8")
    except OSError as err:
        raise InputError(f"cannot write to {at}", got=str(err)[:120]) from err
    return counts
