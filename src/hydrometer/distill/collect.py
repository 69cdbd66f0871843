"""Ask the teacher what is not recorded yet: the prompts split, the answers in a log."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from hydrometer.distill.recipe import Answers, Asked, Recipe
from hydrometer.errors import InputError, ModelError
from hydrometer.exchange import Exchange, Sampling, prompt_key
from hydrometer.models.journal import Journal, read_exchanges
from hydrometer.models.model import Model, Query
from hydrometer.models.openai import Transport
from hydrometer.models.prompts import Prompt, read_prompts, to_queries
from hydrometer.models.record import Recorded, answered_already, plan, record
from hydrometer.models.recorded import RecordedModel
from hydrometer.models.spec import Spec, open_model
from hydrometer.models.wire import Dialect
from hydrometer.store.readers import read

__all__ = [
    "Split",
    "as_recorded",
    "collect",
    "model_name",
    "open_asked",
    "open_recorded",
    "read_answers",
    "split_prompts",
]


@dataclass(frozen=True)
class Split:
    """The prompts of a recipe: those that teach, and those that test.

    Parameters
    ----------
    taught, held_out : tuple of Prompt
        No prompt is in both.
    repeated : int
        Prompts that repeat an earlier one and are put once.
    bad : tuple of str
        Rows of the file that are no prompts.
    """

    taught: tuple[Prompt, ...]
    held_out: tuple[Prompt, ...]
    repeated: int
    bad: tuple[str, ...]

    def queries(self, answers: Answers) -> list[Query]:
        """Return what the teacher is asked to teach: all prompts, then the next draw of all."""
        asked = to_queries(self.taught, sampling(answers), system=answers.system)
        return plan(asked, draws=answers.draws)[0]

    def held_queries(self, answers: Answers) -> list[Query]:
        """Return what the teacher is asked to be compared with: one draw of each."""
        return to_queries(self.held_out, sampling(answers), system=answers.system)


def sampling(answers: Answers) -> Sampling:
    """Return the sampling parameters of a recipe."""
    return Sampling(
        answers.temperature,
        answers.top_p,
        answers.top_k,
        answers.max_tokens,
        answers.stop or None,
        answers.seed,
    )


def split_prompts(recipe: Recipe) -> Split:
    """Return the prompts of a recipe, a share of them held out.

    Which ones are held out depends on their text and the seed alone, so that
    a longer file moves few from one side to the other.

    Raises
    ------
    InputError
        If there is no prompt.
    """
    found = read_prompts(
        recipe.prompts_source, kinds=recipe.prompts.kinds, limit=recipe.prompts.limit
    )
    first: dict[str, Prompt] = {}
    for p in found.prompts:
        first.setdefault(prompt_key(p.messages), p)
    count = round(len(first) * recipe.prompts.held_out)
    if recipe.prompts.held_out > 0 and len(first) > 1:
        count = min(max(count, 1), len(first) - 1)
    lots = sorted(
        first, key=lambda k: hashlib.sha256(f"{recipe.answers.seed}/{k}".encode()).digest()
    )
    out = set(lots[:count])
    return Split(
        tuple(p for k, p in first.items() if k not in out),
        tuple(p for k, p in first.items() if k in out),
        len(found.prompts) - len(first),
        found.bad,
    )


def open_asked(
    recipe: Recipe,
    asked: Asked,
    *,
    clock: Callable[[], datetime],
    seed: int,
    environment: Mapping[str, str],
) -> Model:
    """Return the teacher or the judge of a recipe, ready to be asked.

    Parameters
    ----------
    recipe : Recipe
        Where its paths are relative to.
    asked : Asked
        The section.
    clock : callable
        Returns the present, timezone-aware.
    seed : int
        Seeds local sampling.
    environment : mapping
        Where the key of an endpoint is, by the name in the recipe.

    Raises
    ------
    MissingExtra
        If the library that it needs is not installed.
    InputError
        If it cannot be opened.
    """
    spec = recipe.spec(asked)
    exchanges = read(spec.where, model=spec.name).exchanges if spec.kind == "recorded" else None
    if recipe.answers.engine == "ray" and spec.kind in ("hf", "gguf"):
        from hydrometer.distill.fanout import RayModel

        return RayModel(
            spec, clock=clock, seed=seed, batch_size=asked.batch_size, plain=asked.plain,
            workers=recipe.answers.workers,
        )  # fmt: skip
    return open_model(
        spec,
        clock=clock,
        seed=seed,
        api_key=environment.get(asked.api_key_env),
        dialect=Dialect(),
        transport=Transport(
            asked.concurrency, asked.rpm, asked.retries, asked.timeout, max_wait=asked.max_wait
        ),
        exchanges=exchanges,
        batch_size=asked.batch_size,
        plain=asked.plain,
    )


def open_recorded(recipe: Recipe) -> RecordedModel | None:
    """Return the answers that stand in for the teacher; None where a model is asked.

    Raises
    ------
    InputError
        If the file cannot be read, or holds several models and none is named.
    """
    spec = recipe.spec(recipe.teacher)
    if spec.kind != "recorded":
        return None
    return RecordedModel(read(spec.where, model=spec.name).exchanges, name=spec.name)


def as_recorded(queries: Sequence[Query], model: Model | None) -> list[Query]:
    """Return the queries with the sampling of the answers, where these were recorded before.

    A record says how it was sampled, whatever a recipe asks for; by that it
    is known again in the log.
    """
    if not isinstance(model, RecordedModel):
        return list(queries)
    answers = model.answer(queries)
    return [replace(q, sampling=e.sampling) for q, e in zip(queries, answers, strict=True)]


def model_name(spec: Spec) -> str:
    """Return the name under which a model's answers are recorded, without opening it."""
    return spec.name or Path(spec.where).name


