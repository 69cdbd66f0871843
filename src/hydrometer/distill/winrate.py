"""How often a judge prefers the student's answer, whichever of the two it is shown first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from hydrometer.distill.quality import Share, wilson
from hydrometer.exchange import Message, Sampling
from hydrometer.models.model import Model, Query

__all__ = ["RUBRIC", "WinRate", "win_rate"]


@dataclass(frozen=True)
class WinRate:
    """How often a judge prefers the student's answer to the teacher's.

    Attributes
    ----------
    rate : Share
        Wins and half the ties, among the pairs that were judged.
    wins, losses, ties : int
        A pair whose verdict turns with the order of the answers is a tie.
    turned : int
        How many ties are of that kind: a judge that likes a place, not an answer.
    unread : int
        Pairs without a verdict that can be read; not among the judged.
    """

    rate: Share
    wins: int
    losses: int
    ties: int
    turned: int
    unread: int


_VERDICT = re.compile(
    r"^\W*(?:(?:the|better|answer|verdict|is|assistant)\W+)*(?:an?\s+)?(tie|a|b)\b(?!\s+\w)", re.I
)
"""A, B or tie, with at most the words that lead to it before, and none after."""

RUBRIC = (
    "Two assistants answered the same question. Say which answer is better: more correct, more "
    "helpful, better written. Length by itself is no merit. Reply with A, B or tie, and nothing "
    "else."
)


def _ask_judge(question: str, first: str, second: str, rubric: str, limit: int) -> Query:
    text = f"{rubric}\n\nQuestion:\n{question}\n\nAnswer A:\n{first}\n\nAnswer B:\n{second}"
    return Query((Message("user", text),), Sampling(temperature=0.0, max_tokens=limit))


def _verdict(text: str | None) -> str | None:
    found = _VERDICT.search(text or "")
    return found[1].casefold() if found else None


def win_rate(
    judge: Model,
    prompts: Sequence[Sequence[Message]],
    student: Sequence[str | None],
    teacher: Sequence[str | None],
    *,
    rubric: str = RUBRIC,
    max_tokens: int = 16,
) -> WinRate:
    """Let a judge compare two answers to each prompt, once in each order.

    Parameters
    ----------
    judge : Model
        Asked at temperature 0.
    prompts, student, teacher : sequence
        In one order. A pair with a missing answer is unread.
    rubric : str
        What the judge is told.
    max_tokens : int
        Of a verdict.
    """
    pairs = [
        ("\n".join(m.content for m in p), a, b)
        for p, a, b in zip(prompts, student, teacher, strict=True)
        if a is not None and b is not None
    ]
    queries = [_ask_judge(q, a, b, rubric, max_tokens) for q, a, b in pairs]
    queries += [_ask_judge(q, b, a, rubric, max_tokens) for q, a, b in pairs]
    said = [_verdict(e.response) for e in judge.answer(queries)] if pairs else []
    wins = losses = ties = turned = 0
    for straight, swapped in zip(said[: len(pairs)], said[len(pairs) :], strict=True):
        if straight is None or swapped is None:
            continue
        back = {"a": "b", "b": "a"}.get(swapped, swapped)
        if straight != back:
            ties += 1
            turned += 1
        else:
            wins += straight == "a"
            losses += straight == "b"
            ties += straight == "tie"
    judged = wins + losses + ties
    rate = wilson(wins + ties / 2, judged)
    return WinRate(rate, wins, losses, ties, turned, len(prompts) - judged)
