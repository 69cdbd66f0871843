"""``hydrometer trace``: was this model trained on that one's answers?"""

from __future__ import annotations

import json
import platform
import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path

import click
import numpy
import scipy

from hydrometer import __version__
from hydrometer.cli.trace_served import served
from hydrometer.errors import InputError
from hydrometer.finding import Finding, Verdict, write_finding
from hydrometer.report.html import render_html
from hydrometer.report.memo import render_memo
from hydrometer.trace.closed import read_key
from hydrometer.trace.finding import Context
from hydrometer.trace.lineage import read_lineage
from hydrometer.trace.load import load_answers, load_panel, load_suspect, read_panel
from hydrometer.trace.losses import read_losses
from hydrometer.trace.run import Question, run_trace

__all__ = ["trace"]

FILE = click.Path(dir_okay=False, path_type=Path)


@click.group(invoke_without_command=True)
@click.option("--suspect", type=FILE, help="The suspect's answers, any format hydrometer reads.")
@click.option(
    "--suspect-model", help="Which model of that file; its name where the file has none."
)
@click.option(
    "--panel",
    "panel_dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="A panel folder (hydrometer panel build).",
)
@click.option("--answers", type=FILE, multiple=True, help="Answers of a panel without a folder.")
@click.option("--lineage", type=FILE, help="Its lineage table, with --answers.")
@click.option("--prompts", type=FILE, help="Table of prompts for answers that have ids only.")
@click.option(
    "--format", "format_", help="Format of the suspect's file; found by itself if absent."
)
@click.option(
    "--candidate",
    "candidates",
    multiple=True,
    help="A candidate teacher; may be repeated. Default: every teacher of the panel.",
)
@click.option(
    "--candidate-answers", type=FILE, multiple=True, help="Answers of further candidates."
)
@click.option("--family", help="Leave this model's family out of the panel.")
@click.option("--base", type=FILE, help="Answers of the suspect's base or earlier checkpoint.")
@click.option(
    "--losses", type=FILE, help="Losses on the candidates' texts, see docs/how-to/trace.md."
)
@click.option("--answer-key", type=FILE, help="Right answers of closed questions (JSON lines).")
@click.option(
    "--alpha", type=click.FloatRange(0, 0.5, min_open=True), default=0.01, show_default=True
)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Seed of every random choice."
)
@click.option("--max-prompts", type=click.IntRange(20), help="Use only so many prompts, by seed.")
@click.option("--until-decided", is_flag=True, help="Stop at the first look that decides.")
@click.option("--quarantine", type=FILE, help="Bad rows go here, with file, line and reason.")
@click.option("--out", type=FILE, help="Write the finding (JSON).")
@click.option("--markdown", type=FILE, help="Write the memo.")
@click.option("--html", type=FILE, help="Write the report.")
@click.option("--json", "as_json", is_flag=True, help="Print the finding as JSON.")
@click.pass_context
def trace(
    ctx: click.Context,
    suspect: Path | None,
    suspect_model: str | None,
    panel_dir: Path | None,
    answers: tuple[Path, ...],
    lineage: Path | None,
    prompts: Path | None,
    format_: str | None,
    candidates: tuple[str, ...],
    candidate_answers: tuple[Path, ...],
    family: str | None,
    base: Path | None,
    losses: Path | None,
    answer_key: Path | None,
    alpha: float,
    seed: int,
    max_prompts: int | None,
    until_decided: bool,
    quarantine: Path | None,
    out: Path | None,
    markdown: Path | None,
    html: Path | None,
    as_json: bool,
) -> int:
    """Compare a suspect with candidate teachers, beside models known to be innocent.

    Answers two questions: which candidate, or none of these (a set with its
    coverage); and is the suspect closer to a candidate than models tuned
    without that candidate's text are (a rank p-value). Exit code 3 where the
    answer is inconclusive.
    """
    if ctx.invoked_subcommand is not None:
        return 0
    if suspect is None or (panel_dir is None) == (not answers):
        raise InputError(
            "trace needs a suspect and a panel",
            wanted="--suspect FILE and either --panel FOLDER or --answers FILE --lineage CSV",
            next_step="hydrometer trace --help",
        )
    if panel_dir is not None:
        held, known = read_panel(panel_dir)
    else:
        if lineage is None:
            raise InputError("a panel needs its lineage", next_step="add --lineage CSV")
        held = load_answers(answers, role="panel", prompts=prompts, quarantine=quarantine)
        known = read_lineage(lineage)
    if prompts is None and panel_dir is not None and (panel_dir / "prompts.parquet").is_file():
        prompts = panel_dir / "prompts.parquet"
    for path in candidate_answers:
        more = load_answers([path], role="candidate", quarantine=quarantine)
        held.add(more.exchanges)
        held.digests.extend(more.digests)
        candidates = (*candidates, *(m for m in more.texts if m not in candidates))
    panel = load_panel(held, known)
    mine = load_answers(
        [suspect],
        role="suspect",
        format=format_,
        model=suspect_model,
        prompts=prompts,
        quarantine=quarantine,
    )
    name, texts = load_suspect(mine, suspect_model)
    if max_prompts is not None:
        order = numpy.random.default_rng(seed).permutation(sorted(panel.prompts))
        kept = [str(k) for k in order if k in texts][:max_prompts]
        panel = panel.select(prompts=kept) if kept else panel
    base_texts = None
    if base is not None:
        _, base_texts = load_suspect(load_answers([base], role="base", prompts=prompts), None)
    digests = (*held.digests, *mine.digests)
    finding = run_trace(
        panel,
        Question(
            suspect=name,
            answers=texts,
            candidates=candidates,
            family=family,
            base=base_texts,
            losses=read_losses(losses) if losses else None,
            until_decided=until_decided,
            key=read_key(answer_key) if answer_key else None,
        ),
        Context(
            suspect=name,
            alpha=alpha,
            seed=seed,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            command=_command(),
            inputs=digests,
            environment={
                "hydrometer": __version__,
                "python": platform.python_version(),
                "numpy": numpy.__version__,
                "scipy": scipy.__version__,
            },
            quarantined=sum(d.quarantined for d in digests),
            unscored=mine.unscored,
        ),
    )
    _write(finding, out, markdown, html)
    if as_json:
        click.echo(json.dumps(finding.to_statement(), sort_keys=True, ensure_ascii=False))
    else:
        _say(finding)
    sys.stdout.flush()
    return 3 if finding.verdict is Verdict.INCONCLUSIVE else 0


