"""``hydrometer trace served``: was the suspect trained on what we served?"""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import click

from hydrometer import __version__
from hydrometer.errors import InputError
from hydrometer.exchange import Exchange
from hydrometer.finding import Digest, Verdict, write_finding
from hydrometer.models.journal import Journal
from hydrometer.models.spec import KINDS, open_model, parse_spec
from hydrometer.models.wire import PREFILLS, Dialect
from hydrometer.store.readers import read
from hydrometer.trace.served.asking import ask_suspect, best_access
from hydrometer.trace.served.candidates import Design, join_candidates
from hydrometer.trace.served.finding import Provenance, served_finding
from hydrometer.trace.served.guards import check_records, check_size, compare_without_suspect
from hydrometer.trace.served.judge import judge_scores
from hydrometer.trace.served.measure import ACCESSES, measure_suspect
from hydrometer.trace.served.prefill import WalkPlan

__all__ = ["served"]

MOST_LINES = 5


def read_exchanges(path: Path, role: str) -> tuple[list[Exchange], Digest]:
    """Read exchanges in any known format; bad rows are counted and some shown."""
    found = read(path)
    for bad in found.rejected[:MOST_LINES]:
        click.echo(f"{bad.source}:{bad.line}: left out: {bad.reason}", err=True)
    return found.exchanges, replace(found.digest, role=role)


@dataclass(frozen=True)
class Asking:
    """Where the records of a suspect or a reference come from."""

    record: Path | None
    base_url: str | None
    api_key_env: str | None
    prefill_style: str
    access: str
    plan: WalkPlan
    seed: int

    def records(self, design: Design, what: str, role: str) -> tuple[list[Exchange], Digest]:
        """Read a file of records, or ask a live model and record its answers first."""
        live = what.partition(":")[0] in KINDS[:3] or (role == "suspect" and self.base_url)
        if not live:
            return read_exchanges(Path(what.removeprefix("recorded:")), role)
        if self.record is None:
            raise InputError(
                "a live model's answers must be recorded", next_step="add --record FILE.jsonl"
            )
        path = self.record
        if role == "reference":
            path = path.with_name(f"{path.stem}.reference{path.suffix}")
        model = open_model(
            parse_spec(what, self.base_url if role == "suspect" else None),
            clock=lambda: datetime.now(UTC),
            seed=self.seed,
            api_key=os.environ.get(self.api_key_env) if self.api_key_env else None,
            dialect=Dialect(prefill=self.prefill_style),
        )
        access = best_access(model) if self.access == "auto" else self.access
        limit = design.sets[0].served.sampling.max_tokens or 256
        with Journal(path) as record:
            ask_suspect(
                design,
                model,
                record,
                access=access,
                plan=self.plan,
                max_tokens=limit,
                progress=_count(role),
            )
        return read_exchanges(path, role)


@click.command()
@click.option(
    "--log", "log_path", required=True, type=click.Path(path_type=Path), help="What was served."
)
@click.option(
    "--decoys",
    "decoys_path",
    required=True,
    type=click.Path(path_type=Path),
    help="Fresh answers to the same prompts, same snapshot, same sampling.",
)
@click.option(
    "--suspect",
    required=True,
    help="A file of its recorded answers, or a live model: openai:NAME@URL, hf:PATH, gguf:PATH.",
)
@click.option(
    "--reference",
    help="The same of a model that did not see the log: sharpens the test, keeps it exact.",
)
@click.option(
    "--access",
    type=click.Choice(("auto", *ACCESSES)),
    default="auto",
    help="What the suspect gives; auto takes the strongest on record.",
)
@click.option("--alpha", type=click.FloatRange(0, 0.5, min_open=True), default=0.01)
@click.option("--seed", type=int, required=True, help="Breaks ties of the betting.")
@click.option(
    "--record",
    "record_path",
    type=click.Path(path_type=Path),
    help="Where a live suspect's answers go; a reference's go beside it. Resumes.",
)
@click.option("--base-url", help="Address of the endpoint of a live suspect.")
@click.option("--api-key-env", help="Environment variable that holds its key.")
@click.option(
    "--prefill-style",
    type=click.Choice(PREFILLS),
    default="none",
    help="How an endpoint is told to continue a beginning.",
)
@click.option("--last-word", type=click.IntRange(2), default=64, help="Walk no further than this.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the finding here.")
@click.option("--json", "as_json", is_flag=True, help="Print the finding as JSON.")
def served(
    log_path: Path,
    decoys_path: Path,
    suspect: str,
    reference: str | None,
    access: str,
    alpha: float,
    seed: int,
    record_path: Path | None,
    base_url: str | None,
    api_key_env: str | None,
    prefill_style: str,
    last_word: int,
    out: Path | None,
    as_json: bool,
) -> int:
    """Test whether a suspect was trained on what was served.

    For each logged prompt the decoys are answers that could have been served just as well.  A
    suspect that never saw the log cannot prefer the one that was.  Exit code 3: inconclusive.
    """
    log, log_digest = read_exchanges(log_path, "log")
    decoys, decoy_digest = read_exchanges(decoys_path, "decoys")
    design = join_candidates(log, decoys)
    assumptions = [*check_records(design), check_size(design, alpha)]
    alike, views = compare_without_suspect(design)
    plan = WalkPlan(last=last_word)
    asking = Asking(record_path, base_url, api_key_env, prefill_style, access, plan, seed)
    rows, suspect_digest = asking.records(design, suspect, "suspect")
    others, digests = None, [log_digest, decoy_digest, suspect_digest]
    if reference is not None:
        others, digest = asking.records(design, reference, "reference")
        digests.append(digest)
    measured = measure_suspect(design, rows, others, access=access, plan=plan)
    found = judge_scores(measured.scores, alpha=alpha, seed=seed)
    finding = served_finding(
        design,
        found,
        access=measured.access,
        alpha=alpha,
        seed=seed,
        assumptions=[*assumptions, alike, *measured.assumptions],
        provenance=Provenance(
            suspect=rows[0].model,
            inputs=tuple(digests),
            command=_command(
                {d.role: d.name for d in digests},
                f"--access {measured.access} --alpha {alpha:g} --seed {seed}",
            ),
            environment={"hydrometer": __version__, "python": platform.python_version()},
            created=datetime.now(UTC).isoformat(timespec="seconds"),
        ),
        views=views,
        exhibits=measured.exhibits,
        details=measured.details,
    )
    if out is not None:
        write_finding(finding, out)
        click.echo(f"wrote {out}", err=True)
    if as_json:
        click.echo(json.dumps(finding.to_statement(), sort_keys=True, ensure_ascii=False))
    else:
        click.echo(f"{finding.verdict}: {finding.summary}")
        click.echo(
            f"access {measured.access}; log10 p {found.main.log10_p:.2f}; "
            f"rank check log10 p {found.ranks.log10_p:.2f}; log10 e {found.log_e / 2.302585:.2f}"
        )
        for a in finding.assumptions:
            click.echo(f"  {a.status:11s} {a.name}: {a.detail}", err=True)
    sys.stdout.flush()
    return 3 if finding.verdict is Verdict.INCONCLUSIVE else 0


def _count(role: str) -> Callable[[int], None] | None:
    """Return a counter for a person who looks; nothing where nobody does."""
    if not sys.stderr.isatty():
        return None
    return lambda n: click.echo(f"\r{role}: {n} ", nl=False, err=True)


def _command(files: dict[str, str], rest: str) -> str:
    """Return the line that computes the finding again, without the folders of this machine."""
    named = " ".join(f"--{role} {name}" for role, name in files.items())
    return f"hydrometer trace served {named} {rest}"
