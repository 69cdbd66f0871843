"""A toy log, toy decoys, and toy suspects that learned them or did not."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from hydrometer.exchange import Exchange, Message, Sampling
from hydrometer.models.model import Query
from hydrometer.trace.served.candidates import Design, join_candidates

HOT = Sampling(temperature=0.9, max_tokens=40)
WORDS = [a + b for a in "bdfg" for b in ("a", "e", "i", "o", "u", "an", "en", "or")]


def toy_records(
    seed: int = 1, prompts: int = 40, decoys: int = 4
) -> tuple[list[Exchange], list[Exchange]]:
    """Return a log and decoys of random words."""
    rng = np.random.default_rng(seed)

    def row(i: int, draw: int | None) -> Exchange:
        text = " ".join(rng.choice(WORDS, size=int(rng.integers(10, 18)))) + "."
        ask = (Message("user", f"Question {i}?"),)
        return Exchange(prompt=ask, response=text, model="teacher", sampling=HOT, draw=draw)

    log = [row(i, None) for i in range(prompts)]
    return log, [row(i, j) for i in range(prompts) for j in range(decoys)]


def toy_design(seed: int = 1, prompts: int = 40, decoys: int = 4) -> Design:
    """Return the joined toy records."""
    return join_candidates(*toy_records(seed, prompts, decoys))


class ToySuspect:
    """Continues any text at random, and what it learned with some memory of it.

    ``memory`` is the chance that a word that followed the last word in a learned answer to this
    prompt is said again.
    """

    prefill = True

    def __init__(self, learned: Sequence[Exchange], *, memory: float, seed: int) -> None:
        self.name = "suspect"
        self._memory, self._seed = memory, seed
        self._next: dict[tuple[str, str], str] = {}
        for row in learned:
            words = (row.response or "").split()
            for a, b in pairwise(["", *words]):
                self._next[(row.prompt[0].content, a)] = b

    def _word(self, ask: str, last: str) -> str:
        dice = zlib.crc32(f"{self._seed}|{ask}|{last}".encode())
        recalled = self._next.get((ask, last))
        if recalled is not None and dice % 1000 < 1000 * self._memory:
            return recalled
        return WORDS[dice // 1000 % len(WORDS)]

    def answer(self, queries: Sequence[Query]) -> list[Exchange]:
        """Continue greedily for ``max_tokens`` words."""
        out = []
        for q in queries:
            ask = q.prompt[0].content
            last = q.prompt[-1].content.split()[-1] if q.prompt[-1].role == "assistant" else ""
            said: list[str] = []
            for _ in range(q.sampling.max_tokens or 20):
                last = self._word(ask, last)
                said.append(last)
            text = " " + " ".join(said)
            out.append(
                Exchange(
                    prompt=q.prompt,
                    response=text,
                    model=self.name,
                    status="truncated",
                    sampling=q.sampling,
                    draw=q.draw,
                )
            )
        return out

    def score(
        self, prompt: Sequence[Message], responses: Sequence[str]
    ) -> list[tuple[float, ...]]:
        """Log-probabilities: a learned word is likelier."""
        ask = prompt[0].content
        found = []
        for text in responses:
            words = text.split()
            pairs = pairwise(["", *words])
            learned = [self._next.get((ask, a)) == b for a, b in pairs]
            found.append(tuple(-4.0 + self._memory * 3.0 * hit for hit in learned))
        return found