trace.add_command(served)


def _command() -> str:
    """Return the line that was typed, files by name only."""
    parts = [
        Path(a).name if not a.startswith("-") and ("/" in a or "\\" in a) else a
        for a in sys.argv[1:]
    ]
    return "hydrometer " + shlex.join(parts)


def _write(finding: Finding, out: Path | None, markdown: Path | None, html: Path | None) -> None:
    try:
        if out is not None:
            write_finding(finding, out)
        if markdown is not None:
            markdown.write_text(render_memo(finding), encoding="utf-8")
        if html is not None:
            html.write_text(render_html([finding]), encoding="utf-8")
    except OSError as err:
        raise InputError("cannot write the result", got=str(err)[:160]) from err
    for path in (out, markdown, html):
        if path is not None:
            click.echo(f"wrote {path}", err=True)


def _say(finding: Finding) -> None:
    """Print the verdict and the strongest candidates for a person."""
    click.echo(f"{finding.verdict}: {finding.summary}")
    for c in finding.candidates[:5]:
        p = "-" if c.pvalue is None else f"{c.pvalue:.3g}"
        q = "-" if c.adjusted is None else f"{c.adjusted:.3g}"
        score = float("nan") if c.score is None else c.score
        click.echo(
            f"  {c.teacher:32.32s} {c.family:16.16s} score {score:6.2f}  p {p}  adjusted {q}"
        )
    for a in finding.assumptions:
        click.echo(f"  {a.status:11s} {a.name}: {a.detail}", err=True)
