"""Tests that one marked candidate of each set is exchangeable with its companions.

Each set (row) holds one *marked* candidate, by convention in column 0, and its *companions*.
If, given the set, every candidate was equally likely to be the marked one, then any score that
treats the candidates alike has a known distribution: the marked score is a uniform draw from its
own row, independently over rows.  Everything here is exact in finite samples and asks for no
model of the scores.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hydrometer.stats.lattice import log_chernoff_tail, log_lattice_tail

__all__ = [
    "SetTest",
    "doubled_midranks",
    "either_test",
    "lattice_scores",
    "magnitude_test",
    "random_ranks",
    "randomisation_test",
    "rank_sum_test",
    "smallest_log_p",
]

FloatMatrix = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class SetTest:
    """One upper-tailed test over sets.

    Attributes
    ----------
    statistic : float
        Sum over rows of the marked candidate's integer score.
    expected : float
        Its mean under the null.
    z : float
        ``(statistic - expected) / sd`` with the null's exact standard deviation; for display.
    log_p : float
        Natural logarithm of the p-value; never below what the design can prove.
    sets : int
        Rows used.
    method : str
        How the tail was computed.
    """

    statistic: float
    expected: float
    z: float
    log_p: float
    sets: int
    method: str

    @property
    def p(self) -> float:
        """The p-value; the smallest positive float if it underflows, never 0."""
        return max(math.exp(self.log_p), math.ulp(0.0))

    @property
    def log10_p(self) -> float:
        """Decimal logarithm of the p-value."""
        return self.log_p / math.log(10.0)


def _checked(scores: FloatMatrix) -> NDArray[np.float64]:
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim != 2 or table.shape[0] < 1 or table.shape[1] < 2:
        raise ValueError(f"got scores of shape {table.shape}, wanted (sets >= 1, candidates >= 2)")
    if np.isinf(table).any():
        raise ValueError(
            "got an infinite score, wanted finite scores or NaN for an absent companion"
        )
    if np.isnan(table[:, 0]).any():
        raise ValueError("got NaN for a marked candidate (column 0), wanted a score in every row")
    if (np.sum(~np.isnan(table), axis=1) < 2).any():
        raise ValueError("got a row without companions, wanted at least one: drop such rows")
    return table


def _summary(values: NDArray[np.float64], log_p: float, method: str) -> SetTest:
    statistic = float(np.sum(values[:, 0]))
    expected = float(np.sum(np.nanmean(values, axis=1)))
    spread = math.sqrt(float(np.sum(np.nanvar(values, axis=1))))
    z = (statistic - expected) / spread if spread > 0.0 else 0.0
    return SetTest(statistic, expected, z, log_p, int(values.shape[0]), method)


def doubled_midranks(scores: FloatMatrix) -> NDArray[np.float64]:
    """Rank each row from the lowest score, ties sharing their mean rank, times two.

    Doubling keeps midranks integer, so that their permutation distribution stays on a lattice.

    Parameters
    ----------
    scores : ndarray of float, shape (n, m)
        NaN marks an absent companion.

    Returns
    -------
    ndarray of float, shape (n, m)
        Integers ``#(below) * 2 + #(equal, itself included) + 1``; NaN where absent.

    Examples
    --------
    >>> import numpy as np
    >>> doubled_midranks(np.array([[0.3, 0.1, 0.3, np.nan]]))
    array([[ 5.,  2.,  5., nan]])
    """
    table = np.asarray(scores, dtype=np.float64)
    mine, other = table[:, :, None], table[:, None, :]
    ranks = 2.0 * np.sum(other < mine, axis=2) + np.sum(other == mine, axis=2) + 1.0
    return np.where(np.isnan(table), np.nan, ranks)


def random_ranks(scores: FloatMatrix, *, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rank the marked candidate of each row from 0 (lowest), ties broken at random.

    Under the null the rank is uniform on ``0 .. size - 1`` and independent over rows, *given*
    everything that happened in earlier rows: scores may therefore be learned from earlier rows.

    Parameters
    ----------
    scores : ndarray of float, shape (n, m)
        Column 0 is the marked candidate; NaN marks an absent companion.
    seed : int
        Seed of the tie breaking.

    Returns
    -------
    ranks, sizes : ndarray of int, shape (n,)
        Rank of the marked candidate and number of candidates in its row.

    Raises
    ------
    ValueError
        The table is malformed (see the message).

    Examples
    --------
    >>> import numpy as np
    >>> random_ranks(np.array([[2.0, 1.0, 3.0], [9.0, 1.0, np.nan]]), seed=0)
    (array([1, 1]), array([3, 2]))
    """
    table = _checked(scores)
    below = np.sum(table[:, 1:] < table[:, :1], axis=1)
    equal = np.sum(table[:, 1:] == table[:, :1], axis=1)
    rng = np.random.default_rng(seed)
    return below + rng.integers(0, equal + 1), np.sum(~np.isnan(table), axis=1)


