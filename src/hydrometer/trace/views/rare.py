"""Rare agreement: word runs that two answers share and few other models use there.

A run of 2 to 4 words counts where at most ``share`` of the panel's models
(the model itself not counted) use it in answering that prompt. What everybody
says about a topic therefore carries nothing; a turn of phrase that one teacher
and the suspect have in common does. Score over prompts: the logarithm of the
mean of ``shared / sqrt(length_i length_t)``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from hydrometer.features.tokens import Hashes, ngrams
from hydrometer.trace.corpus import Corpus

__all__ = ["RareView", "rare_runs"]

RUNS = (2, 3, 4)


def rare_runs(tokens: Hashes) -> Hashes:
    """Return the distinct runs of 2 to 4 tokens of an answer, sorted."""
    return np.unique(np.concatenate([ngrams(tokens, n) for n in RUNS]))


class RareView:
    """Fitted on a panel; scores the panel's models and new suspects.

    Parameters
    ----------
    corpus : Corpus
        The panel.
    teachers : sequence of int
        Rows of the candidates.
    share : float
        Largest share of the panel that may use a run that counts.

    Attributes
    ----------
    tensor : array, shape (prompts, models, candidates)
        Rare runs in common, over the root of both lengths; NaN where an
        answer is missing, and for a model against itself.
    """

    name = "rare agreement"
    question = "Do the two answers share word runs that almost no other model uses there?"

    def __init__(self, corpus: Corpus, teachers: Sequence[int], *, share: float = 0.06) -> None:
        self.teachers = list(teachers)
        self.share = share
        self._lengths = np.sqrt(corpus.lengths.astype(np.float64))
        # Runs that some candidate has and few models use: for new suspects.
        self._runs: list[Hashes] = []
        self._has: list[sparse.csr_array] = []
        # Runs that at least two models have: for the panel itself, and to leave models out.
        self._common: list[sparse.csr_array] = []
        limit = self._limit(len(corpus.models))
        for j in range(len(corpus.prompts)):
            sets = [rare_runs(row[j]) for row in corpus.tokens]
            runs, at = np.unique(np.concatenate(sets), return_inverse=True)
            users = np.bincount(at, minlength=runs.size)
            owner = np.repeat(np.arange(len(sets)), [s.size for s in sets])
            shape = (len(sets), runs.size)
            ones = np.ones(at.size, dtype=np.float32)
            whole = sparse.csc_array((ones, (owner, at)), shape=shape)
            self._common.append(sparse.csr_array(whole[:, users >= 2]))
            few = sparse.csr_array(whole[:, users <= limit])[self.teachers]
            kept = np.flatnonzero(np.asarray(few.sum(axis=0)) > 0)
            self._runs.append(runs[users <= limit][kept])
            self._has.append(sparse.csr_array(sparse.csc_array(few)[:, kept].T))
        self.tensor = self.leave_out([])

    def _limit(self, models: int) -> int:
        return max(1, int(self.share * models))

    def leave_out(self, models: Sequence[int]) -> NDArray[np.float32]:
        """Return the tensor with what is rare judged without these models.

        Their own rows are scored all the same, as a new suspect's would be.
        """
        m = self._lengths.shape[0]
        inside = np.ones(m, dtype=np.float32)
        inside[list(models)] = 0.0
        limit = self._limit(int(inside.sum()))
        out = np.full((len(self._common), m, len(self.teachers)), np.nan, dtype=np.float32)
        for j, common in enumerate(self._common):
            users = inside @ common
            # A panel model is not counted among the users that make its own run common.
            for rows, most in ((inside > 0, limit + 1), (inside == 0, limit)):
                if not rows.any():
                    continue
                kept = (users <= most).astype(np.float32)
                left = sparse.csr_array(common[np.flatnonzero(rows)].multiply(kept[None]))
                out[j, rows] = (left @ common[self.teachers].T).toarray()
            with np.errstate(divide="ignore", invalid="ignore"):
                out[j] /= self._lengths[:, j][:, None] * self._lengths[self.teachers, j][None]
        out[:, self.teachers, range(len(self.teachers))] = np.nan
        return out

    def row(self, suspect: Sequence[Hashes]) -> NDArray[np.float32]:
        """Return the suspect's scores, shape (prompts, candidates)."""
        from hydrometer.trace.views.overlap import _members

        out = np.full((len(self._runs), len(self.teachers)), np.nan, dtype=np.float32)
        for j, tokens in enumerate(suspect):
            if tokens.size == 0:
                continue
            shared = _members(rare_runs(tokens), self._runs[j], self._has[j])
            with np.errstate(divide="ignore", invalid="ignore"):
                out[j] = shared / (np.sqrt(tokens.size) * self._lengths[self.teachers, j])
        return out

    def shared(self, prompt: int, tokens: Hashes, candidate: int) -> Hashes:
        """Return the rare runs that an answer shares with a candidate at a prompt."""
        runs = self._runs[prompt]
        column = np.asarray(self._has[prompt][:, [candidate]].toarray()).ravel() > 0
        return np.intersect1d(rare_runs(tokens), runs[column])
