"""Whether a set of prompts is about more than one thing: measured, before anything is asked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hydrometer.errors import InputError, Refused

__all__ = ["Topic", "check_topics", "measure_topics"]

_WORD = re.compile(r"\w+")
_FUNCTION = frozenset(
    _WORD.findall(
        "a an and any are as at be by can could do does for from has have how i in into is it its "
        "me my not of on one or please should that the their them there these this to was we what "
        "when where which who why will with would write you your explain describe give list name "
        "tell make say between about some if than then they were more"
    )
)

FEWEST = 8
"""Prompts below which nothing is measured."""

SIMILAR, COMMON, TEMPLATE = 0.25, 0.7, 0.8
"""Limits: mean overlap of two prompts, share with one word, share of one wording."""

PAIRS = 4000


@dataclass(frozen=True, slots=True)
class Topic:
    """How alike the prompts of a set are.

    Parameters
    ----------
    prompts : int
        How many were measured.
    similarity : float
        Mean Jaccard index of the content words of two prompts.
    word, common : str and float
        The content word that most prompts share, and the share that have it.
    template, shared : str and float
        The wording that most prompts share once their own words are blanked
        out, and the share that have it.
    """

    prompts: int
    similarity: float
    word: str
    common: float
    template: str
    shared: float

    @property
    def one(self) -> str | None:
        """What makes it a set of one topic; None where nothing does."""
        if self.prompts < FEWEST:
            return None
        if self.similarity > SIMILAR:
            return f"two prompts share {self.similarity:.0%} of their words on average"
        if self.common > COMMON:
            return f"{self.common:.0%} of the prompts have the word {self.word!r}"
        if self.shared > TEMPLATE:
            return f"{self.shared:.0%} of the prompts are worded {self.template!r}"
        return None


def measure_topics(texts: Sequence[str], *, seed: int) -> Topic:
    """Return how alike some prompts are.

    Parameters
    ----------
    texts : sequence of str
        The prompts.
    seed : int
        Draws the pairs that are compared, where there are many.

    Examples
    --------
    >>> found = measure_topics([f"Is {n} a prime number?" for n in range(20)], seed=0)
    >>> found.one
    'two prompts share 50% of their words on average'
    """
    worded = [[w.casefold() for w in _WORD.findall(t)] for t in texts]
    content = [frozenset(w for w in ws if w not in _FUNCTION) for ws in worded]
    counts = Counter(w for c in content for w in c)
    word, times = max(counts.items(), key=lambda x: (x[1], x[0]), default=("", 0))
    rare = max(2, len(texts) // 10)
    every = Counter(w for ws in worded for w in set(ws))
    shapes = Counter(_shape(ws, every, rare) for ws in worded)
    template, wearing = max(shapes.items(), key=lambda x: (x[1], x[0]), default=("", 0))
    if set(template.split()) <= {"_"}:
        wearing = 0
    n = max(len(texts), 1)
    similarity = _mean_overlap(content, seed)
    return Topic(len(texts), similarity, word, times / n, template, wearing / n)


def _shape(words: Sequence[str], counts: Counter[str], rare: int) -> str:
    """Return a prompt with each run of its own words as one blank."""
    out: list[str] = []
    for w in words:
        mark = w if counts[w] > rare else "_"
        if mark != "_" or not out or out[-1] != "_":
            out.append(mark)
    return " ".join(out)


def _mean_overlap(content: Sequence[frozenset[str]], seed: int) -> float:
    n = len(content)
    if n < 2:
        return 0.0
    pairs = [(i, j) for j in range(n) for i in range(j)] if n * (n - 1) // 2 <= PAIRS else None
    if pairs is None:
        rng = np.random.default_rng(seed)
        drawn = rng.integers(0, n, (PAIRS, 2))
        pairs = [(int(i), int(j)) for i, j in drawn if i != j]
    overlaps = [
        len(content[i] & content[j]) / len(content[i] | content[j])
        for i, j in pairs
        if content[i] | content[j]
    ]
    return float(np.mean(overlaps)) if overlaps else 0.0


def check_topics(texts: Sequence[str], *, one_topic: bool, seed: int) -> tuple[Topic, list[str]]:
    """Return the measure and the warnings.

    Parameters
    ----------
    texts : sequence of str
        The prompts that will be asked.
    one_topic : bool
        Whether the recipe says that one topic is meant.
    seed : int
        See `measure_topics`.

    Raises
    ------
    InputError
        If there is no prompt.
    Refused
        If all prompts are of one topic and the recipe does not say so.
    """
    if not texts:
        raise InputError(
            "no prompt to ask", got="an empty set", next_step="add prompts, or lower held_out"
        )
    found = measure_topics(texts, seed=seed)
    warnings = []
    if len(texts) < FEWEST:
        warnings.append(f"only {len(texts)} prompts: the student will learn little")
    if found.one and not one_topic:
        raise Refused(
            "the prompts are of one topic, and the student would forget the others",
            got=found.one,
            wanted="prompts on many things",
            next_step="add prompts of other kinds, or put one_topic = true under [prompts]",
        )
    if found.one:
        warnings.append(f"one topic, as the recipe says: {found.one}")
    return found, warnings
