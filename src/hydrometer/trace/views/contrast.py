"""Contrast: does the suspect's wording look like the candidate's own, on other prompts?

A cross-fitted n-gram likelihood ratio. The prompts are split in two; the
candidate's word 1- to 3-grams on one half, against the background of the whole
panel, give each n-gram a weight in nats; an answer to a prompt of the *other*
half scores the mean weight of its n-grams. What a prompt is about cannot
help: the weights come from other prompts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from hydrometer.features.tokens import Hashes, ngrams
from hydrometer.trace.corpus import Corpus

__all__ = ["ContrastView"]

RUNS = (1, 2, 3)
BUCKETS = 1 << 16
STRENGTH = 2000.0
"""Weight of the background in each candidate's smoothed frequencies, in n-grams."""


def _buckets(tokens: Hashes) -> NDArray[np.intp]:
    """Return the bucket of each n-gram of an answer."""
    flat = np.concatenate([ngrams(tokens, n) for n in RUNS])
    return (flat & np.uint64(BUCKETS - 1)).astype(np.intp)


class ContrastView:
    """Fitted on a panel; scores the panel's models and new suspects.

    Parameters
    ----------
    corpus : Corpus
        The panel.
    teachers : sequence of int
        Rows of the candidates.

    Attributes
    ----------
    tensor : array, shape (prompts, models, candidates)
        Mean weight of an answer's n-grams, in nats; NaN where there is no
        answer, and for a model against itself.
    """

    name = "contrast"
    question = "Does the wording look like the candidate's own wording on other prompts?"

    def __init__(self, corpus: Corpus, teachers: Sequence[int]) -> None:
        self.teachers = list(teachers)
        p, m = len(corpus.prompts), len(corpus.models)
        self._half = np.arange(p) % 2
        self._shares = np.zeros((2, m, BUCKETS), dtype=np.float32)
        self._sizes = np.zeros((2, m))
        for i, row in enumerate(corpus.tokens):
            for half in (0, 1):
                parts = [_buckets(row[j]) for j in range(p) if self._half[j] == half]
                if parts:
                    found = np.bincount(np.concatenate(parts), minlength=BUCKETS)
                    self._sizes[half, i] = max(found.sum(), 1)
                    self._shares[half, i] = found / self._sizes[half, i]
        self._total = self._shares.sum(axis=1)
        self.tensor = np.stack([self._row(t, i) for i, t in enumerate(corpus.tokens)], axis=1)
        self.tensor[:, self.teachers, range(len(self.teachers))] = np.nan

    def _weights(
        self, half: int, buckets: NDArray[np.intp], own: int | None
    ) -> NDArray[np.float32]:
        """Return log-ratio weights of these buckets, shape (buckets, candidates).

        The background leaves out the model that is scored: a suspect is not in
        it either.
        """
        total = self._total[half, buckets].astype(np.float64)
        models = self._sizes.shape[1]
        if own is not None:
            total, models = total - self._shares[half, own, buckets], models - 1
        background = np.maximum(total, 0.0) / max(models, 1) + 1e-9
        size = self._sizes[half, self.teachers][:, None]
        counts = self._shares[half, self.teachers][:, buckets] * size
        smooth = (counts + STRENGTH * background) / (size + STRENGTH)
        return np.asarray(np.log(smooth / background).T, dtype=np.float32)

    def row(self, answers: Sequence[Hashes]) -> NDArray[np.float32]:
        """Return a new suspect's scores, shape (prompts, candidates)."""
        return self._row(answers, None)

    def _row(self, answers: Sequence[Hashes], own: int | None) -> NDArray[np.float32]:
        out = np.full((self._half.size, len(self.teachers)), np.nan, dtype=np.float32)
        for half in (0, 1):
            at = [j for j in np.flatnonzero(self._half == half).tolist() if answers[j].size]
            if not at:
                continue
            parts = [_buckets(answers[j]) for j in at]
            sizes = np.array([x.size for x in parts])
            buckets, where = np.unique(np.concatenate(parts), return_inverse=True)
            shares = sparse.csr_array(
                (
                    np.repeat((1.0 / sizes).astype(np.float32), sizes),
                    where,
                    np.concatenate([[0], np.cumsum(sizes)]),
                ),
                shape=(len(at), buckets.size),
            )
            out[at] = shares @ self._weights(1 - half, buckets, own)
        return out
