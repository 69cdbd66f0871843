"""The stages of a run, each of which finds what an earlier run left and goes on from there."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hydrometer.distill.collect import as_recorded, collect, open_asked, read_answers
from hydrometer.distill.example import Example, examples_digest, from_exchange, write_examples
from hydrometer.distill.files import read_json, write_json, write_lines
from hydrometer.distill.filter import apply_filter, count_reasons, write_rejected
from hydrometer.distill.gate import judge_rows, open_terms
from hydrometer.distill.judge import judge_answers
from hydrometer.distill.plan import Plan
from hydrometer.distill.recipe import Recipe, bare
from hydrometer.distill.record import provenance_row
from hydrometer.distill.train.job import Job, write_job
from hydrometer.distill.train.record import Trained, read_trained
from hydrometer.distill.train.weights import weights_digest
from hydrometer.distill.vocabulary import learn_vocabulary
from hydrometer.errors import InputError, MissingExtra, ModelError, Refused
from hydrometer.exchange import Exchange, Sampling, prompt_key
from hydrometer.models.prompts import to_queries
from hydrometer.terms.permit import Permit, write_permit

__all__ = [
    "Selected",
    "Setting",
    "collect_answers",
    "make_job",
    "place_student",
    "require_training",
    "select",
    "train_student",
]


@dataclass(frozen=True)
class Setting:
    """Where and how a recipe is run.

    Parameters
    ----------
    recipe : Recipe
        What is made.
    folder : Path
        The folder of this run alone.
    clock : callable
        Returns the present, timezone-aware.
    environment : mapping
        Where keys of endpoints are.
    tell : callable
        Given a sentence for the person who waits.
    count : callable
        Given a stage, and how many of how many are done.
    retry_failed : bool
        Ask again what failed.
    timer : callable, optional
        Seconds from any fixed moment; without one nothing is timed.
    processes : int, optional
        How many train together; as many as began, where that is not said.
    """

    recipe: Recipe
    folder: Path
    clock: Callable[[], datetime]
    environment: Mapping[str, str]
    tell: Callable[[str], None]
    count: Callable[[str, int, int], None]
    retry_failed: bool = False
    processes: int | None = None
    timer: Callable[[], float] | None = None


def collect_answers(s: Setting, plan: Plan) -> tuple[list[Exchange], list[Exchange]]:
    """Ask the teacher what is not recorded; return its answers, taught and held out.

    Raises
    ------
    ModelError
        If nothing can be asked, or the budget ended first; what came is
        recorded.
    """
    recipe = s.recipe
    teacher = open_asked(
        recipe, recipe.teacher, clock=s.clock, seed=recipe.answers.seed,
        environment=s.environment,
    )  # fmt: skip
    found: list[list[Exchange]] = []
    spent = 0
    for name, queries in (
        ("answers", plan.split.queries(recipe.answers)),
        ("held-out", plan.split.held_queries(recipe.answers)),
    ):
        path = s.folder / f"{name}.jsonl"
        queries = as_recorded(queries, teacher)
        if not queries:
            found.append([])
            continue
        budget = recipe.answers.budget_tokens
        ran = collect(
            teacher, queries, path, retry_failed=s.retry_failed,
            budget=None if budget is None else max(budget - spent, 0),
            progress=lambda done, total, name=name: s.count(name, done, total),  # type: ignore[misc]
        )  # fmt: skip
        spent += ran.tokens_in + ran.tokens_out
        s.tell(
            f"{name}: {ran.asked} asked, {ran.resumed} already recorded; "
            + ", ".join(f"{n} {status}" for status, n in sorted(ran.statuses.items()))
        )
        if not ran.scored:
            raise ModelError(
                f"the teacher answered none of {ran.queries} prompts",
                got=", ".join(f"{n} {status}" for status, n in sorted(ran.statuses.items())),
                next_step="see the errors in " + str(path),
            )
        found.append(read_answers(path, queries, teacher.name))
    return found[0], found[1]


@dataclass(frozen=True)
class Selected:
    """The training set of a run, and the permit for it."""

    examples: list[Example]
    provenance: list[dict[str, Any]]
    rejected: dict[str, int]
    permit: Permit


def select(s: Setting, plan: Plan, answers: Sequence[Exchange]) -> Selected:
    """Filter the answers, let the judge speak, and take the rows that remain to the gate.

    Raises
    ------
    Refused
        If nothing remains.
    NotPermitted
        If the gate refuses the rows.
    """
    recipe, seed = s.recipe, s.recipe.answers.seed
    kept, rejected = apply_filter(
        answers, recipe.filter, seed=seed, held_out=[p.messages for p in plan.split.held_out]
    )
    scores: dict[int, float] = {}
    replies: dict[int, Exchange] = {}
    if recipe.judge is not None and kept:
        judge = open_asked(
            recipe, recipe.judge, clock=s.clock, seed=seed, environment=s.environment
        )
        judged = judge_answers(
            judge, answers, kept, recipe.judge, s.folder / "judge.jsonl", seed=seed,
            progress=lambda done, total: s.count("judge", done, total),
        )  # fmt: skip
        kept, scores, replies = list(judged.kept), judged.scores, judged.writers
        rejected = sorted([*rejected, *judged.rejected], key=lambda r: r.line)
    write_rejected(rejected, s.folder / "rejected.jsonl")
    counts = count_reasons(rejected)
    told = ", ".join(f"{n} {reason}" for reason, n in counts.items())
    s.tell(f"filter: {len(kept)} of {len(answers)} answers kept" + (f"; {told}" if told else ""))
    if kept and len(kept) < len(answers) / 2:
        s.tell(f"warning: more than half is left out; see {s.folder / 'rejected.jsonl'}")
    if not kept:
        raise Refused(
            "nothing is left to train on",
            got=told,
            next_step=f"see {s.folder / 'rejected.jsonl'}, and loosen [filter] or ask more",
        )
    examples = [_example(s, plan, answers[i], replies.get(i)) for i in kept]
    use, catalogue = open_terms(recipe, at=s.clock())
    ruling = judge_rows([e.row() for e in examples], use, catalogue, at=s.clock())
    write_json(ruling.to_record(), s.folder / "terms.json")
    permit = ruling.require()
    provenance = [
        provenance_row(e, answers[i], i + 1, ruling.texts[e.id], score=scores.get(i))
        for e, i in zip(examples, kept, strict=True)
    ]
    write_lines(provenance, s.folder / "provenance.jsonl")
    write_examples(examples, s.folder / "examples.jsonl")
    write_permit(permit, s.folder / "permit.json")
    s.tell(
        f"gate: {permit.verdict}, {permit.rows} rows, {len(permit.duties)} duties, until "
        f"{permit.expires}"
    )
    return Selected(examples, provenance, counts, permit)


def _example(s: Setting, plan: Plan, answer: Exchange, reply: Exchange | None) -> Example:
    recipe = s.recipe
    others = [w.writer("prompt") for w in recipe.prompts.writers]
    if recipe.judge is not None and reply is not None:
        judge = recipe.judge.writer("judge")
        if reply.time is not None:
            judge["generated_at"] = reply.time.astimezone(UTC).date().isoformat()
        others.append(judge)
    return from_exchange(
        answer, recipe.teacher.writer("answer"), others=others, dataset=recipe.prompts.dataset,
        source=_named(plan).get(answer.key),
    )  # fmt: skip


def _named(plan: Plan) -> dict[str, str]:
    """Return the prompt of each answer, by file and name."""
    file, answers = plan.recipe.prompts.file, plan.recipe.answers
    asked = to_queries(plan.split.taught, Sampling(), system=answers.system)
    return {
        prompt_key(q.prompt): f"{file}#{p.id}"
        for q, p in zip(asked, plan.split.taught, strict=True)
    }


def require_training() -> None:
    """Raise unless the libraries that train are installed: before a teacher is paid for.

    Raises
    ------
    MissingExtra
        If one is not.
    """
    for name in ("torch", "transformers", "accelerate", "trl", "peft", "datasets"):
        try:
            found = find_spec(name)
        except (ImportError, ValueError):
            found = None
        if found is None:
            raise MissingExtra("training", "train")


def make_job(s: Setting, examples: Sequence[Example], permit: Permit) -> Job:
    """Leave the training as a folder, ``job``, for `train_student` or a launcher of many machines.

    Raises
    ------
    NotPermitted
        If the permit is not for these examples, or has run out.
    InputError
        If the folder cannot be written, or a training of something else is
        finished already.
    """
    permit.require([e.row() for e in examples], at=s.clock().date())
    recipe = s.recipe
    if recipe.student.new is not None and recipe.student.tokenizer is None:
        where = s.folder / "vocabulary" / examples_digest(examples)[:12]
        place = learn_vocabulary(examples, recipe.student.new.vocabulary, where)
    else:
        place = recipe.place(bare(recipe.student.tokenizer or recipe.student.base or ""))
    weights = recipe.teacher.weights
    job = Job(
        examples,
        permit,
        recipe.student.start(str(place.resolve())),
        recipe.train,
        recipe.answers.seed,
        None if weights is None else recipe.place(bare(weights)).resolve(),
    )
    path, key = s.folder / "job" / "key.json", _key(job)
    known = read_json(path) if path.exists() else {}
    if read_trained(s.folder / "train") is not None and known.get("key") != key:
        raise InputError(
            f"{s.folder / 'train'} holds another training",
            got="other examples, or another base",
            next_step="name a new folder with --work",
        )
    write_job(job, s.folder / "job")
    processes = s.processes or known.get("processes") or 1
    write_json({"key": key, "processes": processes}, path)
    return job


def _key(job: Job) -> str:
    """Return the digest of all that decides what a training makes."""
    lines = [examples_digest(job.examples), job.base.text, weights_digest(job.base.path)]
    lines += [json.dumps(job.config.to_record(), sort_keys=True), str(job.seed)]
    if job.teacher is not None:
        lines.append(str(job.teacher))
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()


def train_student(s: Setting, examples: Sequence[Example], permit: Permit) -> Trained:
    """Train on exactly the examples of the permit; return what the trainer says.

    A training that is finished, by whatever launcher, is read.

    Raises
    ------
    MissingExtra
        If the libraries are not installed.
    NotPermitted
        If the permit is not for these examples, or has run out.
    ModelError
        If a process fails; its own words come before.
    """
    job, out = make_job(s, examples, permit), s.folder / "train"
    done = read_trained(out)
    if done is not None:
        return done
    require_training()
    processes = int(read_json(s.folder / "job" / "key.json")["processes"])
    if processes > 1:
        return _launch(s, processes, out)
    from hydrometer.distill.train.run import train

    return train(
        job.examples,
        permit=permit,
        base=job.base,
        config=job.config,
        out=out,
        at=s.clock().date(),
        teacher=job.teacher,
        seed=job.seed,
        progress=lambda step, steps, point: s.count("train", step, steps),
    )


def _launch(s: Setting, processes: int, out: Path) -> Trained:
    """Train in several processes of this machine."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += [f"--nproc-per-node={processes}", "-m", "hydrometer.distill.train"]
    done = subprocess.run(  # noqa: S603 (our own program, and paths of the user's own)
        [*command, str(s.folder / "job"), "--out", str(out)],
        stdout=subprocess.DEVNULL,
        check=False,
        env={"OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 1) // processes)), **os.environ},
    )
    trained = read_trained(out)
    if done.returncode or trained is None:
        raise ModelError(
            f"{processes} processes that train together failed",
            got=f"exit code {done.returncode}",
            next_step="see what they wrote above, then `hydrometer distill resume`",
        )
    return trained


def place_student(trained: Trained, folder: Path) -> None:
    """Put the student's weights into a folder of its own, without a second copy where it can.

    Raises
    ------
    InputError
        If the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in sorted(Path(trained.folder).iterdir()):
            target = folder / file.name
            if file.is_file() and not (target.exists() and os.path.samefile(file, target)):
                target.unlink(missing_ok=True)
                try:
                    os.link(file, target)
                except OSError:
                    shutil.copy2(file, target)
    except OSError as err:
        raise InputError(
            f"cannot write {folder}", got=str(err)[:160], next_step="make room, and run again"
        ) from err
