"""Score candidates by what the suspect's own answers share with them, in rare words.

For an endpoint that takes a prompt and nothing else.  The weights are computed from all
candidates of all prompts without knowing which ones were served.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from hydrometer.errors import InputError
from hydrometer.exchange import Exchange
from hydrometer.trace.served.candidates import Design

__all__ = ["answers_by_prompt", "overlap_scores"]

LONGEST = 4
"""Longest n-gram, in words."""


def answers_by_prompt(design: Design, suspect: Sequence[Exchange]) -> dict[str, list[str]]:
    """Collect the suspect's answers to the logged prompts.

    Parameters
    ----------
    design : Design
        The joined sets.
    suspect : sequence of Exchange
        Recorded answers; several draws of one prompt are kept, prefilled ones are not.

    Returns
    -------
    dict of str to list of str
        Answers by prompt key.

    Raises
    ------
    InputError
        The suspect answered none of the logged prompts.
    """
    wanted = {s.key for s in design.sets}
    out: dict[str, list[str]] = {}
    for row in suspect:
        if row.key in wanted and row.scored and row.response is not None:
            out.setdefault(row.key, []).append(row.response)
    if not out:
        raise InputError(
            "the suspect answered none of the logged prompts",
            got=f"{len(suspect)} answers",
            next_step="put the logged prompts to the suspect with `hydrometer ask`",
        )
    return out


def ngrams(text: str) -> set[tuple[str, ...]]:
    """Return the distinct word n-grams of a text, lengths 1 to `LONGEST`.

    Examples
    --------
    >>> sorted(ngrams("a b"))
    [('a',), ('a', 'b'), ('b',)]
    """
    words = text.lower().split()
    return {
        tuple(words[i : i + n])
        for n in range(1, LONGEST + 1)
        for i in range(len(words))
        if i + n <= len(words)
    }


def overlap_scores(design: Design, answers: Mapping[str, Sequence[str]]) -> NDArray[np.float64]:
    """Score the candidates of each prompt by rare n-grams shared with the suspect's answers.

    An n-gram counts its rarity among all candidates of all prompts, times how few candidates of
    this prompt hold it; the sum is divided by the root of the candidate's own weight, so that
    long candidates win nothing.

    Parameters
    ----------
    design : Design
        The joined sets.
    answers : mapping of str to sequence of str
        The suspect's answers by prompt key; a prompt without one is left out by the caller.

    Returns
    -------
    ndarray of float, shape (sets, candidates)
        Scores, larger is more alike; a prompt without an answer has equal scores (ties).
    """
    held = [[ngrams(t) for t in s.texts] for s in design.sets]
    prompts_with: Counter[tuple[str, ...]] = Counter()
    for row in held:
        prompts_with.update(set().union(*row))
    total = len(held)
    out = np.full((total, design.width), np.nan)
    for i, (s, row) in enumerate(zip(design.sets, held, strict=True)):
        said = [ngrams(a) for a in answers.get(s.key, ())]
        holders = Counter(g for each in row for g in each)
        weight = {
            g: math.log((1 + total) / prompts_with[g]) * math.log((1 + len(row)) / n)
            for g, n in holders.items()
        }
        for j, each in enumerate(row):
            own = sum(weight[g] for g in each)
            shared = sum(weight[g] for a in said for g in each & a)
            out[i, j] = shared / math.sqrt(own) / len(said) if said and own > 0 else 0.0
    return out
