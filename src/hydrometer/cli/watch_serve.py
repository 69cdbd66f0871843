"""``hydrometer watch serve``: the live service, ingest and decide."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import click

from hydrometer.errors import InputError, MissingExtra
from hydrometer.watch.sample import read_public_key
from hydrometer.watch.service.setup import Setup
from hydrometer.watch.service.tokens import load_tokens

__all__ = ["serve"]

FILE = click.Path(dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
MIB = 1 << 20


def _path(path: Path | None) -> str | None:
    return None if path is None else str(path.resolve())


@click.command()
@click.option("--state", type=FOLDER, required=True, help="Folder of the log and the findings.")
@click.option("--key", type=FILE, help="File of the key; else HYDROMETER_WATCH_KEY.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8790, show_default=True)
@click.option("--ingest-token", type=FILE, help="File of tokens, one a line.")
@click.option("--admin-token", type=FILE, help="File of tokens for what names accounts.")
@click.option("--mapping", type=FILE, help="Which field names the account (TOML).")
@click.option("--policy", type=FILE, help="What to do at which level (TOML); none does nothing.")
@click.option("--settings", type=FILE, help="Settings of the detectors (TOML).")
@click.option("--false-alarms", default="1/30d", show_default=True, help="Budget of alarms.")
@click.option(
    "--window",
    type=click.FloatRange(0.01, 366),
    default=30.0,
    show_default=True,
    help="Days that a scan looks back.",
)
@click.option(
    "--every",
    type=click.FloatRange(min=0.1),
    default=300.0,
    show_default=True,
    help="Seconds between scans.",
)
@click.option(
    "--text/--no-text",
    default=True,
    show_default=True,
    help="Whether sketches of prompts are made; without, metadata only.",
)
@click.option(
    "--keep-rejected",
    is_flag=True,
    help="Keep raw rows that gave no event; they may hold prompts.",
)
@click.option(
    "--sample-key",
    metavar="HEX|FILE",
    help="Public key that seals prompts of suspected accounts; without it none is kept.",
)
@click.option(
    "--sample-days",
    type=click.FloatRange(0.01, 366),
    default=30.0,
    show_default=True,
    help="Days after which a sealed prompt is thrown away.",
)
@click.option(
    "--largest", type=click.IntRange(1, 60), default=32, show_default=True, help="MiB of one body."
)
@click.option(
    "--inflight",
    type=click.IntRange(1, 4096),
    default=128,
    show_default=True,
    help="MiB that may wait for the disk.",
)
@click.option("--json", "as_json", is_flag=True, help="Tell what happens as JSON lines.")
def serve(
    state: Path,
    key: Path | None,
    host: str,
    port: int,
    ingest_token: Path | None,
    admin_token: Path | None,
    mapping: Path | None,
    policy: Path | None,
    settings: Path | None,
    false_alarms: str,
    window: float,
    every: float,
    text: bool,
    keep_rejected: bool,
    sample_key: str | None,
    sample_days: float,
    largest: int,
    inflight: int,
    as_json: bool,
) -> int:
    """Take events from gateways, scan them, and answer whether an account may go on.

    Listens on this machine alone unless tokens are set (--ingest-token, or
    HYDROMETER_WATCH_INGEST_TOKEN and HYDROMETER_WATCH_ADMIN_TOKEN).
    """
    try:
        from hydrometer.watch.service.run import serve as run
    except ModuleNotFoundError as err:
        raise MissingExtra("watch serve", "serve") from err
    if largest > inflight:
        raise InputError("one body is larger than all together may be", got=f"{largest} MiB")
    setup = Setup(
        state=str(state.resolve()),
        key=_path(key),
        mapping=_path(mapping),
        policy=_path(policy),
        detectors=_path(settings),
        false_alarms=false_alarms,
        text=text,
        window=window,
        every=every,
        keep_rejected=keep_rejected,
        sample_key=None if sample_key is None else read_public_key(sample_key),
        sample_days=sample_days,
        largest=largest * MIB,
        inflight=inflight * MIB,
    )

    def say(line: str) -> None:
        # Words go to stderr; a program that asked for JSON reads them from stdout.
        told = json.dumps({"time": _micros(), "said": line}) if as_json else line
        click.echo(told, err=not as_json)

    run(
        setup,
        load_tokens(ingest_token, admin_token, os.environ),
        host=host,
        port=port,
        clock=_micros,
        environment=os.environ,
        say=say,
    )
    return 0


def _micros() -> int:
    return time.time_ns() // 1000
