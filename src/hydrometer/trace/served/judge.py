"""Test scores of candidate sets: exact p-value, rank check, and an e-value to stop early by."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hydrometer.errors import InputError
from hydrometer.stats.exchangeable import (
    SetTest,
    either_test,
    magnitude_test,
    random_ranks,
    rank_sum_test,
)
from hydrometer.stats.rank_eprocess import RankBet

__all__ = ["ServedTest", "judge_scores"]


@dataclass(frozen=True)
class ServedTest:
    """Everything one table of scores says.

    Attributes
    ----------
    main : SetTest
        Twice the smaller of the next two: the p-value that is reported.
    magnitude : SetTest
        With the size of the differences.
    ranks : SetTest
        With ranks alone: no few prompts can carry the result.
    log_e, log_peak : float
        Natural-log wealth of the rank bets at the end and at its highest.
    stopped_at : int or None
        Prompts after which the wealth first reached ``1 / alpha``.
    curve : tuple of (int, float)
        Prompts used, natural-log wealth; at most 100 points.
    top : float
        Share of prompts in which the served answer scores highest (ties shared).
    rank_counts : tuple of int
        How often the served answer had each rank, lowest first, ties broken at random; over the
        prompts with as many candidates as the largest set.
    """

    main: SetTest
    magnitude: SetTest
    ranks: SetTest
    log_e: float
    log_peak: float
    stopped_at: int | None
    curve: tuple[tuple[int, float], ...]
    top: float
    rank_counts: tuple[int, ...] = ()


def judge_scores(scores: NDArray[np.float64], *, alpha: float, seed: int) -> ServedTest:
    """Test whether the served answers score higher than their decoys.

    Null hypothesis
        Given each prompt's set, the served answer is a uniform draw from it; prompts independent.

    Parameters
    ----------
    scores : ndarray of float, shape (sets, candidates)
        Column 0 served, then decoys; NaN where a set is smaller.  Larger speaks for training.
    alpha : float
        Level at which the e-process stops.
    seed : int
        Breaks ties of the rank bets.

    Returns
    -------
    ServedTest
        The p-value is exact for a number of prompts fixed beforehand; the e-value at any time.

    Raises
    ------
    InputError
        No prompt has a scored served answer and a scored decoy.

    Examples
    --------
    >>> import numpy as np
    >>> found = judge_scores(np.tile([3.0, 1.0, 2.0, 0.0], (20, 1)), alpha=0.01, seed=1)
    >>> found.main.log10_p < -11, found.stopped_at, found.top
    (True, 5, 1.0)
    """
    usable = ~np.isnan(scores[:, 0]) & (np.sum(~np.isnan(scores), axis=1) >= 2)
    kept = scores[usable]
    if not kept.size:
        raise InputError(
            "no prompt has both a scored served answer and a scored decoy",
            got=f"{scores.shape[0]} prompts",
            next_step="record the suspect on every candidate",
        )
    ranks, sizes = random_ranks(kept, seed=seed)
    bet, stopped, path = RankBet.start(), None, []
    for i in range(len(ranks)):
        bet = bet.update(ranks[i : i + 1], sizes[i : i + 1])
        path.append((i + 1, bet.log_e))
        if stopped is None and bet.log_e >= math.log(1.0 / alpha):
            stopped = i + 1
    step = max(1, math.ceil(len(path) / 100))
    best = kept == np.nanmax(kept, axis=1, keepdims=True)
    return ServedTest(
        main=either_test(kept),
        magnitude=magnitude_test(kept),
        ranks=rank_sum_test(kept),
        log_e=bet.log_e,
        log_peak=bet.log_peak,
        stopped_at=stopped,
        curve=tuple(path[step - 1 :: step]),
        top=float(np.mean(best[:, 0] / best.sum(axis=1))),
        rank_counts=tuple(
            np.bincount(ranks[sizes == sizes.max()], minlength=int(sizes.max())).tolist()
        ),
    )
