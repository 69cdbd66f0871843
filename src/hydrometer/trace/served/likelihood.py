"""Score candidates by the suspect's log-probabilities, every candidate of a prompt alike."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hydrometer.errors import InputError, ModelError
from hydrometer.exchange import Exchange
from hydrometer.trace.served.candidates import Design

__all__ = ["Losses", "likelihood_scores", "recorded_losses"]

Losses = list[list[tuple[float, ...]]]
"""Loss (nats) of each token of each candidate of each set."""


def recorded_losses(design: Design, answers: Sequence[Exchange]) -> Losses:
    """Look the candidates up among recorded log-probabilities.

    Parameters
    ----------
    design : Design
        The joined sets.
    answers : sequence of Exchange
        Exchanges whose response is a candidate and whose ``logprobs`` are the suspect's.

    Returns
    -------
    list of list of tuple of float
        Minus the log-probabilities, one tuple for each candidate.

    Raises
    ------
    InputError
        A candidate has no recorded log-probabilities.
    """
    known = {(e.key, e.response): e.logprobs for e in answers if e.logprobs}
    out: Losses = []
    for s in design.sets:
        row = []
        for text in s.texts:
            logprobs = known.get((s.key, text))
            if logprobs is None:
                raise InputError(
                    "a candidate has no recorded log-probabilities",
                    got=repr(text[:40]),
                    wanted="one exchange with logprobs for each served answer and each decoy",
                    next_step="score all candidates alike, or use another --access",
                )
            row.append(tuple(-x for x in logprobs))
        out.append(row)
    return out


def _mean_loss(losses: tuple[float, ...], hardest: float) -> float:
    kept = sorted(losses, reverse=True)[: max(1, math.ceil(hardest * len(losses)))]
    return sum(kept) / len(kept)


def likelihood_scores(
    losses: Losses, reference: Losses | None = None, *, hardest: float = 1.0
) -> NDArray[np.float64]:
    """Turn losses into one score for each candidate; larger means the suspect likes it better.

    Parameters
    ----------
    losses : list of list of tuple of float
        The suspect's.
    reference : same, optional
        A reference model's, from its own tokens.  It removes what makes a text hard for any
        model; any model will do, the suspect's base removes most.
    hardest : float
        Share of the tokens with the largest loss that enter the mean, in (0, 1]; without a
        reference only.

    Returns
    -------
    ndarray of float, shape (sets, candidates)
        Without a reference minus the mean loss (nats per token); with one the log-likelihood
        ratio of the whole text, suspect over reference, divided by the root of the suspect's
        number of tokens, so that long texts count more but not in proportion.  NaN where a set
        has no such candidate.

    Raises
    ------
    ModelError
        A model gave no or non-finite log-probabilities.

    Examples
    --------
    >>> likelihood_scores([[(1.0, 3.0), (4.0,)]])
    array([[-2., -4.]])
    >>> likelihood_scores([[(1.0, 3.0), (4.0,)]], [[(2.0,), (4.5,)]])
    array([[-1.41421356,  0.5       ]])
    """
    width = max(len(row) for row in losses)
    out = np.full((len(losses), width), np.nan)
    for i, row in enumerate(losses):
        for j, each in enumerate(row):
            if not each or not all(map(math.isfinite, each)):
                raise ModelError("a candidate got no finite log-probabilities", got=str(each)[:60])
            if reference is None:
                out[i, j] = -_mean_loss(each, hardest)
            else:
                out[i, j] = (sum(reference[i][j]) - sum(each)) / math.sqrt(len(each))
    return out