def collect(
    model: Model,
    queries: Sequence[Query],
    out: Path,
    *,
    budget: int | None = None,
    retry_failed: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Recorded:
    """Ask what is not recorded in a log yet, and record it as it comes.

    Parameters
    ----------
    model : Model
        The teacher or the judge.
    queries : sequence of Query
        What is to be in the log.
    out : Path
        A JSONL file in the format of ``hydrometer ask``.
    budget : int, optional
        Tokens that the log may hold.
    retry_failed : bool
        Ask again what failed.
    progress : callable, optional
        Told how many of how many are recorded.

    Raises
    ------
    ModelError
        If nothing can be asked, or the budget ended first; what came is
        recorded.
    InputError
        If the log cannot be written; what came before is recorded.
    """
    if isinstance(model, RecordedModel):
        budget = None  # nothing is spent
    try:
        with Journal(out) as journal:
            ran = record(
                model, queries, journal, budget=budget, retry_failed=retry_failed,
                progress=progress,
            )  # fmt: skip
    except OSError as err:  # closing flushes once more what could not be written
        raise InputError(
            f"cannot write {out}",
            got=str(err)[:160],
            next_step="make room, and run the same line again: nothing recorded is lost",
        ) from err
    if ran.left:
        raise ModelError(
            f"the budget ended with {ran.left} of {ran.queries} queries left",
            got=f"{ran.tokens_in + ran.tokens_out} tokens taken",
            next_step="raise budget_tokens under [answers], then `hydrometer distill resume`",
        )
    return ran


def read_answers(path: Path, queries: Sequence[Query], name: str) -> list[Exchange]:
    """Return the recorded answers of the queries, in the order of the log's lines.

    Raises
    ------
    InputError
        If the log cannot be read, or a query has no line in it.
    """
    exchanges = read_exchanges(path)
    have = answered_already(exchanges, queries, name)
    if len(have) < len(queries):
        raise InputError(
            f"{path} lacks {len(queries) - len(have)} of {len(queries)} answers",
            next_step="hydrometer distill resume",
        )
    ids = {id(e) for e in have.values()}
    return [e for e in exchanges if id(e) in ids]


def facts(answers: Sequence[Exchange]) -> dict[str, Any]:
    """Return what was recorded, in numbers."""
    statuses: dict[str, int] = {}
    for e in answers:
        statuses[e.status] = statuses.get(e.status, 0) + 1
    return {
        "answers": len(answers),
        "statuses": statuses,
        "tokens_in": sum(e.tokens_in or 0 for e in answers),
        "tokens_out": sum(e.tokens_out or 0 for e in answers),
        "tokens_recorded": sum(e.tokens_out is not None for e in answers),
    }
