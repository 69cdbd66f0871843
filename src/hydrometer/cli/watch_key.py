"""``hydrometer watch key``: the secret behind every pseudonym."""

from __future__ import annotations

import json
from pathlib import Path

import click

from hydrometer.watch.key import make_key

__all__ = ["key"]


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True)
def key(file: Path, as_json: bool) -> int:
    """Write a new key to FILE, readable by its owner alone; never over one that exists.

    Accounts, addresses and prompts are kept as hashes under this key. Keep it: under another key
    no pseudonym is the same, and without it nobody can look an account up. It is not shown.
    """
    make_key(file)
    click.echo(json.dumps({"written": str(file)}) if as_json else str(file))
    return 0
