"""``hydrometer terms``: the catalogue of licences and terms, and the gate that reads it."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import click

from hydrometer import __version__
from hydrometer.cli.progress import Progress
from hydrometer.errors import InputError
from hydrometer.terms.catalogue import add_instrument, read_catalogue
from hydrometer.terms.check import Checked, check_rows, summary
from hydrometer.terms.claims import Claim, read_card
from hydrometer.terms.diff import diff_folders, diff_instruments
from hydrometer.terms.gate import Gate
from hydrometer.terms.instrument import READINGS, SURFACES, Instrument
from hydrometer.terms.judge import interval
from hydrometer.terms.record import instrument_record, worst_reading
from hydrometer.terms.sarif import to_sarif
from hydrometer.terms.use import read_use
from hydrometer.terms.verdict import VERDICTS

__all__ = ["terms"]

FILE = click.Path(dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
more = click.option(
    "--catalogue",
    "folders",
    type=FOLDER,
    multiple=True,
    help="A folder of your own instruments, beside those built in; repeatable.",
)
as_json_option = click.option("--json", "as_json", is_flag=True)


@click.group()
def terms() -> None:
    """Licences and terms of teachers: what they say of training on outputs, and the gate.

    Says what the texts say, with clause, date and source, and how they were
    read. Not whether a term can be enforced: ask counsel.
    """


@terms.command(name="list")
@click.option("--provider", help="Only this provider's.")
@click.option("--surface", type=click.Choice(SURFACES))
@click.option("--reading", type=click.Choice(READINGS))
@click.option("--at", type=click.DateTime(["%Y-%m-%d"]), help="Only versions in effect that day.")
@more
@as_json_option
def list_(
    provider: str | None,
    surface: str | None,
    reading: str | None,
    at: datetime | None,
    folders: tuple[Path, ...],
    as_json: bool,
) -> int:
    """List every version of every instrument."""
    rows = [
        i
        for i in read_catalogue(*folders)
        if provider in (None, i.provider)
        and (surface is None or surface in i.surface)
        and reading in (None, worst_reading(i))
        and (at is None or i.covers(at.date()))
    ]
    if as_json:
        click.echo(json.dumps([instrument_record(i) for i in rows], ensure_ascii=False))
        return 0
    for i in rows:
        where = ",".join(i.surface)
        click.echo(
            f"{i.name:44s} {where:16.16s} {worst_reading(i):20s} {i.evidence:9s} "
            f"{interval(i):24s} seen {i.seen or '-'}"
        )
    read = sum(i.evidence == "primary" for i in rows)
    keys = len({i.key for i in rows})
    click.echo(f"{len(rows)} versions of {keys} instruments, {read} read in the text", err=True)
    return 0


@terms.command()
@click.argument("name")
@click.option("--at", type=click.DateTime(["%Y-%m-%d"]), help="The version in effect that day.")
@more
@as_json_option
def show(name: str, at: datetime | None, folders: tuple[Path, ...], as_json: bool) -> int:
    """Show one instrument: NAME is its key, or key@version."""
    held = read_catalogue(*folders).find(name, at.date() if at else None)
    if as_json:
        click.echo(json.dumps(instrument_record(held), ensure_ascii=False))
    else:
        _show(held)
    return 0


def _show(i: Instrument) -> None:
    click.echo(f"{i.title} ({i.provider}), {', '.join(i.surface)}")
    click.echo(f"  {i.name}, {i.status}, in effect {interval(i)}, text in {i.language!r}")
    click.echo(f"  evidence {i.evidence}, read on {i.read_on}, last seen {i.seen or '-'}")
    at = " ".join(x for x in (i.source.path, i.source.commit or i.source.sha256) if x)
    click.echo(f"  source: {i.source.archive} {at}".rstrip())
    if i.source.url:
        click.echo(f"  url: {i.source.url}")
    for c in i.clauses:
        words = f' "{c.quote}"' if c.quote else ""
        click.echo(f"  {c.reading:20s} {c.ref}:{words}")
        for case in c.excepts:
            facts = ", ".join(f"{k} in {'/'.join(v)}" for k, v in case.items())
            click.echo(f"    not where {facts}")
        if c.note:
            click.echo(f"    {c.note}")
    for d in i.duties:
        click.echo(f"  duty: {d.kind} {d.text!r} ({d.clause}), when {', '.join(d.when)}")
    for p in i.predicates:
        value = f"{p.value:,.0f}" if isinstance(p.value, float) else ", ".join(p.value)
        owes = f" {p.kind} {p.text!r}" if p.then == "duty" else ""
        click.echo(f"  where {p.fact} {p.test} {value}: {p.then}{owes} ({p.clause})")
    if i.note:
        click.echo(f"  note: {i.note}")


@contextlib.contextmanager
def _opened(path: Path | None) -> Iterator[IO[str] | None]:
    """Open a file to be written, through a neighbour that takes its place at the end."""
    if path is None:
        yield None
        return
    part = path.with_name(path.name + ".part")
    try:
        with part.open("w", encoding="utf-8", newline="\n") as out:
            yield out
        part.replace(path)
    except OSError as err:
        raise InputError(f"cannot write {path}", got=err.strerror or str(err)) from err
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def _distinct(*paths: Path | None) -> None:
    """Refuse to write over what is read, or two results into one file."""
    given = [p.resolve() for p in paths if p is not None]
    if twice := [p for p in given if given.count(p) > 1]:
        raise InputError(
            f"{twice[0].name} is given twice",
            wanted="a file of its own for rows, use, --out, --sarif and --quarantine",
        )


def _card(text: str) -> Claim:
    model, equals, file = text.partition("=")
    return read_card(Path(file), model) if equals else read_card(Path(text))


@terms.command()
@click.option("--rows", type=FILE, required=True, help="Who wrote each row (JSONL, or .gz).")
@click.option("--use", "use_file", type=FILE, required=True, help="The declared use (TOML).")
@click.option("--out", type=FILE, help="The result of each row goes here (JSONL).")
@click.option("--sarif", type=FILE, help="The results for a code review go here (SARIF 2.1.0).")
@click.option("--quarantine", type=FILE, help="Lines that are no rows go here, with the reason.")
@click.option(
    "--card", "cards", multiple=True, help="A model card, or MODEL=FILE: a claim, not a fact."
)
@more
@as_json_option
def check(
    rows: Path,
    use_file: Path,
    out: Path | None,
    sarif: Path | None,
    quarantine: Path | None,
    cards: tuple[str, ...],
    folders: tuple[Path, ...],
    as_json: bool,
) -> int:
    """Judge every row of a training set for a declared use.

    Each model that wrote into a row brings its stack of instruments, at the
    day of generation and at the day of use; the worst wins: permitted,
    with-duties, conditional, silent, unknown, prohibited. What is unknown or
    was not read lately is refused. Exit codes: 0 every row may be used so, 1
    refused, 2 input error.
    """
    _distinct(rows, use_file, out, sarif, quarantine)
    use = read_use(use_file, today=datetime.now(UTC).date())
    gate = Gate(read_catalogue(*folders), use, claims=[_card(c) for c in cards])
    progress = Progress(sys.stderr)
    with _opened(out) as results, _opened(quarantine) as set_aside, _opened(sarif) as log:
        made = check_rows(rows, gate, out=results, quarantine=set_aside, progress=progress)
        if log is not None:
            json.dump(to_sarif(made, rows.name, __version__), log, ensure_ascii=False, indent=1)
            log.write("\n")
    progress.close()
    if as_json:
        click.echo(json.dumps(summary(made, gate, rows.name), ensure_ascii=False))
    else:
        _say(made, gate, rows.name)
    return 0 if made.passed else 1


def _say(made: Checked, gate: Gate, name: str) -> None:
    use = gate.use
    who = use.declared_by or "nobody"
    click.echo(f"{name}: {made.verdict.upper()} for {use.purpose} on {use.used_at}")
    counts = [f"{made.verdicts[v]:,} {v}" for v in VERDICTS if made.verdicts[v]]
    counts += [f"{made.quarantined:,} set aside"] if made.quarantined else []
    click.echo(f"  rows: {', '.join(counts)}")
    click.echo(f"  declared by {who}: competing = {use.competing or 'undeclared'}")
    for r in made.reasons()[:12]:
        _say_reason(r)
    for d in made.duties():
        state = "dormant" if d["dormant"] else "unmet" if d["met"] is False else "owed"
        click.echo(f"  duty ({state}): {d['kind']}: {d['text']} [{d['instrument']} {d['clause']}]")
    for consent, lacks in gate.consents:
        which = f"  consent of {consent.licensor or 'nobody'}"
        click.echo(f"{which}: " + (f"opens nothing: {lacks}" if lacks else "in force"))
    for name in sorted(gate.catalogue.added):
        click.echo(f"  not from Hydrometer's own catalogue: {name}")
    for number, why in made.bad[:5]:
        click.echo(f"  line {number} set aside: {why}", err=True)
    click.echo("  what the texts say and how they were read, not whether they can be enforced")


def _say_reason(r: dict[str, Any]) -> None:
    who = f"{r['model']} ({r['role']})" if r.get("model") else "row"
    click.echo(f"  {r['verdict']}: {who}, {r['layer']}, {r['rows']:,} rows")
    if r.get("instrument"):
        words = f': "{r["phrase"]}"' if r.get("phrase") else ""
        click.echo(f"    {r['title']}, {r.get('clause') or 'dates'}{words}")
        seen = f", seen {r['seen']}" if r.get("seen") else ""
        click.echo(f"    {r['instrument']}, in effect {r['in_effect']}{seen}")
    click.echo(f"    {r['because']}")
    if r.get("settle"):
        click.echo(f"    would settle it: {r['settle']}")
    if r.get("counsel"):
        click.echo(f"    counsel: {r['counsel']}")


@terms.command()
@click.argument("old")
@click.argument("new")
@more
@as_json_option
def diff(old: str, new: str, folders: tuple[Path, ...], as_json: bool) -> int:
    """Compare two versions: OLD and NEW are key@version, or two folders of instruments."""
    if Path(old).is_dir() and Path(new).is_dir():
        changes = diff_folders(Path(old), Path(new))
    else:
        catalogue = read_catalogue(*folders)
        changes = diff_instruments(catalogue.find(old), catalogue.find(new))
    if as_json:
        click.echo(json.dumps(changes, ensure_ascii=False))
    else:
        for c in changes:
            click.echo(f"{c['where']}: {c['old'] or '-'} -> {c['new'] or '-'}")
        click.echo(f"{len(changes)} differences", err=True)
    return 0


@terms.command()
@click.argument("file", type=FILE)
@click.option("--catalogue", "folder", type=FOLDER, required=True, help="Your own folder.")
@as_json_option
def add(file: Path, folder: Path, as_json: bool) -> int:
    """Check an instrument file and put it into a folder of your own.

    Versions never change: what is there already is refused. The results name
    every instrument that did not come with Hydrometer.
    """
    made = add_instrument(file, folder)
    if as_json:
        click.echo(json.dumps(instrument_record(made), ensure_ascii=False))
    else:
        click.echo(f"{folder / file.name}: {made.title}, {worst_reading(made)}")
    return 0
