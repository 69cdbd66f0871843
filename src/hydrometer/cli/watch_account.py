"""``hydrometer watch account``: from an operator's own records to the pseudonyms of a finding."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from hydrometer.errors import InputError
from hydrometer.finding import read_finding
from hydrometer.watch.act.details import details_of
from hydrometer.watch.key import load_key
from hydrometer.watch.result import name_of

__all__ = ["account"]

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("raw", nargs=-1, required=True)
@click.option("--key", "key_file", type=FILE, help="File of the key; else HYDROMETER_WATCH_KEY.")
@click.option("--match", type=FILE, help="Print only those that are in FINDING.json.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def account(raw: tuple[str, ...], key_file: Path | None, match: Path | None, as_json: bool) -> int:
    """Print the pseudonym of each account RAW, and RAW itself, with a tab between.

    RAW is what the mapping of the logs takes for the account (for LiteLLM the hash of the key).
    With - they are read from stdin, one a line. So the accounts of a finding are found in one's
    own records: list all accounts there, and give the finding to --match. It works only under the
    key that the finding was made with.
    """
    if "-" in raw and len(raw) > 1:
        raise InputError("- stands for stdin, and stands alone", got=f"{len(raw)} arguments")
    key = load_key(key_file, os.environ)
    members = None
    if match is not None:
        members = {m.account for m in details_of(read_finding(match)).accounts}
    given = shown = 0
    for one in _lines() if raw == ("-",) else raw:
        one = one.strip()  # as the readers of logs take it
        if not one:
            continue
        given += 1
        name = name_of(key.account(one))
        if members is not None and name not in members:
            continue
        shown += 1
        line = json.dumps({"account": name, "raw": one}) if as_json else f"{name}\t{one}"
        click.echo(line)
    if members is not None:
        click.echo(
            f"{shown:,} of {given:,} given are among the {len(members):,} accounts of the finding",
            err=True,
        )
    return 0


def _lines() -> Iterator[str]:
    for number, line in enumerate(sys.stdin.buffer, 1):
        try:
            yield line.decode("utf-8")
        except UnicodeDecodeError as err:
            raise InputError(f"line {number} of stdin is not UTF-8", got=str(err)[:80]) from err
