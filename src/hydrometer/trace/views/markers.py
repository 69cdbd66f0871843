"""Marker transfer: habits of wording that a model carries from prompt to prompt.

Two lists of markers, both frozen on the panel before a suspect is seen:
*openings* (the first 1 to 4 tokens of an answer) and *templates* (the first 1
to 3 tokens of each sentence or line, list marks included). The score of two
models is the cosine of their standardised root frequencies, Burrows' Delta in
its cosine form: topic is common to all, since all answer the same prompts.

References
----------
Burrows, J. (2002), Literary and Linguistic Computing 17(3); Evert, S. et al.
(2017), Digital Scholarship in the Humanities 32, suppl. 2 (cosine Delta).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from hydrometer.features.tokens import Hashes, openings, sentence_starts
from hydrometer.trace.corpus import Corpus

__all__ = ["Counted", "MarkerView", "openings_view", "templates_view"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Counted:
    """One model's markers.

    Attributes
    ----------
    counts : sparse array, shape (prompts, markers)
    totals : array, shape (prompts,)
        All markers of each answer, on the list or not.
    """

    counts: sparse.csr_array
    totals: Floats


class MarkerView:
    """Counts of a frozen list of markers.

    Parameters
    ----------
    corpus : Corpus
        The panel.
    name, question : str
        For the report.
    extract : callable
        Token hashes of one answer to the hashes of its markers.
    most : int
        Length of the list.
    least_models : int
        A marker is on the list only if this many models of the panel use it.
    """

    def __init__(
        self,
        corpus: Corpus,
        *,
        name: str,
        question: str,
        extract: Callable[[Hashes], Hashes],
        most: int,
        least_models: int,
    ) -> None:
        self.name = name
        self.question = question
        self._extract = extract
        self._most, self._least = most, least_models
        self._found = [[extract(t) for t in row] for row in corpus.tokens]
        self._seen = [np.unique(np.concatenate(r), return_counts=True) for r in self._found]
        self._freeze(range(len(self._found)))

    def without(self, models: Sequence[int]) -> MarkerView:
        """Return the view whose list is chosen without these models; they are counted on it."""
        other = copy(self)
        gone = set(models)
        other._freeze([i for i in range(len(self._found)) if i not in gone])
        return other

    def _freeze(self, inside: Sequence[int]) -> None:
        """Choose the list on these models, and count everybody's markers on it."""
        hashes, at = np.unique(
            np.concatenate([self._seen[i][0] for i in inside]), return_inverse=True
        )
        users = np.bincount(at, minlength=hashes.size)
        rates = np.concatenate([n / max(n.sum(), 1) for _, n in (self._seen[i] for i in inside)])
        weight = np.bincount(at, weights=rates, minlength=hashes.size)
        weight[users < min(self._least, len(inside))] = 0.0
        best = np.argsort(-weight, kind="stable")[: self._most]
        self._list = np.sort(hashes[best[weight[best] > 0]])
        self._models = [self._count(row) for row in self._found]

    def count(self, answers: Sequence[Hashes]) -> Counted:
        """Return the markers of a suspect's answers, one entry for each prompt."""
        return self._count([self._extract(t) for t in answers])

    def _count(self, found: Sequence[Hashes]) -> Counted:
        totals = np.array([f.size for f in found], dtype=np.float64)
        return Counted(self._on_list(found), totals)

    def _on_list(self, found: Sequence[Hashes]) -> sparse.csr_array:
        flat = np.concatenate(list(found)) if found else np.empty(0, dtype=np.uint64)
        shape = (len(found), self._list.size)
        if self._list.size == 0:
            return sparse.csr_array(shape)
        at = np.minimum(np.searchsorted(self._list, flat), self._list.size - 1)
        known = self._list[at] == flat
        prompt = np.repeat(np.arange(len(found)), [f.size for f in found])
        return sparse.csr_array((np.ones(int(known.sum())), (prompt[known], at[known])), shape)

    def frequencies(self, suspect: Counted | None, prompts: NDArray[np.intp]) -> Floats:
        """Return root frequencies of the markers over these prompts.

        Parameters
        ----------
        suspect : Counted or None
            From `count`.
        prompts : array of int

        Returns
        -------
        array, shape (models [+ 1 for the suspect], markers)
        """
        everyone = self._models if suspect is None else [*self._models, suspect]
        inside = np.zeros(everyone[0].totals.size)
        inside[prompts] = 1.0
        rows = [(inside @ c.counts) / max(float(inside @ c.totals), 1.0) for c in everyone]
        return np.asarray(np.sqrt(np.array(rows)), dtype=np.float64)

    def likeness(self, frequencies: Floats, inside: NDArray[np.intp]) -> Floats:
        """Return the cosine of every two models.

        Parameters
        ----------
        frequencies : array, shape (m, markers)
        inside : array of int
            Rows that mean and spread are taken from.

        Returns
        -------
        array, shape (m, m)
        """
        base = frequencies[inside]
        spread = base.std(axis=0)
        used = spread > 0
        scaled = (frequencies[:, used] - base[:, used].mean(axis=0)) / spread[used]
        norms = np.linalg.norm(scaled, axis=1, keepdims=True)
        unit = np.divide(scaled, norms, out=np.zeros_like(scaled), where=norms > 0)
        return np.asarray(unit @ unit.T)


def openings_view(corpus: Corpus) -> MarkerView:
    """Return the view of how answers open."""
    return MarkerView(
        corpus,
        name="openings",
        question="Does the suspect open its answers as the candidate does?",
        extract=openings,
        most=1500,
        least_models=min(6, len(corpus.models)),
    )


def templates_view(corpus: Corpus) -> MarkerView:
    """Return the view of how sentences and lines begin."""
    return MarkerView(
        corpus,
        name="templates",
        question="Does the suspect begin sentences and lines as the candidate does?",
        extract=sentence_starts,
        most=2000,
        least_models=max(2, len(corpus.models) // 4),
    )
