"""A second model's opinion of each answer; what it selects, it has written into."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hydrometer.distill.collect import collect, read_answers
from hydrometer.distill.filter import Rejection, reject
from hydrometer.distill.recipe import Judge
from hydrometer.exchange import Exchange, Message, Sampling
from hydrometer.models.model import Model, Query

__all__ = ["Judged", "judge_answers", "judge_query", "read_score"]

RUBRIC = (
    "Rate the answer below from 1 (wrong, unclear or off the question) to 5 (right, clear and to "
    "the point). Reply with the number alone."
)
_NUMBER = re.compile(r"(?<![\w.])([0-9]+(?:\.[0-9]+)?)(?:\s*/\s*[0-9]+)?(?![\w])")


@dataclass(frozen=True)
class Judged:
    """What the judge made of the answers that the filter kept.

    Parameters
    ----------
    kept : tuple of int
        Numbers of the answers that it let through.
    rejected : tuple of Rejection
        The others, with the score.
    scores : dict of int to float
        Number of the answer to its score.
    writers : dict of int to Exchange
        Number of the answer to the judge's own words about it.
    """

    kept: tuple[int, ...]
    rejected: tuple[Rejection, ...]
    scores: dict[int, float]
    writers: dict[int, Exchange]


def judge_query(answer: Exchange, settings: Judge, *, seed: int) -> Query:
    """Return what the judge is asked about one answer: greedily, so that it says it again."""
    text = (
        f"{settings.rubric or RUBRIC}\n\nQuestion:\n{answer.prompt_text}\n\n"
        f"Answer:\n{answer.response}\n\nRating:"
    )
    return Query(
        (Message("user", text),), Sampling(0.0, max_tokens=settings.max_tokens, seed=seed)
    )


def read_score(text: str) -> float | None:
    """Return the first number of a reply; None where there is none.

    Examples
    --------
    >>> read_score("Rating: 4/5"), read_score("4.5."), read_score("good")
    (4.0, 4.5, None)
    """
    found = _NUMBER.search(text)
    return float(found[1]) if found else None


def judge_answers(
    judge: Model,
    answers: Sequence[Exchange],
    numbers: Sequence[int],
    settings: Judge,
    log: Path,
    *,
    seed: int,
    budget: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Judged:
    """Ask the judge about the answers that are not judged yet, and keep those it lets through.

    Parameters
    ----------
    judge : Model
        Who is asked.
    answers : sequence of Exchange
        All answers of the log.
    numbers : sequence of int
        Those that are to be judged.
    settings : Judge
        The section of the recipe: an answer below the threshold is left out,
        and so is one of which the judge gave no number.
    log : Path
        Where the judge's words are recorded.
    seed, budget, progress
        See `collect`.

    Raises
    ------
    ModelError
        If the judge cannot be asked.
    """
    queries = [judge_query(answers[i], settings, seed=seed) for i in numbers]
    unique = {q.prompt: q for q in queries}
    collect(judge, list(unique.values()), log, budget=budget, progress=progress)
    replies = read_answers(log, list(unique.values()), judge.name)
    said = {e.prompt: e for e in replies}
    kept, rejected = [], []
    scores: dict[int, float] = {}
    writers: dict[int, Exchange] = {}
    for i, query in zip(numbers, queries, strict=True):
        reply = said[query.prompt]
        score = read_score(reply.response) if reply.scored and reply.response else None
        if score is None:
            told = reply.error if reply.response is None else repr(reply.response[:60])
            rejected.append(reject(i, answers[i], "the judge gave no number", str(told)))
            continue
        scores[i] = score
        writers[i] = reply
        if score < settings.threshold:
            detail = f"{score:g}, and {settings.threshold:g} is asked for"
            rejected.append(reject(i, answers[i], "judged too low", detail))
        else:
            kept.append(i)
    return Judged(tuple(kept), tuple(rejected), scores, writers)
