"""The most telling answer pairs, the words that carry the evidence marked."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from hydrometer.features.tokens import Hashes, ngrams, tokenise
from hydrometer.finding import Exhibit, Span
from hydrometer.trace.panel import FittedPanel, SuspectRows
from hydrometer.trace.views.rare import RUNS

__all__ = ["mark", "telling_pairs"]

_WORD = re.compile(r"\w+|[^\w\s]|\n")


def mark(text: str, runs: Hashes) -> tuple[Span, ...]:
    """Return the stretches of a text that are made of these runs of tokens.

    The weight is 1 for a word inside a marked run, so a span's weight is its
    number of words.

    Examples
    --------
    >>> shared = ngrams(tokenise("quick brown fox"), 3)
    >>> [(s.start, s.end) for s in mark("A quick brown fox ran.", shared)]
    [(2, 17)]
    """
    places = [m.span() for m in _WORD.finditer(text)]
    tokens = tokenise(text)
    if len(places) != tokens.size:
        # Lower-casing changed the number of words (rare letters): nothing is marked.
        return ()
    inside = np.zeros(tokens.size, dtype=bool)
    for n in RUNS:
        for start in np.flatnonzero(np.isin(ngrams(tokens, n), runs)):
            inside[start : start + n] = True
    edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]]).astype(np.int8)))
    return tuple(
        Span(places[a][0], places[b - 1][1], float(b - a))
        for a, b in zip(edges[::2], edges[1::2], strict=True)
    )


def telling_pairs(
    panel: FittedPanel,
    rows: SuspectRows,
    candidate: int,
    order: NDArray[np.intp],
    *,
    texts: Mapping[str, str],
    theirs: Mapping[str, str],
    prompts: Mapping[str, str],
    suspect: str,
    most: int = 4,
) -> tuple[Exhibit, ...]:
    """Return the answer pairs with the most rare agreement beyond the null models'.

    Parameters
    ----------
    candidate : int
        Column of the candidate.
    order : array of int
        Prompts that were used.
    texts, theirs, prompts : mapping of prompt key to str
        The suspect's answers, the candidate's, and the prompts.
    most : int
        How many pairs.
    """
    null = rows.who.null[:, candidate]
    here = rows.rare[order][:, :, candidate]
    with np.errstate(invalid="ignore"):
        usual = np.nan_to_num(np.nanmean(here[:, :-1][:, null], axis=1)) if null.any() else 0.0
    excess = np.nan_to_num(here[:, -1]) - usual
    out = []
    for at in np.argsort(-excess, kind="stable")[:most]:
        j = int(order[at])
        key = panel.corpus.prompts[j]
        if excess[at] <= 0 or key not in texts or key not in theirs:
            continue
        runs = panel.rare.shared(j, rows.tokens[j], candidate)
        out.append(
            Exhibit(
                prompt=prompts.get(key, ""),
                left_label=suspect,
                left=texts[key],
                right_label=panel.candidates[candidate],
                right=theirs[key],
                left_spans=mark(texts[key], runs),
                right_spans=mark(theirs[key], runs),
                weight=float(excess[at]),
                note=f"{runs.size} runs of 2 to 4 words that few other models use here",
            )
        )
    return tuple(out)