def lattice_scores(
    scores: FloatMatrix, *, clip: float = 4.0, steps: int = 16
) -> NDArray[np.float64]:
    """Centre each row, divide by the pooled spread, clip, and round to a lattice.

    Symmetric in the candidates of a row and in nothing else: the scale is the root mean square of
    all centred candidates, marked or not.

    Parameters
    ----------
    scores : ndarray of float, shape (n, m)
        NaN marks an absent companion.
    clip : float
        Largest magnitude kept, in pooled spreads.
    steps : int
        Lattice points for each pooled spread.

    Returns
    -------
    ndarray of float, shape (n, m)
        Integers in ``[-clip * steps, clip * steps]``; NaN where absent.

    Examples
    --------
    >>> import numpy as np
    >>> lattice_scores(np.array([[1.0, -1.0], [2.0, 0.0]]), steps=10)
    array([[ 10., -10.],
           [ 10., -10.]])
    """
    table = np.asarray(scores, dtype=np.float64)
    centred = table - np.nanmean(table, axis=1, keepdims=True)
    scale = math.sqrt(float(np.nanmean(centred**2)))
    if scale <= 0.0:
        return np.where(np.isnan(table), np.nan, 0.0)
    lattice: NDArray[np.float64] = np.rint(np.clip(centred / scale, -clip, clip) * steps)
    return lattice


def rank_sum_test(scores: FloatMatrix) -> SetTest:
    """Test that the marked candidates rank no higher than their companions.

    Null hypothesis
        Within each row the marked candidate is exchangeable with its companions; rows independent.
        Large sums reject.

    Parameters
    ----------
    scores : ndarray of float, shape (n, m)
        Column 0 is the marked candidate; NaN marks an absent companion; larger speaks for the
        alternative.

    Returns
    -------
    SetTest
        Statistic in doubled midranks; the tail is that of the permutation distribution given the
        ties, exact by convolution.

    Raises
    ------
    ValueError
        The table is malformed (see the message).

    References
    ----------
    Lehmann, E. L. (1975), Nonparametrics, chapter 5 (separate rankings within blocks).

    Examples
    --------
    >>> import numpy as np
    >>> round(rank_sum_test(np.tile([4.0, 1.0, 2.0, 3.0], (10, 1))).p * 4.0**10, 6)
    1.0
    """
    ranks = doubled_midranks(_checked(scores))
    return _summary(
        ranks, log_lattice_tail(ranks, int(ranks[:, 0].sum())), "exact rank convolution"
    )


def magnitude_test(scores: FloatMatrix, *, clip: float = 4.0, steps: int = 16) -> SetTest:
    """Test the same null as `rank_sum_test` with the size of the differences.

    Null hypothesis
        Within each row the marked candidate is exchangeable with its companions; rows independent.
        Large sums reject.

    Parameters
    ----------
    scores : ndarray of float, shape (n, m)
        Column 0 is the marked candidate; NaN marks an absent companion.
    clip, steps : float, int
        See `lattice_scores`.

    Returns
    -------
    SetTest
        The randomisation tail of the lattice scores, exact by convolution: rounding to the lattice
        is part of the statistic, not an approximation of the p-value.

    Raises
    ------
    ValueError
        The table is malformed (see the message).

    References
    ----------
    Pitman, E. J. G. (1938), Biometrika 29, 322-335 (randomisation within blocks).

    Examples
    --------
    >>> import numpy as np
    >>> magnitude_test(np.array([[1.0, 0.0, 0.0, 0.0]] * 3)).p <= 1 / 64 + 1e-9
    True
    """
    values = lattice_scores(_checked(scores), clip=clip, steps=steps)
    observed = int(values[:, 0].sum())
    return _summary(values, log_lattice_tail(values, observed), "exact lattice convolution")


