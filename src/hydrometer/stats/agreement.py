"""Shared rare answers: how surprising is it that suspect and teacher err alike?

On closed questions two models that never met agree on a rare wrong answer about as often as the
rest of the world gives it.  Length and tone play no part.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from hydrometer.errors import InputError
from hydrometer.stats.inputs import as_labels, as_level, as_vector

__all__ = ["Agreement", "log_poisson_binomial_tail", "shared_rare_answers"]

_SLACK = 1e-9
"""Natural-log allowance for rounding: a printed tail is never below the exact one."""


@dataclass(frozen=True)
class Agreement:
    """Shared rare answers of one suspect and one teacher.

    Attributes
    ----------
    shared : int
        Items where the suspect gives the teacher's answer.
    items : int
        Items compared.
    expected : float
        Mean of ``shared`` under the null: the sum of ``shares``.
    log_p : float
        Natural logarithm of the exact upper tail; NaN with a ``reason`` when nothing can be
        compared.
    shares : tuple of float
        Each compared item's null chance of agreement.
    n_models : int
        Registry models behind the shares; 0 when the shares were given.
    caveat : str
        Says that the shares are estimates; empty when they were given.
    reason : str
        Why ``log_p`` is NaN; empty otherwise.
    """

    shared: int
    items: int
    expected: float
    log_p: float
    shares: tuple[float, ...]
    n_models: int
    caveat: str = ""
    reason: str = ""

    @property
    def pvalue(self) -> float:
        """The p-value; the smallest positive float if it underflows, never 0."""
        return max(math.exp(self.log_p), math.ulp(0.0)) if not math.isnan(self.log_p) else math.nan


def log_poisson_binomial_tail(chances: ArrayLike, count: int) -> float:
    """Compute the exact upper tail of a sum of unequal coins.

    Null hypothesis
        Independent events, event i with chance ``chances[i]``.

    Parameters
    ----------
    chances : array_like of float, shape (n,)
        In [0, 1].
    count : int
        Observed number of events.

    Returns
    -------
    float
        ``log P(sum >= count)``, natural logarithm, rounded up by 1e-9; -inf if impossible.

    Raises
    ------
    InputError
        A chance is outside [0, 1], or ``count`` is outside 0 .. n.

    Notes
    -----
    Direct convolution of non-negative terms under an exponential tilt that puts the mean near
    ``count``: no cancellation and no underflow at any tail probability.  A discrete Fourier
    transform (as in ``scipy.stats.poisson_binom``) is faster and loses tails below 1e-16.
    Cost: n^2 / 2 multiplications.

    References
    ----------
    Hong, Y. (2013), Comput. Statist. Data Anal. 59, 41-51, section 2 (exact methods); the tilt:
    Esscher, F. (1932), Skand. Aktuarietidskr. 15, 175-195.

    Examples
    --------
    >>> round(math.exp(log_poisson_binomial_tail([0.5, 0.5, 0.5], 2)), 6)
    0.5
    >>> round(log_poisson_binomial_tail([0.01] * 200, 200) / math.log(10.0), 3)
    -400.0
    """
    q = as_vector("chances", chances)
    if (q < 0.0).any() or (q > 1.0).any():
        raise InputError("chances has a value outside [0, 1]", got=f"{q.min():g} to {q.max():g}")
    if not 0 <= count <= q.size:
        raise InputError("count is out of range", got=str(count), wanted=f"0 .. {q.size}")
    sure = int(np.sum(q == 1.0))
    q = q[(q > 0.0) & (q < 1.0)]
    target = int(count) - sure
    if target <= 0:
        return 0.0
    if target > q.size:
        return -math.inf
    if target == q.size:
        return min(0.0, float(np.sum(np.log(q))))
    odds = np.log(q) - np.log1p(-q)
    theta = _tilt(odds, float(target))
    tilted = expit(odds + theta)
    log_mgf = float(np.sum(np.logaddexp(np.log1p(-q), np.log(q) + theta)))
    mass = np.zeros(q.size + 1)
    mass[0] = 1.0
    for i, chance in enumerate(tilted.tolist()):
        mass[1 : i + 2] = mass[1 : i + 2] * (1.0 - chance) + mass[: i + 1] * chance
        mass[0] *= 1.0 - chance
    beyond = np.arange(q.size + 1 - target)
    tail = float(np.sum(mass[target:] * np.exp(-theta * beyond)))
    return min(0.0, math.log(tail) + log_mgf - theta * target + _SLACK)


def _tilt(odds: NDArray[np.float64], target: float) -> float:
    """Return the tilt >= 0 that brings the mean to ``target``; 0 when it is there already."""

    def mean(theta: float) -> float:
        return float(np.sum(expit(odds + theta)))

    if mean(0.0) >= target:
        return 0.0
    low, high = 0.0, 1.0
    while mean(high) < target:
        low, high = high, 2.0 * high
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if mean(middle) < target else (low, middle)
    return high


def _registry_counts(
    given: NDArray[np.int64],
    teacher: NDArray[np.int64],
    correct: NDArray[np.int64] | None,
    votes: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return, for each item, the votes for the teacher's answer and all votes that count."""
    counts = given >= 0
    if correct is not None:
        counts &= given != correct
    # A family has one vote on each item, split among its members that answered it.
    totals = np.zeros(given.shape)
    for vote in np.unique(votes):
        rows = votes == vote
        present = counts[rows]
        totals[rows] = present / np.maximum(1, present.sum(axis=0))
    return np.sum(totals * (given == teacher), axis=0), totals.sum(axis=0)


