"""``hydrometer distill``: from a recipe to a student whose every example is accounted for."""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from hydrometer import __version__
from hydrometer.cli.progress import Progress
from hydrometer.distill.files import read_json, write_text
from hydrometer.distill.finish import Done, finish
from hydrometer.distill.plan import Plan, make_plan
from hydrometer.distill.recipe import ENGINES, Recipe, read_recipe
from hydrometer.distill.run import STAGES, locked, prepare, reread, work
from hydrometer.distill.stages import Setting, require_training
from hydrometer.errors import InputError, NotPermitted
from hydrometer.report.distill import render_distill
from hydrometer.terms.verdict import OPEN, VERDICTS

__all__ = ["distill"]

FOLDER = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)
REASONS = 12
CLOSED = tuple(v for v in VERDICTS if v not in OPEN)


def now() -> datetime:
    """Return the present."""
    return datetime.now(UTC)


@click.group()
def distill() -> None:
    """Train a smaller model on a larger one's answers, with leave and with a record.

    A recipe (TOML) says which student is made of which teacher. Before
    anything is asked, and again before anything is trained, the terms of
    everything that wrote into the training set are read for the declared
    use; without their permit nothing runs.
    """


as_json_option = click.option("--json", "as_json", is_flag=True, help="One object on stdout.")
work_option = click.option(
    "--work", "folder", type=FOLDER, help="Folder of this run. Default: the recipe's name + .work"
)


@distill.command()
@click.argument("recipe", type=FILE)
@work_option
@click.option(
    "--at",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Plan as on this day (a run always goes by the clock).",
)
@as_json_option
def plan(recipe: Path, folder: Path | None, at: datetime | None, as_json: bool) -> int:
    """Say what RECIPE would take and whether its terms allow it. Nothing is spent.

    Tokens, cost, time, and the permit with its duties or the reasons against
    it. Exit codes: 0 it may run, 1 the gate refuses, 2 input error.
    """
    read = read_recipe(recipe)
    when = at.replace(hour=12, tzinfo=UTC) if at is not None else now()
    made = make_plan(read, at=when, work=folder or _folder(recipe), flops=_flops())
    if as_json:
        click.echo(json.dumps({**made.to_record(), "at": when.isoformat()}, sort_keys=True))
    else:
        _tell_plan(made)
    return 0 if made.ruling.permit is not None else 1


def _common(function: Callable[..., int]) -> Callable[..., int]:
    for option in reversed(
        (
            click.option(
                "--until",
                type=click.Choice(STAGES),
                default=STAGES[-1],
                show_default=True,
                help="Stop after this stage.",
            ),
            click.option("--engine", type=click.Choice(ENGINES), help="In place of the recipe's."),
            click.option(
                "--processes",
                type=click.IntRange(min=1),
                help="How many train together on this machine. Default: as it began, or 1.",
            ),
            click.option("--retry-failed", is_flag=True, help="Ask again what failed."),
            as_json_option,
        )
    ):
        function = option(function)
    return function


@distill.command()
@click.argument("recipe", type=FILE)
@work_option
@_common
def run(
    recipe: Path,
    folder: Path | None,
    until: str,
    engine: str | None,
    processes: int | None,
    retry_failed: bool,
    as_json: bool,
) -> int:
    """Ask, filter, judge by the terms, train, evaluate: RECIPE to a student with its card.

    A killed run continues when the same line is run again: nothing recorded
    is asked twice, and training goes on from its last checkpoint. Exit
    codes: 0 done, 1 the gate refuses, 2 input error or a model that fails.
    """
    return _run(recipe, folder or _folder(recipe), until, engine, processes, retry_failed, as_json)


@distill.command()
@click.argument("folder", metavar="WORK", type=FOLDER)
@_common
def resume(
    folder: Path,
    until: str,
    engine: str | None,
    processes: int | None,
    retry_failed: bool,
    as_json: bool,
) -> int:
    """Go on with the run in WORK, by the recipe that it began with."""
    return _run(_recipe_of(folder), folder, until, engine, processes, retry_failed, as_json)


