"""Ask the suspect to continue every candidate, and learn at which words it agrees.

The *restart walk*: give a prefix of a candidate, let the suspect continue greedily; at the first
divergence restart from the prefix extended by the candidate's own next word, and so on.  With
about as many queries as misses this yields the suspect's greedy hit or miss at every word of
every candidate, from text alone.  All candidates of a prompt are walked alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hydrometer.errors import InputError
from hydrometer.exchange import Exchange, Message, Sampling
from hydrometer.models.model import Model, Query
from hydrometer.trace.served.candidates import Design
from hydrometer.trace.served.words import Words, agreeing_words

__all__ = ["Walk", "WalkPlan", "walk_candidates"]


@dataclass(frozen=True)
class WalkPlan:
    """How far and in which steps to walk.

    Attributes
    ----------
    first : int
        Words given before the first question; they are not scored.
    last : int
        No word past this one is asked for.
    max_tokens : int
        Longest continuation asked for at once.
    """

    first: int = 1
    last: int = 64
    max_tokens: int = 12

    def __post_init__(self) -> None:
        if not (0 <= self.first < self.last and self.max_tokens >= 2):
            raise InputError(
                "a walk plan needs 0 <= first < last and max_tokens >= 2",
                got=f"first={self.first}, last={self.last}, max_tokens={self.max_tokens}",
            )

    def query(self, prompt: tuple[Message, ...], prefix: str) -> Query:
        """Return the greedy question that continues ``prefix``."""
        sampling = Sampling(temperature=0.0, max_tokens=self.max_tokens)
        tail = (Message("assistant", prefix),) if prefix else ()
        return Query(prompt=(*prompt, *tail), sampling=sampling)


@dataclass(frozen=True)
class Walk:
    """What one suspect did on every candidate of every prompt.

    Attributes
    ----------
    words : tuple of tuple of tuple of str
        Scored words of candidate ``j`` of prompt ``i``.
    hits : tuple of tuple of ndarray of float
        1.0 where the suspect's greedy next word is the candidate's, 0.0 where not, NaN where the
        suspect did not answer.
    queries : int
        Questions asked.
    """

    words: tuple[tuple[tuple[str, ...], ...], ...]
    hits: tuple[tuple[NDArray[np.float64], ...], ...]
    queries: int


class _Walker:
    """One candidate on its way."""

    def __init__(self, prompt: tuple[Message, ...], text: str, plan: WalkPlan) -> None:
        self.prompt, self.plan, self.cut = prompt, plan, Words.of(text)
        self.end = min(self.cut.count, plan.last)
        self.at = min(plan.first, self.end)
        self.hits = np.full(self.end, np.nan)

    @property
    def done(self) -> bool:
        return self.at >= self.end

    def query(self) -> Query:
        return self.plan.query(self.prompt, self.cut.prefix(self.at))

    def take(self, answer: Exchange) -> None:
        if answer.status not in ("ok", "truncated") or answer.response is None:
            self.at += 1
            return
        expected = self.cut.words[self.at : self.end]
        agreeing, diverged = agreeing_words(
            answer.response, expected, cut=answer.status == "truncated"
        )
        self.hits[self.at : self.at + agreeing] = 1.0
        self.at += agreeing
        if not self.done and (diverged or agreeing == 0):
            self.hits[self.at] = 0.0
            self.at += 1


def walk_candidates(
    design: Design,
    model: Model,
    plan: WalkPlan,
    *,
    progress: Callable[[int], None] | None = None,
) -> Walk:
    """Walk every candidate of every prompt with a model that continues prefixes.

    Parameters
    ----------
    design : Design
        The joined sets.
    model : Model
        The suspect; or a reference model, for the baseline of `walk_scores`.
    plan : WalkPlan
        The same for every candidate.
    progress : callable, optional
        Called with the number of words settled after each round.

    Returns
    -------
    Walk
        Hits at words ``plan.first .. plan.last - 1`` of each candidate.

    Raises
    ------
    InputError
        The model cannot continue a prefix.
    """
    if not model.prefill:
        raise InputError(
            f"{model.name} does not continue a given beginning",
            wanted="a completion endpoint, assistant prefill, or recorded continuations",
            next_step="use --access answers",
        )
    walkers = [[_Walker(s.prompt, t, plan) for t in s.texts] for s in design.sets]
    flat = [w for row in walkers for w in row]
    queries = 0
    while active := [w for w in flat if not w.done]:
        asked: dict[Query, list[_Walker]] = {}
        for walker in active:
            asked.setdefault(walker.query(), []).append(walker)
        answers = model.answer(list(asked))
        queries += len(asked)
        for answer, group in zip(answers, asked.values(), strict=True):
            for walker in group:
                walker.take(answer)
        if progress is not None:
            progress(sum(w.at for w in flat))
    first = plan.first
    return Walk(
        words=tuple(tuple(w.cut.words[first : w.end] for w in row) for row in walkers),
        hits=tuple(tuple(w.hits[first:] for w in row) for row in walkers),
        queries=queries,
    )


def spread(per_candidate: Sequence[Sequence[float]], width: int) -> NDArray[np.float64]:
    """Return ragged per-candidate numbers as one matrix, NaN where there is no candidate."""
    out = np.full((len(per_candidate), width), np.nan)
    for i, row in enumerate(per_candidate):
        out[i, : len(row)] = row
    return out
