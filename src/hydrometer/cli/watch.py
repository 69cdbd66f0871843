"""``hydrometer watch``: from traffic to findings, and from findings to actions."""

from __future__ import annotations

import click

from hydrometer.cli.watch_account import account
from hydrometer.cli.watch_act import actions, export, policy, reverse
from hydrometer.cli.watch_key import key
from hydrometer.cli.watch_sample import sample
from hydrometer.cli.watch_scan import scan
from hydrometer.cli.watch_serve import serve
from hydrometer.cli.watch_simulate import simulate

__all__ = ["watch"]


@click.group()
def watch() -> None:
    """See a distillation campaign in an API's traffic, and act on it."""


for _command in (key, scan, serve, policy, actions, reverse, export, account, sample, simulate):
    watch.add_command(_command)
