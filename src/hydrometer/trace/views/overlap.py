"""Same-prompt overlap: the cosine of two answers' sets of word pairs.

Score of models i and t at prompt j: ``|A & B| / sqrt(|A| |B|)`` over the sets
of word 2-grams of the two answers; over prompts, the mean. Blind to what
other models say, so common phrases count in full; the comparison with null
models at the same prompts is what makes it evidence.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from hydrometer.features.tokens import Hashes, ngrams
from hydrometer.trace.corpus import Corpus

__all__ = ["OverlapView"]


class OverlapView:
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
        Score at each prompt; NaN where an answer is missing, and for a model
        against itself.
    """

    name = "overlap"
    question = "Do the two answers to one prompt use the same word pairs?"

    def __init__(self, corpus: Corpus, teachers: Sequence[int]) -> None:
        self.teachers = list(teachers)
        m, p = len(corpus.models), len(corpus.prompts)
        self.tensor = np.full((p, m, len(self.teachers)), np.nan, dtype=np.float32)
        self._grams: list[Hashes] = []
        self._has: list[sparse.csr_array] = []
        self._size = np.zeros((p, len(self.teachers)))
        for j in range(p):
            sets = [np.unique(ngrams(row[j], 2)) for row in corpus.tokens]
            sizes = np.array([s.size for s in sets])
            vocabulary = np.unique(np.concatenate([sets[t] for t in self.teachers]))
            incidence = _incidence(sets, vocabulary)
            candidates = incidence[self.teachers]
            shared = (incidence @ candidates.T).toarray()
            with np.errstate(divide="ignore", invalid="ignore"):
                self.tensor[j] = shared / np.sqrt(sizes[:, None] * sizes[self.teachers][None])
            self._grams.append(vocabulary)
            self._has.append(sparse.csr_array(candidates.T))
            self._size[j] = sizes[self.teachers]
        self.tensor[:, self.teachers, range(len(self.teachers))] = np.nan

    def row(self, suspect: Sequence[Hashes]) -> NDArray[np.float32]:
        """Return the suspect's scores, shape (prompts, candidates)."""
        out = np.full((len(self._grams), len(self.teachers)), np.nan, dtype=np.float32)
        for j, tokens in enumerate(suspect):
            grams = np.unique(ngrams(tokens, 2))
            if grams.size == 0:
                continue
            shared = _members(grams, self._grams[j], self._has[j])
            with np.errstate(divide="ignore", invalid="ignore"):
                out[j] = shared / np.sqrt(grams.size * self._size[j])
        return out


def _incidence(sets: Sequence[Hashes], vocabulary: Hashes) -> sparse.csr_array:
    """Return which of the vocabulary each set holds, shape (sets, vocabulary)."""
    flat = np.concatenate(sets)
    at = np.minimum(np.searchsorted(vocabulary, flat), max(vocabulary.size - 1, 0))
    known = vocabulary[at] == flat if vocabulary.size else np.zeros(flat.size, dtype=bool)
    owner = np.repeat(np.arange(len(sets)), [s.size for s in sets])
    return sparse.csr_array(
        (np.ones(int(known.sum()), dtype=np.float32), (owner[known], at[known])),
        shape=(len(sets), vocabulary.size),
    )


def _members(grams: Hashes, vocabulary: Hashes, has: sparse.csr_array) -> NDArray[np.float64]:
    """Return how many of the grams each candidate has, shape (candidates,)."""
    if vocabulary.size == 0:
        return np.zeros(has.shape[1])
    at = np.minimum(np.searchsorted(vocabulary, grams), vocabulary.size - 1)
    found = at[vocabulary[at] == grams]
    picked = np.zeros(vocabulary.size, dtype=np.float32)
    picked[found] = 1.0
    return np.asarray(picked @ has, dtype=np.float64)
