"""The ``hydrometer`` command: finds the verb, prints errors for people."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from hydrometer import __version__
from hydrometer.errors import HydrometerError, NotPermitted, Refused

VERBS = {
    "trace": "hydrometer.cli.trace:trace",
    "ask": "hydrometer.cli.ask:ask",
    "panel": "hydrometer.cli.panel:panel",
    "report": "hydrometer.cli.report:report",
    "bench": "hydrometer.cli.bench:bench",
}


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
        return command


@click.group(cls=Verbs, context_settings={"auto_envvar_prefix": "HYDROMETER"})
@click.version_option(__version__, prog_name="hydrometer")
def cli() -> None:
    """Measure whether, and how surely, a language model was distilled from another.

    Data goes to stdout, words to stderr. Exit codes: 0 done, 1 refused,
    2 usage or input error, 3 inconclusive.
    """


def main(argv: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    try:
        result: Any = cli.main(args=argv, standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("stopped", err=True)
        sys.exit(130)
    except click.ClickException as err:
        err.show()
        sys.exit(2)
    except (Refused, NotPermitted) as err:
        click.echo(f"refused: {err}", err=True)
        sys.exit(1)
    except HydrometerError as err:
        click.echo(f"error: {err}", err=True)
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    sys.exit(result if isinstance(result, int) else 0)