@distill.command(name="eval")
@click.argument("folder", metavar="WORK", type=FOLDER)
@as_json_option
def eval_(folder: Path, as_json: bool) -> int:
    """Evaluate the student in WORK against its teacher again, and write its card."""
    setting = _setting(_recipe_of(folder), folder)
    with locked(folder):
        done = finish(setting, *reread(setting), again=True, environment=_versions())
        _page(done)
    _tell_done(done, as_json)
    return 0


@distill.command()
@click.argument("folder", metavar="WORK", type=FOLDER)
@click.option("--html", type=FILE, help="Write the report here too.")
@as_json_option
def card(folder: Path, html: Path | None, as_json: bool) -> int:
    """Write card, notice and report of the student in WORK again, from its records."""
    setting = _setting(_recipe_of(folder), folder)
    with locked(folder):
        done = finish(setting, *reread(setting), evaluate=False, environment=_versions())
        _page(done, html)
    _tell_done(done, as_json)
    return 0


def _folder(recipe: Path) -> Path:
    return recipe.with_suffix(".work")


def _recipe_of(folder: Path) -> Path:
    known = folder / "run.json"
    if not known.exists():
        raise InputError(
            f"no run in {folder}", wanted="a folder that `hydrometer distill run` began"
        )
    return Path(os.path.normpath(folder / str(read_json(known).get("recipe"))))


def _versions() -> dict[str, str]:
    return {"hydrometer": __version__, "python": platform.python_version()}


def _setting(
    recipe: Path,
    folder: Path,
    engine: str | None = None,
    retry_failed: bool = False,
    processes: int | None = None,
) -> Setting:
    read = read_recipe(recipe)
    if engine is not None:
        read = replace(read, answers=replace(read.answers, engine=engine))
    bars: dict[str, Progress] = {}

    def count(stage: str, done: int, total: int) -> None:
        if stage not in bars:
            for bar in bars.values():
                bar.close()
            bars[stage] = Progress(sys.stderr)
        bars[stage](done, total)
        if done == total:
            bars[stage].close()

    def tell(text: str) -> None:
        click.echo(text, err=True)

    return Setting(
        read, folder, now, os.environ, tell, count, retry_failed, processes, time.perf_counter
    )


def _run(
    recipe: Path,
    folder: Path,
    until: str,
    engine: str | None,
    processes: int | None,
    retry_failed: bool,
    as_json: bool,
) -> int:
    setting = _setting(recipe, folder, engine, retry_failed, processes)
    with locked(folder):
        made = prepare(setting, recipe_path=recipe, flops=_flops())
        for warning in made.warnings:
            click.echo(f"warning: {warning}", err=True)
        permit = made.ruling.require()
        if until not in STAGES[:3]:
            require_training()
        click.echo(
            f"plan: {made.queries - made.asked} of {made.queries} queries to ask; the gate says "
            f"{permit.verdict} of the planned rows",
            err=True,
        )
        chosen, trained = work(setting, made, until=until)
        if trained is None:
            _tell_stage(setting, chosen, until, as_json)
            return 0
        done = finish(setting, chosen, trained, evaluate=until != "train", environment=_versions())
        _page(done)
    _tell_done(done, as_json)
    return 0


def _page(done: Done, also: Path | None = None) -> None:
    page = render_distill(done.page())
    write_text(page, done.folder / "report.html")
    if also is not None:
        write_text(page, also)


def _tell_stage(setting: Setting, chosen: Any, until: str, as_json: bool) -> None:
    if as_json:
        summary: dict[str, Any] = {"stage": until, "work": str(setting.folder)}
        if until != "collect":
            summary.update(examples=len(chosen.examples), rejected=chosen.rejected,
                           verdict=chosen.permit.verdict)  # fmt: skip
        click.echo(json.dumps(summary, sort_keys=True))
    click.echo(
        f"stopped after {until}; next: hydrometer distill resume {setting.folder}", err=True
    )