def shared_rare_answers(
    suspect: ArrayLike,
    teacher: ArrayLike,
    registry: ArrayLike,
    *,
    correct: ArrayLike | None = None,
    families: ArrayLike | None = None,
    rare: float | None = 0.05,
    prior: tuple[float, float] = (1.0, 1.0),
    split_seed: int | None = None,
) -> Agreement:
    """Test whether suspect and teacher share more rare answers than strangers do.

    ``X = #{i : suspect and teacher give the same answer}`` over the items where both are wrong
    (if ``correct`` is given) and the teacher's answer is rare in the registry.

    Null hypothesis
        On item i the suspect, being wrong, gives the teacher's answer with chance ``q_i``, the
        share of it among wrong answers of models unrelated to both; independently over items.
        So X is Poisson-binomial.  A suspect that shares a *base model* with the teacher also
        violates this null.

    Parameters
    ----------
    suspect, teacher : array_like of int, shape (n,)
        Coded answers >= 0; -1 where there is none.
    registry : array_like of int, shape (m, n)
        Answers of other models, suspect, teacher and their relatives left out by the caller.
    correct : array_like of int, shape (n,), optional
        Right answers; both must be wrong for an item to count, and only wrong registry answers
        count.  -1 where no answer is right.
    families : array_like of int or str, shape (m,), optional
        Family of each registry model; each family has one vote per item.
    rare : float or None
        Compare only items with ``q_i <= rare``; None compares all.
    prior : tuple of float
        Beta(a, b) smoothing ``q_i = (votes for it + a) / (votes + a + b)``.  The default a = 1
        counts the teacher's own answer as one vote: an answer that was seen once is not as rare
        as one never seen.
    split_seed : int, optional
        Choose rare items by one random half of the families and estimate ``q_i`` by the other.
        Without it the same votes do both, which makes the chosen ``q_i`` too small on average:
        with 40 models, 1500 items and every true share 1/10, 77 % of strangers were accused at
        the 5 % level (0 % with the split).

    Returns
    -------
    Agreement
        With a caveat: ``q_i`` are estimates, so the tail is exact only given them.  For a verdict
        rank this log p among those of null models (`conformal.rank_pvalue`), which needs neither
        ``q_i`` nor independence over items.

    Raises
    ------
    InputError
        Shapes differ, codes are no integers, ``rare`` or ``prior`` is out of range, or a split is
        asked for with fewer than two families.

    References
    ----------
    Wesolowsky, G. O. (2000), Detecting excessive similarity in answers on multiple choice exams,
    J. Appl. Stat. 27, 909-921 (agreement given both wrong); Goel, S. et al. (2025), Great models
    think alike and this undermines AI oversight, arXiv 2502.04313 (models err alike by default).

    Examples
    --------
    >>> crowd = np.tile(np.arange(30)[:, None], (1, 8))
    >>> found = shared_rare_answers([99] * 6 + [3, 4], [99] * 8, crowd)
    >>> found.shared, found.items, found.pvalue < 1e-7
    (6, 8, True)
    """
    theirs = _codes("teacher", teacher, None)
    mine = _codes("suspect", suspect, theirs.size)
    table = np.array(registry)
    if table.ndim != 2 or table.shape[1] != theirs.size or table.dtype.kind not in "iu":
        raise InputError(
            "registry has the wrong shape",
            got=f"{table.shape} of {table.dtype}",
            wanted=f"(models, {theirs.size}) of integers",
        )
    truth = None if correct is None else _codes("correct", correct, theirs.size)
    cut = None if rare is None else as_level("rare", rare)
    a, b = (float(v) for v in prior)
    if not (a > 0.0 and b > 0.0 and math.isfinite(a + b)):
        raise InputError("prior is out of range", got=str(prior), wanted="two finite numbers > 0")
    m = int(table.shape[0])
    labels = np.arange(m) if families is None else as_labels("families", families, size=m)
    votes = np.unique(labels, return_inverse=True)[1].astype(np.float64)
    units = int(votes.max()) + 1 if m else 0
    compared = (mine >= 0) & (theirs >= 0)
    if truth is not None:
        compared &= (mine != truth) & (theirs != truth)
    choosing = estimating = np.ones(m, dtype=bool)
    if split_seed is not None:
        if units < 2:
            raise InputError("registry cannot be split", got=f"{units} families", wanted=">= 2")
        half = np.random.default_rng(split_seed).permutation(units)[: units // 2]
        choosing = np.isin(votes, half)
        estimating = ~choosing
    if cut is not None:
        k, n = _registry_counts(table[choosing], theirs, truth, votes[choosing])
        compared &= (k + a) / (n + a + b) <= cut
    k, n = _registry_counts(table[estimating], theirs, truth, votes[estimating])
    q = ((k + a) / (n + a + b))[compared]
    shared = int(np.sum((mine == theirs)[compared]))
    used = int(np.unique(votes[estimating]).size)
    reason = "" if q.size else "no item can be compared"
    log_p = log_poisson_binomial_tail(q, shared) if q.size else math.nan
    caveat = f"chances of agreement are estimated from {used} unrelated families of models" + (
        "" if cut is None or split_seed is not None else ", which also chose the rare items"
    )
    return Agreement(
        shared, int(q.size), float(q.sum()), log_p, tuple(q.tolist()), used, caveat, reason
    )


def _codes(name: str, values: ArrayLike, size: int | None) -> NDArray[np.int64]:
    array = np.array(values)
    labels = as_labels(name, array, size=array.size if size is None else size)
    if labels.size and labels.dtype.kind not in "iu":
        raise InputError(f"{name} is no array of integer codes", got=f"dtype {labels.dtype}")
    return labels.astype(np.int64)