def either_test(scores: FloatMatrix) -> SetTest:
    """Test the same null with `magnitude_test` and `rank_sum_test`, whichever says more.

    The magnitude test wins where the size of a difference tells how informative a set is, the
    rank test where few sets with a wide spread would drown the others.

    Null hypothesis
        Within each row the marked candidate is exchangeable with its companions; rows independent.
        Large sums reject.

    Parameters
    ----------
    scores : ndarray of float, shape (n, m)
        Column 0 is the marked candidate; NaN marks an absent companion.

    Returns
    -------
    SetTest
        Twice the smaller of the two exact p-values (Bonferroni), with the statistic and ``z`` of
        the test that gave it.

    Raises
    ------
    ValueError
        The table is malformed (see the message).

    Examples
    --------
    >>> import numpy as np
    >>> round(either_test(np.tile([4.0, 1.0, 2.0, 3.0], (10, 1))).p * 4.0**10, 6)
    2.0
    """
    found = min(magnitude_test(scores), rank_sum_test(scores), key=lambda t: t.log_p)
    log_p = min(0.0, found.log_p + math.log(2.0))
    return replace(found, log_p=log_p, method=f"twice the smaller of two p: {found.method}")


def randomisation_test(scores: FloatMatrix, *, draws: int, seed: int) -> SetTest:
    """Test the same null by random relabelling, with a bound for the far tail.

    Null hypothesis
        Within each row the marked candidate is exchangeable with its companions; rows independent.
        Large sums reject.

    Parameters
    ----------
    scores : ndarray of float, shape (n, m)
        Column 0 is the marked candidate; NaN marks an absent companion.  Used as they are.
    draws : int
        Relabellings, at least 1.
    seed : int
        Seed of the relabellings.

    Returns
    -------
    SetTest
        Twice the smaller of ``(1 + #{relabelled sum >= observed}) / (draws + 1)`` and Chernoff's
        bound: each alone is valid, the factor 2 pays for taking whichever is smaller.

    Raises
    ------
    ValueError
        The table is malformed or ``draws < 1``.

    References
    ----------
    Phipson, B. and Smyth, G. K. (2010), Stat. Appl. Genet. Mol. Biol. 9, 39, equation 2.

    Examples
    --------
    >>> import numpy as np
    >>> randomisation_test(np.array([[1.0, 0.0]] * 3), draws=99, seed=1).p >= 0.01
    True
    """
    if draws < 1:
        raise ValueError(f"got draws={draws}, wanted at least 1")
    table = _checked(scores)
    table = table - np.nanmean(table, axis=1, keepdims=True)
    observed = float(table[:, 0].sum())
    rng = np.random.default_rng(seed)
    sums = np.zeros(draws)
    for row in table:
        sums += rng.choice(row[~np.isnan(row)], size=draws)
    tolerance = 1e-9 * (1.0 + abs(observed))
    monte_carlo = math.log((1 + int(np.sum(sums >= observed - tolerance))) / (draws + 1))
    bound = log_chernoff_tail(table, observed)
    # Both are valid; twice the smaller is valid whichever turns out smaller.
    log_p = min(0.0, math.log(2.0) + min(monte_carlo, bound))
    return _summary(
        table, log_p, f"twice the smaller of {draws} relabellings and Chernoff's bound"
    )


def smallest_log_p(sizes: NDArray[np.integer[Any]]) -> float:
    """Return the smallest log p-value sets of these sizes can give: every marked one on top.

    Parameters
    ----------
    sizes : ndarray of int, shape (n,)
        Candidates in each set, the marked one included.

    Returns
    -------
    float
        ``-sum(log(size))``, natural logarithm.

    Examples
    --------
    >>> import numpy as np
    >>> round(smallest_log_p(np.array([4, 4])), 4)
    -2.7726
    """
    return -float(np.sum(np.log(np.asarray(sizes, dtype=np.float64))))
