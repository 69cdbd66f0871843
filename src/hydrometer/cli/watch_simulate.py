"""``hydrometer watch simulate``: a stream of traffic whose truth is known."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from hydrometer.cli.progress import Progress
from hydrometer.watch.simulate.run import FORMATS
from hydrometer.watch.simulate.run import simulate as make
from hydrometer.watch.simulate.scenario import load_scenario

__all__ = ["simulate"]


@click.command()
@click.argument("scenario", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="Folder for the stream."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default=FORMATS[0],
    show_default=True,
    help="`exchange` writes events.parquet, `litellm` events.jsonl.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Folder of real material, in place of the scenario's.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
def simulate(
    scenario: Path, out: Path, form: str, seed: int, data: Path | None, as_json: bool
) -> int:
    """Make a stream of benign accounts, look-alikes and campaigns from a SCENARIO file.

    Writes the events, `truth.csv` (account, campaign, kind) and `scenario.json`. The same
    scenario and seed give the same stream.
    """
    made, written = Progress(sys.stderr), Progress(sys.stderr)
    try:
        counts = make(
            load_scenario(scenario),
            out,
            seed=seed,
            data=data,
            form=form,
            making=made,
            progress=written,
        )
    finally:
        made.close()
        written.close()
    if as_json:
        click.echo(json.dumps(counts, sort_keys=True))
        return 0
    click.echo(f"{counts['events']} events of {counts['accounts']} accounts in {out}")
    for kind, found in counts["by_kind"].items():
        click.echo(f"  {kind:<22}{found['accounts']:>8} accounts{found['events']:>10} events")
    return 0
