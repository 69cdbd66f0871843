"""The ``hydrometer`` command: finds the verb, prints errors for people."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from typing import Any

import click

from hydrometer import __version__
from hydrometer.errors import HydrometerError, NotPermitted, Refused

__all__ = ["SAYS", "VERBS", "cli", "main"]

VERBS = {
    "trace": "hydrometer.cli.trace:trace",
    "ask": "hydrometer.cli.ask:ask",
    "panel": "hydrometer.cli.panel:panel",
    "terms": "hydrometer.cli.terms:terms",
    "distill": "hydrometer.cli.distill:distill",
    "watch": "hydrometer.cli.watch:watch",
    "report": "hydrometer.cli.report:report",
    "bench": "hydrometer.cli.bench:bench",
}

SAYS = {
    "trace": "Was this model distilled from that one, and how surely?",
    "ask": "Put a prompt set to a model and record its answers.",
    "panel": "Build, list and check the panel of reference models.",
    "terms": "Do the terms of every teacher permit this use, here, now?",
    "distill": "Train a student with leave, every example on record.",
    "watch": "See a distillation campaign in an API's traffic, and act on it.",
    "report": "Render findings for people.",
    "bench": "Measure Hydrometer itself.",
}
"""One line for each verb, so that ``--help`` need not import them (numpy, scipy, Arrow)."""


class _ReaderGoneError(Exception):
    """Whoever read our output stopped reading."""


def _name_variables(command: click.Command, prefix: str) -> None:
    """Give each option the variable of its own name, whatever its parameter is called."""
    for option in command.params:
        long = [o for o in option.opts if o.startswith("--")]
        if isinstance(option, click.Option) and long and option.envvar is None:
            option.envvar = f"{prefix}_{long[0][2:]}".upper().replace("-", "_")
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            _name_variables(inner, f"{prefix}_{name}")


class Verbs(click.Group):
    """A group whose verbs are imported only when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the verb's file."""
        if cmd_name not in VERBS:
            return None
        module, name = VERBS[cmd_name].split(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        _name_variables(command, f"HYDROMETER_{cmd_name}")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the verbs without importing them."""
        with formatter.section("Verbs"):
            formatter.write_dl([(name, SAYS.get(name, "")) for name in VERBS])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb; click would turn a closed pipe into exit code 1, which is a refusal."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as err:
            raise _ReaderGoneError from err


@click.group(cls=Verbs, context_settings={"auto_envvar_prefix": "HYDROMETER"})
@click.version_option(__version__, prog_name="hydrometer")
def cli() -> None:
    """Measure whether, and how surely, a language model was distilled from another.

    Data goes to stdout, words to stderr. Exit codes: 0 done, 1 refused,
    2 usage or input error, 3 inconclusive.
    """


def main(argv: list[str] | None = None) -> None:
    """Run the command line and exit with its code.

    Besides the codes of the verbs: 70 for a defect of Hydrometer (Python's own
    choice, 1, would read as a refusal), 130 when stopped from the keyboard, 141
    when the reader of the output went away.
    """
    try:
        sys.exit(_run(argv))
    except (_ReaderGoneError, BrokenPipeError):
        # What is still buffered has nowhere to go, and must not be tried again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(141)


def _run(argv: list[str] | None) -> int:
    """Run the command line; return its exit code."""
    try:
        result: Any = cli.main(args=argv, prog_name="hydrometer", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Abort:
        click.echo("stopped", err=True)
        return 130
    except click.ClickException as err:
        err.show()
        return 2
    except (Refused, NotPermitted) as err:
        click.echo(f"refused: {err}", err=True)
        return 1
    except HydrometerError as err:
        click.echo(f"error: {err}", err=True)
        return 2
    except (_ReaderGoneError, BrokenPipeError):
        raise
    except Exception:
        traceback.print_exc()
        click.echo(
            "this is a defect of hydrometer; next: report it with the lines above", err=True
        )
        return 70
    return result if isinstance(result, int) else 0
