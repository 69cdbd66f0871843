"""``hydrometer watch sample``: the key of the encrypted sample, and what it opens."""

from __future__ import annotations

import json
import time
from pathlib import Path

import click

from hydrometer.watch.finding import moment
from hydrometer.watch.sample import make_sample_key, open_sample

__all__ = ["sample"]

FILE = click.Path(dir_okay=False, path_type=Path)


@click.group()
def sample() -> None:
    """Read the prompts that a service sealed, where --sample-key let it keep any."""


@sample.command("key")
@click.argument("file", type=FILE)
@click.option("--json", "as_json", is_flag=True)
def make_key(file: Path, as_json: bool) -> int:
    """Write a new private key to FILE, mode 600, and print its public key.

    Give the public key to `hydrometer watch serve --sample-key`. Make the private one on another
    machine than the service's and leave it there: it alone opens what is sealed.
    """
    public = make_sample_key(file)
    told = json.dumps({"public": public, "written": str(file)}) if as_json else public
    click.echo(told)
    return 0


@sample.command("open")
@click.argument("file", type=FILE, metavar="SAMPLE.bin")
@click.option("--key", "key_file", type=FILE, required=True, help="File of the private key.")
@click.option("--cluster", help="Only prompts of this cluster, as c-0123456789abcdef.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def open_(file: Path, key_file: Path, cluster: str | None, as_json: bool) -> int:
    """Print who asked what and when, the oldest first; accounts as pseudonyms.

    What has expired is not shown. Exit codes: 0 done, 2 input error, such as a wrong key.
    """
    held = open_sample(file, key_file, time.time_ns() // 1000)
    found = [o for o in held if cluster in (None, o.cluster)]
    found.sort(key=lambda o: (o.time, o.account))
    for one in found:
        when = moment(one.time)
        if as_json:
            click.echo(json.dumps({**one._asdict(), "time": when}))
            continue
        click.echo(f"{when}  {one.account}  {one.cluster}")
        for line in one.text.splitlines():
            click.echo(f"    {_shown(line)}")
    click.echo(f"{len(found):,} of {len(held):,} prompts", err=True)
    return 0


def _shown(line: str) -> str:
    """Return a line with what would steer a terminal, or cannot be written, as its code."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)
