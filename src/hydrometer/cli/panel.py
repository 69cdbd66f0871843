"""``hydrometer panel``: build, list and check reference panels."""

from __future__ import annotations

import json
from pathlib import Path

import click
import numpy as np

from hydrometer.exchange import to_table
from hydrometer.features.feature import length
from hydrometer.stats.summary import Moments
from hydrometer.store.store import open_store
from hydrometer.trace.check import check_panel
from hydrometer.trace.load import load_answers, load_panel, read_panel, write_panel

__all__ = ["panel"]

FILE = click.Path(dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group()
def panel() -> None:
    """Panels: answers of many models to the same prompts, with their lineage."""


@panel.command()
@click.option("--answers", type=FILE, multiple=True, required=True, help="Answers; repeatable.")
@click.option(
    "--lineage", type=FILE, required=True, help="What is documented of each model (CSV)."
)
@click.option("--prompts", type=FILE, help="Table of prompts for answers that have ids only.")
@click.option("--quarantine", type=FILE, help="Bad rows go here, with file, line and reason.")
@click.option("--out", type=FOLDER, required=True, help="The panel folder.")
@click.option("--json", "as_json", is_flag=True)
def build(
    answers: tuple[Path, ...],
    lineage: Path,
    prompts: Path | None,
    quarantine: Path | None,
    out: Path,
    as_json: bool,
) -> int:
    """Build a panel folder from answers in any format that hydrometer reads."""
    held = load_answers(answers, role="panel", prompts=prompts, quarantine=quarantine)
    write_panel(held, lineage, out)
    counts = {
        "models": len(held.texts),
        "prompts": len(held.prompts),
        "answers": len(held.exchanges),
        "unscored": held.unscored,
        "duplicates": held.duplicates,
        "quarantined": sum(d.quarantined for d in held.digests),
    }
    line = ", ".join(f"{n} {name}" for name, n in counts.items())
    click.echo(json.dumps(counts) if as_json else f"{out}: {line}")
    return 0


@panel.command(name="list")
@click.argument("folder", type=FOLDER)
@click.option(
    "--engine", type=click.Choice(("duckdb", "ray")), default="duckdb", show_default=True
)
@click.option("--json", "as_json", is_flag=True)
def list_(folder: Path, engine: str, as_json: bool) -> int:
    """List the models of a panel: kind, family, answers, mean length in characters."""
    held, lineage = read_panel(folder)
    store = open_store(engine=engine)
    try:
        store.append(to_table(held.exchanges).to_batches())
        lengths = store.fold(length, Moments, by="model")
    finally:
        store.close()
    rows = [
        {
            "model": m,
            "kind": lineage[m].kind,
            "family": lineage.family(m),
            "answers": int(lengths[m]["n"]),
            "mean_length": round(lengths[m]["mean"], 1),
            "sd_length": None
            if np.isnan(lengths[m]["var"])
            else round(float(np.sqrt(lengths[m]["var"])), 1),
        }
        for m in held.texts
    ]
    if as_json:
        click.echo(json.dumps(rows))
    else:
        for r in rows:
            click.echo(
                f"{r['model']:40.40s} {r['kind']:8s} {r['family']:28.28s} "
                f"{r['answers']:6d} {r['mean_length']:9.1f}"
            )
    return 0


@panel.command()
@click.argument("folder", type=FOLDER)
@click.option("--candidate", "candidates", multiple=True, help="Check for this candidate only.")
@click.option("--json", "as_json", is_flag=True)
def check(folder: Path, candidates: tuple[str, ...], as_json: bool) -> int:
    """Say what is wrong with a panel; exit code 1 where that forbids a verdict."""
    held, lineage = read_panel(folder)
    built = load_panel(held, lineage)
    problems = check_panel(built, tuple(candidates) or None)
    if held.duplicates or held.unscored:
        click.echo(
            f"left out: {held.duplicates} repeated and {held.unscored} empty or failed answers",
            err=True,
        )
    if as_json:
        click.echo(json.dumps([vars(p) for p in problems]))
    else:
        for p in problems:
            click.echo(f"{p.level}: {p.model}: {p.text}")
        click.echo(f"{len(problems)} problems", err=True)
    return 1 if any(p.level == "error" for p in problems) else 0
