"""``hydrometer report``: finding files to a page, a memo, or a line of JSON."""

from __future__ import annotations

import json
from pathlib import Path

import click

from hydrometer.errors import InputError
from hydrometer.finding import read_finding
from hydrometer.report.html import render_html
from hydrometer.report.memo import render_memo

__all__ = ["report"]


def _write(target: str, text: str, inputs: tuple[str, ...]) -> None:
    path = Path(target)
    if path.resolve() in {Path(i).resolve() for i in inputs}:
        raise InputError(
            f"will not write over the finding {target}", next_step="name another file"
        )
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except (OSError, ValueError) as err:
        raise InputError(f"cannot write {target}", got=str(err)[:120]) from err


@click.command()
@click.argument("findings", nargs=-1, required=True, metavar="FINDING.json...")
@click.option("--html", "html", metavar="FILE", help="Write one self-contained HTML page.")
@click.option("--markdown", metavar="FILE", help="Write a memo of at most two pages per finding.")
@click.option("--json", "as_json", is_flag=True, help="Print what was written, and the verdicts.")
def report(
    findings: tuple[str, ...], html: str | None, markdown: str | None, as_json: bool
) -> int:
    """Render findings for people; several become one dossier.

    Without --html, --markdown or --json the memo goes to stdout.
    """
    read = [read_finding(name) for name in findings]
    memo = "\n---\n\n".join(render_memo(f) for f in read)
    written = []
    for target, text in ((html, render_html(read) if html else ""), (markdown, memo)):
        if target:
            _write(target, text, findings)
            written.append(target)
    if as_json:
        verdicts = {name: str(f.verdict) for name, f in zip(findings, read, strict=True)}
        click.echo(json.dumps({"written": written, "verdicts": verdicts}))
    elif not written:
        click.echo(memo, nl=False)
    for target in written:
        click.echo(f"wrote {target}", err=True)
    return 0
