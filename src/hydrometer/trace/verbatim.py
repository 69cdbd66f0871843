"""Near-verbatim overlap: long runs of words that suspect and candidate share.

A run of 16 or more tokens in both answers to a prompt, which no other model of
the panel has there, is a copied passage and not a habit. Quotations, song
lyrics and code idioms are shared by many, and drop out for that reason.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hydrometer.features.tokens import Hashes, ngrams
from hydrometer.trace.corpus import Corpus

__all__ = ["RUN", "verbatim_prompts"]

RUN = 16


def verbatim_prompts(
    suspect: Sequence[Hashes],
    corpus: Corpus,
    candidate: int,
    prompts: NDArray[np.intp],
    *,
    skip: Sequence[int] = (),
) -> list[int]:
    """Return the prompts at which a long run is shared with the candidate alone.

    Parameters
    ----------
    suspect : sequence of array
        The suspect's answers.
    corpus : Corpus
    candidate : int
        Row of the candidate.
    prompts : array of int
    skip : sequence of int
        Rows that do not make a run common: the candidate's own family.
    """
    others = [i for i in range(len(corpus.models)) if i != candidate and i not in set(skip)]
    found = []
    for j in prompts:
        shared = np.intersect1d(ngrams(suspect[j], RUN), ngrams(corpus.tokens[candidate][j], RUN))
        if shared.size == 0:
            continue
        if not any(np.isin(shared, ngrams(corpus.tokens[i][j], RUN)).any() for i in others):
            found.append(int(j))
    return found
