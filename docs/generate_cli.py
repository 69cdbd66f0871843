"""Write docs/reference/cli.md from the commands themselves.

Run: python docs/generate_cli.py
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import click

from hydrometer.cli.main import cli

PAGE = Path(__file__).parent / "reference" / "cli.md"
HEAD = """# The command line

Written by `docs/generate_cli.py`; a test keeps it current. Data goes to stdout, words to stderr.
Every option is also an environment variable: `--max-tokens` of `hydrometer ask` is
`HYDROMETER_ASK_MAX_TOKENS`.

| code | meaning |
| --- | --- |
| 0 | done |
| 1 | refused, or not verified |
| 2 | usage or input error |
| 3 | inconclusive |
| 70 | a defect of Hydrometer |
| 130 | stopped from the keyboard |
| 141 | the reader of the output went away |
"""


def walk(name: str, command: click.Command, info: click.Context | None) -> Iterator[tuple]:
    """Yield (name, command, context) of a command and of all below it."""
    context = click.Context(command, info_name=name.split()[-1], parent=info, terminal_width=92)
    yield name, command, context
    if isinstance(command, click.Group):
        for sub in command.list_commands(context):
            found = command.get_command(context, sub)
            if found is not None:
                yield from walk(f"{name} {sub}", found, context)


def verbs() -> Iterator[tuple[str, click.Command]]:
    """Yield the commands that do something, by their full name."""
    for name, command, _ in walk("hydrometer", cli, None):
        runs = not isinstance(command, click.Group) or command.invoke_without_command
        if runs:
            yield name, command


def render() -> str:
    """Return the page."""
    os.environ.pop("COLUMNS", None)
    parts = [HEAD]
    for name, command, context in walk("hydrometer", cli, None):
        text = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
        parts.append(f"\n## `{name}`\n\n```text\n{text}\n```\n")
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8", newline="\n")