def _tell_done(done: Done, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(done.summary(), sort_keys=True))
    else:
        for row in done.rows:
            click.echo(
                f"{row['measure']}: teacher {_short(row.get('teacher'))}, "
                f"student {_short(row.get('student'))}"
                + (f" ({row['note']})" if row.get("note") else "")
            )
    click.echo(f"student and card: {done.folder / 'student'}", err=True)
    click.echo(f"report: {done.folder / 'report.html'}", err=True)


def _short(value: object) -> str:
    return "–" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def _flops() -> float:
    """Return about how many floating-point operations a second a matrix product reaches here."""
    import numpy as np

    a = np.ones((384, 384), dtype=np.float32)
    best = 1.0
    for _ in range(4):
        begun = time.perf_counter()
        a @ a
        best = min(best, time.perf_counter() - begun)
    return float(2 * 384**3 / max(best, 1e-6))


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "not known"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _tell_plan(made: Plan) -> None:
    r: Recipe = made.recipe
    new = r.student.new
    begins = f"new, {new.layers} layers, width {new.width}" if new else str(r.student.base)
    rough = ", roughly" if made.rough else ""
    cost = "not known: no [price]" if made.cost is None else f"{made.cost:,.2f} {r.price.currency}"
    judge = f", at most {made.judge_tokens:,} by the judge" if made.judge_tokens else ""
    sent = f"about {made.tokens_in:,} in, at most {made.tokens_out:,} out"
    if r.teacher.spec.startswith("recorded:"):
        sent = "none are sent, the answers are recorded"
    for name, text in (
        ("student", f"{r.student.name} ({begins})"),
        ("teacher", f"{r.teacher.model}, {r.teacher.surface}, by {r.teacher.spec}"),
        ("prompts", f"{len(made.split.taught)} taught, {len(made.split.held_out)} held out"),
        ("queries", f"{made.queries:,}, of which {made.asked:,} are recorded already"),
        ("tokens", f"{sent}{judge}; training reads about {made.train_tokens:,}"),
        ("time", f"answers {_time(made.answer_seconds)}, training {_time(made.train_seconds)}"
                 f"{rough}"),
        ("cost", cost),
    ):  # fmt: skip
        click.echo(f"{name:9s}{text}")
    for warning in made.warnings:
        click.echo(f"{'warning':9s}{warning}")
    _tell_ruling(made)


def _tell_ruling(made: Plan) -> None:
    ruling = made.ruling
    counts = ", ".join(f"{n} {verdict}" for verdict, n in ruling.counts.items())
    click.echo(f"{'terms':9s}{ruling.verdict} ({counts} of the planned rows)")
    for reason in ruling.reasons[:REASONS]:
        about = " ".join(str(reason[k]) for k in ("instrument", "clause") if reason.get(k))
        click.echo(f"  {reason['verdict']}: {about or reason['layer']} ({reason.get('model')})")
        click.echo(f"    {reason['because']}")
        if reason.get("phrase"):
            click.echo(f"    “{reason['phrase']}” (in effect {reason.get('in_effect')}, read on "
                       f"{reason.get('read_on')}, seen {reason.get('seen')})")  # fmt: skip
        if reason.get("settle"):
            click.echo(f"    settled by: {reason['settle']}")
    if len(ruling.reasons) > REASONS:
        click.echo(f"  and {len(ruling.reasons) - REASONS} more reasons (--json)")
    for duty in ruling.duties:
        state = " (not brought about by the declared distribution)" if duty["dormant"] else ""
        click.echo(f"{'duty':9s}{duty['kind']}: {duty['text']} [{duty['instrument']}, "
                   f"{duty['clause']}]{state}")  # fmt: skip
    if ruling.permit is not None:
        click.echo(f"{'permit':9s}{ruling.permit.verdict}, until {ruling.permit.expires}; given "
                   "again for the actual rows before training")  # fmt: skip
    else:
        told = ruling.refusal
        if told is not None and told.got and any(told.got.startswith(v) for v in CLOSED):
            told = NotPermitted(told.what, wanted=told.wanted, next_step=told.next_step)
        click.echo(f"{'permit':9s}none: {told}")  # what it got stands above
