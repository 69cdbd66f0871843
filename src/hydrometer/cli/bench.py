"""``hydrometer bench``: the benchmarks, on any data in the shared format."""

from __future__ import annotations

import click

from hydrometer.cli.bench_served import served
from hydrometer.cli.bench_trace import trace
from hydrometer.cli.bench_watch import watch

__all__ = ["bench"]


@click.group()
def bench() -> None:
    """Measure Hydrometer itself; each benchmark writes metrics.json and table.md."""


bench.add_command(trace)
bench.add_command(served)
bench.add_command(watch)
