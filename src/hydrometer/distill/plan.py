"""What a recipe would take and whether its terms allow it, before anything is spent."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hydrometer.distill.collect import Split, as_recorded, model_name, open_recorded, split_prompts
from hydrometer.distill.example import from_exchange
from hydrometer.distill.gate import Ruling, judge_rows, open_terms
from hydrometer.distill.recipe import Recipe, bare
from hydrometer.distill.topic import Topic, check_topics
from hydrometer.distill.train.config import TrainConfig
from hydrometer.exchange import Exchange, prompt_key
from hydrometer.models.budget import estimate, guess_tokens
from hydrometer.models.journal import read_exchanges
from hydrometer.models.model import Query
from hydrometer.models.record import remaining

__all__ = ["Plan", "example_row", "make_plan", "parameters_of"]

ANSWERING, TRAINING = 0.2, 1.0
"""Shares of the speed of a matrix product that answering in small batches and training reach."""


@dataclass(frozen=True)
class Plan:
    """What a run would do.

    Parameters
    ----------
    recipe : Recipe
        Of which it is the plan.
    split : Split
        The prompts.
    topic : Topic
        How alike they are.
    queries, asked : int
        Queries to teacher and, how many of them are recorded already.
    tokens_in, tokens_out : int
        Still to be asked of the teacher: estimated, and at most.
    judge_tokens : int
        Likewise of the judge, question and answer.
    train_tokens : int
        That the training would read, at most.
    answer_seconds, train_seconds : float or None
        Time; None where nothing tells how fast it goes.
    rough : bool
        Whether a time was estimated from the size of a model.
    cost : float or None
        In the currency of the recipe; None where no price is given.
    ruling : Ruling
        What the gate says of the planned rows.
    warnings : tuple of str
        What a person should know before.
    """

    recipe: Recipe
    split: Split
    topic: Topic
    queries: int
    asked: int
    tokens_in: int
    tokens_out: int
    judge_tokens: int
    train_tokens: int
    answer_seconds: float | None
    train_seconds: float | None
    rough: bool
    cost: float | None
    ruling: Ruling
    warnings: tuple[str, ...]

    def to_record(self) -> dict[str, Any]:
        """Return what JSON shows."""
        r = self.recipe
        return {
            "student": r.student.name,
            "recipe_sha256": r.digest,
            "teacher": r.teacher.model,
            "prompts": {
                "taught": len(self.split.taught),
                "held_out": len(self.split.held_out),
                "repeated": self.split.repeated,
                "unreadable": len(self.split.bad),
            },
            "topic": asdict(self.topic),
            "queries": self.queries,
            "recorded_already": self.asked,
            "tokens": {
                "in": self.tokens_in,
                "out_at_most": self.tokens_out,
                "judge_at_most": self.judge_tokens,
                "training_at_most": self.train_tokens,
            },
            "cost": self.cost,
            "currency": r.price.currency,
            "seconds": {
                "answers": self.answer_seconds,
                "training": self.train_seconds,
                "rough": self.rough,
            },
            "terms": self.ruling.to_record(),
            "warnings": list(self.warnings),
        }


def example_row(recipe: Recipe, answer: Exchange) -> dict[str, Any]:
    """Return the terms row that a recorded answer makes, before any judge has seen it."""
    others = [w.writer("prompt") for w in recipe.prompts.writers]
    writer = recipe.teacher.writer("answer")
    return from_exchange(answer, writer, others=others, dataset=recipe.prompts.dataset).row()


def planned_rows(
    recipe: Recipe,
    queries: Sequence[Query],
    recorded: Sequence[Exchange],
    name: str,
    *,
    at: datetime,
) -> list[dict[str, Any]]:
    """Return the rows that would be trained on: those recorded, and those still to be asked.

    What is still to be asked counts as generated now, unless the recipe says
    when the answers were written; a judge counts as asked now.
    """
    today = at.astimezone(UTC).date().isoformat()
    left = remaining(recorded, queries, name)
    rows = [example_row(recipe, e) for e in recorded if e.response is not None]
    writer = recipe.teacher.writer("answer")
    writer["generated_at"] = writer["generated_at"] or today
    others = [w.writer("prompt") for w in recipe.prompts.writers]
    for i in left:
        q = queries[i]
        rows.append(
            {
                "id": f"planned {prompt_key(q.prompt)} {q.draw}",
                "writers": [writer, *others],
                "dataset": recipe.prompts.dataset,
            }
        )
    if recipe.judge is not None:
        judge = recipe.judge.writer("judge")
        judge["generated_at"] = judge["generated_at"] or today
        rows = [{**r, "writers": [*r["writers"], judge]} for r in rows]
    return rows


def make_plan(
    recipe: Recipe,
    *,
    at: datetime,
    work: Path | None = None,
    flops: float | None = None,
) -> Plan:
    """Return what a run of the recipe would do; nothing is asked.

    Parameters
    ----------
    recipe : Recipe
        From `read_recipe`.
    at : datetime
        The present, timezone-aware.
    work : Path, optional
        The folder of the run, where one has begun: what is recorded there is
        not asked again.
    flops : float, optional
        Floating-point operations a second of this machine, for a rough time.

    Returns
    -------
    Plan
        With the ruling of the gate, which may be a refusal.

    Raises
    ------
    InputError
        If a file cannot be used, or there is no prompt.
    Refused
        If all prompts are of one topic and the recipe does not say so.
    """
    split = split_prompts(recipe)
    texts = [p.messages[-1].content for p in (*split.taught, *split.held_out)]
    topic, warnings = check_topics(
        texts, one_topic=recipe.prompts.one_topic, seed=recipe.answers.seed
    )
    use, catalogue = open_terms(recipe, at=at)
    source, spec = open_recorded(recipe), recipe.spec(recipe.teacher)
    taught = as_recorded(split.queries(recipe.answers), source)
    held = as_recorded(split.held_queries(recipe.answers), source)
    recorded, held_recorded = _log(work, "answers.jsonl"), _log(work, "held-out.jsonl")
    name = source.name if source is not None else model_name(spec)
    rows = planned_rows(recipe, taught, recorded, name, at=at)
    ruling = judge_rows(rows, use, catalogue, at=at)
    todo = [taught[i] for i in remaining(recorded, taught, name)]
    todo += [held[i] for i in remaining(held_recorded, held, name)]
    would, whole = estimate(todo), estimate(taught)
    out, whole_out = would.tokens_out or 0, whole.tokens_out or 0
    if source is not None:  # nothing is sent, and the answers can be looked at
        would = replace(would, tokens_in=0)
        out, whole_out = 0, sum(guess_tokens(e.response or "") for e in source.answer(taught))
    judge_tokens = 0
    if recipe.judge is not None:
        long = recipe.answers.max_tokens + 80 + recipe.judge.max_tokens
        judge_tokens = sum(long + guess_tokens(q.prompt[-1].content) for q in taught)
    train_tokens = _train_tokens(recipe.train, whole.tokens_in + whole_out, len(taught))
    answer_s, rough_a = _answer_seconds(recipe, spec.kind, len(todo), out, flops)
    train_s, rough_t = _train_seconds(recipe, train_tokens, flops)
    for count, what in ((split.repeated, "prompts repeat an earlier one and are put once"),
                        (len(split.bad), "rows of the file are no prompts")):  # fmt: skip
        if count:
            warnings.append(f"{count} {what}")
    if not split.held_out:
        warnings.append("held_out is 0: nothing is left to evaluate the student on")
    return Plan(
        recipe, split, topic, len(taught) + len(held), len(taught) + len(held) - len(todo),
        would.tokens_in, out, judge_tokens, train_tokens, answer_s, train_s, rough_a or rough_t,
        _cost(recipe, spec.kind, would.tokens_in, out, answer_s, train_s), ruling,
        tuple(warnings),
    )  # fmt: skip


def _log(work: Path | None, name: str) -> list[Exchange]:
    path = work / name if work is not None else None
    return read_exchanges(path) if path is not None and path.exists() else []


def _train_tokens(config: TrainConfig, tokens: int, examples: int) -> int:
    if config.steps is None:
        return round(tokens * config.epochs)
    batch = config.batch_size * config.accumulate
    return round(config.steps * batch * tokens / max(examples, 1))


def _answer_seconds(
    recipe: Recipe, kind: str, queries: int, tokens: int, flops: float | None
) -> tuple[float | None, bool]:
    rate = recipe.price.answer_tokens_per_second
    if kind == "recorded" or not queries:
        return 0.0, False
    if kind == "openai" and recipe.teacher.rpm:
        return 60.0 * queries / recipe.teacher.rpm, False
    if rate:
        return tokens / rate, False
    size = parameters_of(Path(recipe.spec(recipe.teacher).where)) if kind != "openai" else None
    if size and flops:
        return 2.0 * size * tokens / (ANSWERING * flops), True
    return None, False


def _train_seconds(recipe: Recipe, tokens: int, flops: float | None) -> tuple[float | None, bool]:
    if recipe.price.train_tokens_per_second:
        return tokens / recipe.price.train_tokens_per_second, False
    new = recipe.student.new
    if new is not None:
        size: float | None = 16.0 * new.layers * new.width**2 + new.vocabulary * new.width
    else:
        size = parameters_of(recipe.place(bare(recipe.student.base or "")))
    if size and flops:
        return 6.0 * size * tokens / (TRAINING * flops), True
    return None, False


def parameters_of(path: Path) -> float | None:
    """Return about how many parameters a model has, from its files; None where they do not tell.

    Parameters
    ----------
    path : Path
        A folder with safetensors (whose headers are read), or a GGUF file
        (taken for five bits a parameter).
    """
    if path.is_file():
        return path.stat().st_size * 8 / 5
    total = 0
    for file in sorted(path.glob("*.safetensors")):
        try:
            with open(file, "rb") as f:
                header = json.loads(f.read(int.from_bytes(f.read(8), "little")))
            for tensor in header.values():
                size = 1
                for n in tensor.get("shape", [0]):
                    size *= n
                total += size
        except (OSError, ValueError, AttributeError, MemoryError, OverflowError):
            return None
    return float(total) or None


def _cost(
    recipe: Recipe,
    kind: str,
    tokens_in: int,
    tokens_out: int,
    answer_seconds: float | None,
    train_seconds: float | None,
) -> float | None:
    """Return the cost: tokens of an endpoint, hours of a machine."""
    p = recipe.price
    cost, known = 0.0, False
    if kind == "openai":
        if p.tokens_in is None or p.tokens_out is None:
            return None
        cost, known = (tokens_in * p.tokens_in + tokens_out * p.tokens_out) / 1e6, True
    if p.machine_hour is not None:
        seconds = (0.0 if kind == "openai" else answer_seconds, train_seconds)
        if any(s is None for s in seconds):
            return cost if known else None
        cost, known = cost + p.machine_hour * sum(s or 0.0 for s in seconds) / 3600, True
    return cost if known else None
