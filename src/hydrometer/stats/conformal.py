"""Where a suspect stands among null models: rank p-values, e-values, prediction sets.

The null is a population: models tuned without this teacher's text.  Nothing is assumed of the
distribution of the scores, only that the suspect could have been any member of the population.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hydrometer.errors import InputError
from hydrometer.stats.inputs import as_labels, as_level, as_natural, as_vector

__all__ = [
    "ConformalE",
    "PredictionSet",
    "RankPValue",
    "conformal_evalue",
    "prediction_set",
    "rank_pvalue",
]

Label = int | str


@dataclass(frozen=True)
class RankPValue:
    """Rank of one suspect among null models.

    Attributes
    ----------
    statistic : float
        The suspect's score.
    pvalue : float
        ``(1 + null mass at or above the suspect) / (n_families + 1)``; NaN with a ``reason`` when
        there is nothing to compare.
    n_null : int
        Null models compared with.
    n_families : int
        Families among them; equal to ``n_null`` when no families were given.
    smallest : float
        ``1 / (n_families + 1)``: no p-value of this design is below it.
    stratum : int, str or None
        The stratum whose null models were used; None for the pooled population.
    reason : str
        Why the p-value is NaN or pooled; empty otherwise.
    """

    statistic: float
    pvalue: float
    n_null: int
    n_families: int
    smallest: float
    stratum: Label | None = None
    reason: str = ""


@dataclass(frozen=True)
class ConformalE:
    """Conformal e-value of one suspect.

    Attributes
    ----------
    statistic : float
        The suspect's score.
    evalue : float
        Mean at most 1 under the null.
    n_null, n_families : int
        Null models and families compared with.
    largest : float
        ``n_families + 1``: no e-value of this design exceeds it.
    reason : str
        Why the e-value is NaN or 1 by convention; empty otherwise.
    """

    statistic: float
    evalue: float
    n_null: int
    n_families: int
    largest: float
    reason: str = ""


@dataclass(frozen=True)
class PredictionSet:
    """The candidates that cannot be ruled out.

    Attributes
    ----------
    alpha : float
        Each true candidate is missed with probability at most ``alpha``.
    members : tuple of int
        Indices of the candidates kept, ascending.
    pvalues : tuple of float
        One for each candidate; NaN where it has no calibration model.
    n_families : tuple of int
        Calibration families of each candidate.
    unexcludable : tuple of int
        Candidates with too few calibration families for any score to exclude them at ``alpha``.
    """

    alpha: float
    members: tuple[int, ...]
    pvalues: tuple[float, ...]
    n_families: tuple[int, ...]
    unexcludable: tuple[int, ...]

    @property
    def none_of_these(self) -> bool:
        """Whether the open-set answer is given: every candidate is ruled out."""
        return not self.members

    @property
    def single(self) -> int | None:
        """The one candidate left, if exactly one is left and scores could have excluded it."""
        if len(self.members) == 1 and self.members[0] not in self.unexcludable:
            return self.members[0]
        return None


def _family_weights(families: ArrayLike | None, size: int) -> tuple[NDArray[np.float64], int]:
    """Return each model's share of its family's one vote, and the number of families."""
    if families is None:
        return np.ones(size), size
    labels = as_labels("families", families, size=size)
    if size == 0:
        return np.ones(0), 0
    _, inverse, counts = np.unique(labels, return_inverse=True, return_counts=True)
    return 1.0 / counts[inverse], int(counts.size)


def rank_pvalue(
    suspect: float,
    null: ArrayLike,
    *,
    families: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    stratum: Label | None = None,
    least_stratum: int = 19,
    ties: Literal["against", "random"] = "against",
    seed: int | None = None,
) -> RankPValue:
    """Measure how rare a score as large as the suspect's is among null models.

    Null hypothesis
        The suspect is one more draw from the population of the null models.  Without families:
        suspect and null models are exchangeable.  With families: families are exchangeable, and
        the suspect is a randomly chosen member of one further family.

    Parameters
    ----------
    suspect : float
        The suspect's score; larger speaks for the alternative.  NaN gives a NaN p-value.
    null : array_like of float, shape (n,)
        Scores of null models, same unit.
    families : array_like of int or str, shape (n,), optional
        Family of each null model (the snapshots of one vendor): each family counts as one unit,
        its members share one vote.
    strata : array_like of int or str, shape (n,), optional
        Stratum of each null model (Mondrian categories).
    stratum : int or str, optional
        The suspect's stratum; needed with ``strata``.
    least_stratum : int
        A stratum with fewer families falls back to the pooled population, and the result says so.
        The pooled rank is valid only if strata do not differ in score.
    ties : {"against", "random"}
        Count equal null scores against significance, or break ties at random.
    seed : int, optional
        Needed for ``ties="random"``.

    Returns
    -------
    RankPValue

    Raises
    ------
    InputError
        ``null`` contains NaN, a label array has the wrong length, ``strata`` and ``stratum`` do
        not come together, ``ties`` is unknown, or ``seed`` is missing.

    References
    ----------
    Phipson, B. and Smyth, G. K. (2010), Stat. Appl. Genet. Mol. Biol. 9, 39, equation 2 (the
    added 1); Vovk, V., Gammerman, A. and Shafer, G. (2005), Algorithmic learning in a random
    world, equation 2.20 and section 4.5 (Mondrian); Lee, Y., Barber, R. F. and Willett, R. (2023),
    Distribution-free inference with hierarchical data, arXiv 2306.06342, theorem 1 (families).

    Examples
    --------
    >>> rank_pvalue(3.0, [0.0, 1.0, 2.0, 4.0]).pvalue
    0.4
    >>> one_vendor = rank_pvalue(3.0, [4.0, 4.1, 4.2, 1.0], families=["a", "a", "a", "b"])
    >>> round(one_vendor.pvalue, 4), one_vendor.n_families
    (0.6667, 2)
    """
    scores = as_vector("null", null, finite=False)
    least = as_natural("least_stratum", least_stratum, least=1)
    if ties not in ("against", "random"):
        raise InputError("ties is unknown", got=repr(ties), wanted="'against' or 'random'")
    if ties == "random" and seed is None:
        raise InputError("seed is missing", wanted="an integer, because ties are broken at random")
    if (strata is None) != (stratum is None):
        raise InputError("strata and stratum come together", got="only one of them")
    labels = None if families is None else as_labels("families", families, size=scores.size)
    used: Label | None = None
    reason = ""
    if strata is not None and stratum is not None:
        keep = as_labels("strata", strata, size=scores.size).astype(str) == str(stratum)
        inside = _family_weights(None if labels is None else labels[keep], int(keep.sum()))[1]
        if inside >= least:
            scores, used = scores[keep], stratum
            labels = None if labels is None else labels[keep]
        else:
            reason = (
                f"stratum {stratum!r} has {inside} null families, fewer than {least}: "
                "pooled population used"
            )
    weights, units = _family_weights(labels, scores.size)
    value = float(suspect)
    smallest = 1.0 / (units + 1)
    if units == 0 or math.isnan(value):
        reason = "no null models" if units == 0 else "the suspect's score is NaN"
        return RankPValue(value, math.nan, scores.size, units, smallest, used, reason)
    above = scores >= value
    if ties == "random":
        rng = np.random.default_rng(seed)
        mine, theirs = float(rng.random()), rng.random(scores.size)
        above = (scores > value) | ((scores == value) & (theirs >= mine))
    pvalue = min(1.0, (1.0 + float(weights[above].sum())) / (units + 1))
    return RankPValue(value, pvalue, scores.size, units, smallest, used, reason)


def conformal_evalue(
    suspect: float,
    null: ArrayLike,
    *,
    weight: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    families: ArrayLike | None = None,
) -> ConformalE:
    """Measure the suspect's share of the total weight, as an e-value.

    ``e = (F + 1) w(s) / (w(s) + sum over families of the mean of w(null))``, where F is the number
    of families (of models when no families are given).

    Null hypothesis
        As for `rank_pvalue`.  Without families the mean is exactly 1.  With families the suspect's
        own siblings are not seen; because ``w / (w + A)`` is concave in ``w``, the mean is at most
        1 by Jensen's inequality.

    Parameters
    ----------
    suspect : float
        The suspect's score.  NaN gives a NaN e-value.
    null : array_like of float, shape (n,)
        Scores of null models.
    weight : callable
        Fixed before looking at the scores; maps an array of scores to finite weights >= 0.
    families : array_like of int or str, shape (n,), optional
        As for `rank_pvalue`.

    Returns
    -------
    ConformalE

    Raises
    ------
    InputError
        ``null`` contains NaN, or ``weight`` gives a negative or infinite weight.

    References
    ----------
    Balinsky, A. A. and Balinsky, A. D. (2024), Enhancing conformal prediction using e-test
    statistics, arXiv 2403.19082, section 3; Vovk, V. (2025), Conformal e-prediction, Pattern
    Recognition 166, 111674.

    Examples
    --------
    >>> conformal_evalue(2.0, [0.0, 0.0, 0.0], weight=np.exp2).evalue
    2.2857142857142856
    """
    scores = as_vector("null", null, finite=False)
    shares, units = _family_weights(families, scores.size)
    value, largest = float(suspect), float(units + 1)
    if units == 0 or math.isnan(value):
        reason = "no null models" if units == 0 else "the suspect's score is NaN"
        return ConformalE(value, math.nan, scores.size, units, largest, reason)
    weighed = np.asarray(weight(np.append(scores, value)), dtype=np.float64)
    if weighed.shape != (scores.size + 1,):
        raise InputError(
            "weight gave the wrong shape", got=str(weighed.shape), wanted=f"({scores.size + 1},)"
        )
    if not np.isfinite(weighed).all() or (weighed < 0.0).any():
        raise InputError("weight gave a negative or infinite weight", wanted="finite numbers >= 0")
    mine = float(weighed[-1])
    total = mine + float(shares @ weighed[:-1])
    if total <= 0.0:
        return ConformalE(value, 1.0, scores.size, units, largest, "all weights are 0: no bet")
    return ConformalE(value, largest * mine / total, scores.size, units, largest)


def prediction_set(
    scores: ArrayLike,
    calibration: Sequence[ArrayLike],
    *,
    alpha: float,
    families: Sequence[ArrayLike] | None = None,
) -> PredictionSet:
    """Name the candidates under which the suspect's score would not be unusually low.

    Null hypothesis
        For candidate k: the suspect is one more draw from the models known to belong to k, as in
        `rank_pvalue`.  If k is the true one, it is in the set with probability at least
        ``1 - alpha``, whatever the other candidates do.  An empty set is the open-set answer
        "none of these".  "No teacher" may be one of the candidates.

    Parameters
    ----------
    scores : array_like of float, shape (k,)
        The suspect's likeness to each candidate; larger is more alike.
    calibration : sequence of k array_like of float
        The same likeness, to candidate k, of models known to belong to k; not used in training.
    alpha : float
        Probability of missing the true candidate, in (0, 1).
    families : sequence of k array_like, optional
        Families of the calibration models, as in `rank_pvalue`.

    Returns
    -------
    PredictionSet

    Raises
    ------
    InputError
        Lengths differ, ``alpha`` is out of range, or an array contains NaN.

    References
    ----------
    Vovk, V. (2012), Conditional validity of inductive conformal predictors, ACML, PMLR 25,
    proposition 3 (label-conditional); Bates, S. et al. (2023), Ann. Statist. 51, 149-178
    (conformal p-values for outliers).

    Examples
    --------
    >>> calm = [float(i) for i in range(20)]
    >>> found = prediction_set([10.0, -5.0], [calm, calm], alpha=0.1)
    >>> found.members, found.none_of_these
    ((0,), False)
    """
    likeness = as_vector("scores", scores, least=1)
    level = as_level("alpha", alpha)
    groups: Sequence[ArrayLike | None] = [None] * likeness.size if families is None else families
    if len(calibration) != likeness.size or len(groups) != likeness.size:
        raise InputError(
            "calibration or families has the wrong length",
            got=f"{len(calibration)} and {len(groups)}",
            wanted=f"{likeness.size}, one for each score",
        )
    ranked = [
        rank_pvalue(-value, -as_vector(f"calibration[{k}]", known), families=group)
        for k, (value, known, group) in enumerate(
            zip(likeness.tolist(), calibration, groups, strict=True)
        )
    ]
    return PredictionSet(
        alpha=level,
        members=tuple(k for k, r in enumerate(ranked) if not r.pvalue <= level),
        pvalues=tuple(r.pvalue for r in ranked),
        n_families=tuple(r.n_families for r in ranked),
        unexcludable=tuple(k for k, r in enumerate(ranked) if r.smallest > level),
    )
