"""How well a score separates: AUROC, hits at a few false alarms, rates with exact intervals.

Uncertainty is about models when the rows are models or the clusters are; say which.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binomtest, norm, rankdata

from hydrometer.errors import InputError
from hydrometer.stats.inputs import as_labels, as_level, as_natural, as_vector

__all__ = [
    "Auroc",
    "HitRate",
    "MacroAccuracy",
    "Rate",
    "auroc",
    "exact_rate",
    "macro_accuracy",
    "tpr_at_fpr",
]


@dataclass(frozen=True)
class Rate:
    """A share of counted events with its exact interval.

    Attributes
    ----------
    count, n : int
        Events among ``n`` trials.
    rate, low, high : float
        Share and Clopper-Pearson bounds; NaN when ``n`` is 0.
    level : float
        Coverage of the interval.
    reason : str
        Why the rate is NaN; empty otherwise.
    """

    count: int
    n: int
    rate: float
    low: float
    high: float
    level: float
    reason: str = ""


@dataclass(frozen=True)
class Auroc:
    """Area under the ROC curve with an interval.

    Attributes
    ----------
    auroc, low, high : float
        Probability that a random positive outscores a random negative, ties one half; bounds.
    level : float
        Nominal coverage.
    n_positive, n_negative, n_clusters : int
        Rows of each class; clusters, 0 when none were given.
    method : str
        How the interval was computed.
    reason : str
        Why something is NaN, or what limits the interval; empty otherwise.
    """

    auroc: float
    low: float
    high: float
    level: float
    n_positive: int
    n_negative: int
    n_clusters: int
    method: str
    reason: str = ""


@dataclass(frozen=True)
class HitRate:
    """True-positive rate at a bound on the false-positive rate.

    Attributes
    ----------
    fpr : float
        The bound asked for.
    threshold : float
        A row is flagged when its score is strictly above it.
    false_alarms : Rate
        Negatives flagged at that threshold; its share never exceeds ``fpr``.
    hits : Rate
        Positives flagged.  The interval takes the threshold as given.
    reason : str
        Says when there are too few negatives for ``fpr`` to differ from 0; empty otherwise.
    """

    fpr: float
    threshold: float
    false_alarms: Rate
    hits: Rate
    reason: str = ""


@dataclass(frozen=True)
class MacroAccuracy:
    """Accuracy with every class counted alike.

    Attributes
    ----------
    macro : float
        Mean over true classes of the share guessed right.
    accuracy : float
        Share of rows guessed right, whatever their class.
    classes : tuple of int or str
        The true classes.
    per_class : tuple of Rate
        Share right in each class, same order.
    """

    macro: float
    accuracy: float
    classes: tuple[int | str, ...]
    per_class: tuple[Rate, ...]


def exact_rate(count: int, n: int, *, level: float = 0.95) -> Rate:
    """Return a share with its Clopper-Pearson interval.

    Assumes ``n`` independent trials with one common probability.

    Parameters
    ----------
    count, n : int
        Events and trials.
    level : float
        Coverage, in (0, 1).

    Returns
    -------
    Rate
        NaN with a reason when ``n`` is 0.

    Raises
    ------
    InputError
        ``count`` or ``n`` is negative or no integer, ``count > n``, or ``level`` out of range.

    References
    ----------
    Clopper, C. J. and Pearson, E. S. (1934), Biometrika 26, 404-413.

    Examples
    --------
    >>> found = exact_rate(0, 30)
    >>> found.rate, round(found.high, 4)
    (0.0, 0.1157)
    """
    events, trials = as_natural("count", count), as_natural("n", n)
    coverage = as_level("level", level)
    if events > trials:
        raise InputError("count exceeds n", got=f"{events} of {trials}")
    if trials == 0:
        return Rate(0, 0, math.nan, math.nan, math.nan, coverage, "no trials")
    interval = binomtest(events, trials).proportion_ci(coverage, method="exact")
    return Rate(
        events, trials, events / trials, float(interval.low), float(interval.high), coverage
    )


def _area(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    n_pos = int(positive.sum())
    n_neg = positive.size - n_pos
    ranks = rankdata(scores)[positive].sum()
    return float((ranks - n_pos * (n_pos + 1) / 2.0) / (n_pos * n_neg))


def _split(
    scores: ArrayLike, positive: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    values = as_vector("scores", scores, finite=False)
    labels = as_labels("positive", positive, size=values.size)
    if labels.size and (labels.dtype.kind in "US" or not np.isin(labels, (0, 1)).all()):
        raise InputError("positive is no array of 0 and 1", wanted="booleans")
    return values, labels.astype(bool)


def _delong(
    scores: NDArray[np.float64], positive: NDArray[np.bool_], area: float, level: float
) -> tuple[float, float, str, str]:
    pos, neg = scores[positive], scores[~positive]
    if area in (0.0, 1.0):
        # Disjoint pairs are independent trials, all won (or all lost): an exact, wide bound.
        pairs = min(pos.size, neg.size)
        bound = exact_rate(pairs if area else 0, pairs, level=level)
        return bound.low, bound.high, "disjoint pairs", "the classes are separated"
    if min(pos.size, neg.size) < 2:
        return math.nan, math.nan, "delong", "fewer than 2 rows in a class"
    everything = rankdata(scores)
    over_neg = (everything[positive] - rankdata(pos)) / neg.size
    under_pos = 1.0 - (everything[~positive] - rankdata(neg)) / pos.size
    variance = over_neg.var(ddof=1) / pos.size + under_pos.var(ddof=1) / neg.size
    if variance <= 0.0:
        return math.nan, math.nan, "delong", "the variance estimate is 0"
    half = float(norm.ppf(0.5 + level / 2.0)) * math.sqrt(float(variance))
    return max(0.0, area - half), min(1.0, area + half), "delong", ""


def _cluster_bootstrap(
    scores: NDArray[np.float64],
    positive: NDArray[np.bool_],
    clusters: NDArray[np.int64],
    level: float,
    draws: int,
    seed: int,
) -> tuple[float, float, str, str]:
    units = int(clusters.max()) + 1
    method = f"percentile bootstrap of {units} clusters, {draws} draws"
    carries_pos = np.unique(clusters[positive]).size
    carries_neg = np.unique(clusters[~positive]).size
    if min(carries_pos, carries_neg) < 2:
        return math.nan, math.nan, method, "fewer than 2 clusters hold one of the classes"
    rng = np.random.default_rng(seed)
    members = [np.flatnonzero(clusters == unit) for unit in range(units)]
    areas = np.full(draws, np.nan)
    for draw in range(draws):
        rows = np.concatenate([members[unit] for unit in rng.integers(0, units, size=units)])
        chosen = positive[rows]
        if 0 < int(chosen.sum()) < chosen.size:
            areas[draw] = _area(scores[rows], chosen)
    lost = int(np.isnan(areas).sum())
    low, high = np.nanquantile(areas, [0.5 - level / 2.0, 0.5 + level / 2.0])
    reason = f"{lost} of {draws} draws lacked a class and were left out" if lost else ""
    if low == high:
        return math.nan, math.nan, method, "every draw gives the same area"
    return float(low), float(high), method, reason


def auroc(
    scores: ArrayLike,
    positive: ArrayLike,
    *,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
    draws: int = 2000,
    seed: int | None = None,
) -> Auroc:
    """Measure the probability that a random positive outscores a random negative.

    The interval speaks of models only if rows are independent models, or if ``clusters`` says
    which rows belong to one model (or family): then whole clusters are resampled.  Without
    clusters: DeLong's normal interval; if the classes are separated, where DeLong's variance is
    0, the exact interval from disjoint pairs.

    Parameters
    ----------
    scores : array_like of float, shape (n,)
        Larger speaks for positive.
    positive : array_like of bool, shape (n,)
    clusters : array_like of int or str, shape (n,), optional
        Unit of resampling.
    level : float
        Nominal coverage, in (0, 1).
    draws : int
        Bootstrap draws, used with ``clusters``.
    seed : int, optional
        Needed with ``clusters``.

    Returns
    -------
    Auroc
        NaN with a reason when a class is empty.

    Raises
    ------
    InputError
        Lengths differ, a score is NaN, or ``seed`` is missing.

    References
    ----------
    Hanley, J. A. and McNeil, B. J. (1982), Radiology 143, 29-36 (the area and Mann-Whitney's U);
    DeLong, E. R., DeLong, D. M. and Clarke-Pearson, D. L. (1988), Biometrics 44, 837-845; Sun, X.
    and Xu, W. (2014), IEEE Signal Process. Lett. 21, 1389-1393 (by ranks); Field, C. A. and Welsh,
    A. H. (2007), J. R. Stat. Soc. B 69, 369-390 (cluster bootstrap).

    Examples
    --------
    >>> found = auroc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])
    >>> found.auroc, found.method
    (0.75, 'delong')
    """
    values, truth = _split(scores, positive)
    coverage = as_level("level", level)
    n_pos = int(truth.sum())
    n_neg = int(truth.size) - n_pos
    units = np.zeros(0, dtype=np.int64)
    count = 0
    if clusters is not None:
        if seed is None:
            raise InputError(
                "seed is missing", wanted="an integer, because clusters are resampled"
            )
        as_natural("draws", draws, least=100)
        labels = as_labels("clusters", clusters, size=values.size)
        units = np.unique(labels, return_inverse=True)[1].astype(np.int64)
        count = int(units.max()) + 1 if units.size else 0
    if min(n_pos, n_neg) == 0:
        return Auroc(
            math.nan, math.nan, math.nan, coverage, n_pos, n_neg, count, "none", "a class is empty"
        )
    area = _area(values, truth)
    low, high, method, reason = (
        _delong(values, truth, area, coverage)
        if clusters is None or seed is None
        else _cluster_bootstrap(values, truth, units, coverage, draws, seed)
    )
    return Auroc(area, low, high, coverage, n_pos, n_neg, count, method, reason)


def tpr_at_fpr(
    scores: ArrayLike,
    positive: ArrayLike,
    *,
    fpr: tuple[float, ...] = (0.0, 0.01, 0.05),
    level: float = 0.95,
) -> tuple[HitRate, ...]:
    """Measure the share of positives flagged while few negatives are.

    The threshold is the lowest negative score with at most ``floor(fpr * n_negative)`` negatives
    strictly above it, so that ties never raise the false-positive rate.  The threshold is chosen
    on the same negatives: report a fresh set's false alarms when there is one.

    Parameters
    ----------
    scores : array_like of float, shape (n,)
        Larger speaks for positive.
    positive : array_like of bool, shape (n,)
    fpr : tuple of float
        Bounds in [0, 1).
    level : float
        Coverage of the exact intervals.

    Returns
    -------
    tuple of HitRate
        One for each bound; NaN with a reason when a class is empty.

    Raises
    ------
    InputError
        Lengths differ, a score is NaN, or a bound is outside [0, 1).

    References
    ----------
    Carlini, N. et al. (2022), Membership inference attacks from first principles, IEEE S&P,
    section IV (why the low false-positive end).

    Examples
    --------
    >>> strict, loose = tpr_at_fpr([1, 2, 9, 3, 4, 10], [0, 0, 0, 1, 1, 1], fpr=(0.0, 0.4))
    >>> strict.hits.count, loose.hits.count, loose.false_alarms.count
    (1, 3, 1)
    """
    values, truth = _split(scores, positive)
    pos, neg = values[truth], np.sort(values[~truth])[::-1]
    found = []
    for bound in fpr:
        if not 0.0 <= bound < 1.0:
            raise InputError("fpr is out of range", got=repr(bound), wanted="0 <= fpr < 1")
        allowed = math.floor(bound * neg.size + 1e-9)
        if min(pos.size, neg.size) == 0:
            nothing = exact_rate(0, 0, level=level)
            found.append(HitRate(bound, math.nan, nothing, nothing, "a class is empty"))
            continue
        threshold = float(neg[allowed])
        reason = (
            f"{neg.size} negatives cannot tell a false-positive rate of {bound:g} from 0"
            if bound > 0.0 and allowed == 0
            else ""
        )
        alarms = exact_rate(int(np.sum(neg > threshold)), int(neg.size), level=level)
        hits = exact_rate(int(np.sum(pos > threshold)), int(pos.size), level=level)
        found.append(HitRate(float(bound), threshold, alarms, hits, reason))
    return tuple(found)


def macro_accuracy(truth: ArrayLike, guess: ArrayLike, *, level: float = 0.95) -> MacroAccuracy:
    """Measure the share guessed right, with each true class counted alike.

    A guess outside the true classes ("none of these") is simply wrong.

    Parameters
    ----------
    truth, guess : array_like of int or str, shape (n,), n >= 1
    level : float
        Coverage of the exact intervals per class.

    Returns
    -------
    MacroAccuracy

    Raises
    ------
    InputError
        Lengths differ, labels are no integers or strings, or there is no row.

    Examples
    --------
    >>> always = macro_accuracy(["a"] * 9 + ["b"], ["a"] * 10)
    >>> always.accuracy, always.macro
    (0.9, 0.5)
    """
    size = int(np.size(np.asarray(truth)))
    if size == 0:
        raise InputError("truth is too short", got="0 rows", wanted="at least 1")
    true = as_labels("truth", truth, size=size).astype(str)
    guessed = as_labels("guess", guess, size=size).astype(str)
    names = np.unique(as_labels("truth", truth, size=size))
    right = true == guessed
    rates = tuple(
        exact_rate(
            int(right[true == str(name)].sum()), int(np.sum(true == str(name))), level=level
        )
        for name in names
    )
    return MacroAccuracy(
        macro=float(np.mean([rate.rate for rate in rates])),
        accuracy=float(right.mean()),
        classes=tuple(names.tolist()),
        per_class=rates,
    )
