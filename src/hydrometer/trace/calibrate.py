"""From raw view scores to a score that a rank may be taken of.

1. Each view is standardised for each candidate within that candidate's null
   population *and the suspect together*. Every member is treated alike, so
   under the null (the suspect is one more model tuned without the candidate's
   text) the suspect's rank among them is uniform.
2. The views are averaged with equal weights: nothing is fitted to known
   students, so nothing can learn which vendor is popular.
3. A likeness to one vendor that is better explained by another is taken back:
   the shortfall to the best other vendor is subtracted (*explaining away*).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hydrometer.trace.lineage import Lineage

__all__ = ["Population", "Scores", "combine", "population", "standardise"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Population:
    """Who is whose null, for the models of a panel and one suspect.

    Attributes
    ----------
    null : array of bool, shape (m, k)
        Whether model i is in the null population of candidate k.
    own : array of bool, shape (m, k)
        Whether candidate k belongs to model i's own family.
    vendors : tuple of str
        Vendor of each candidate, length k.
    families : tuple of str
        Family of each model, length m.
    """

    null: Bools
    own: Bools
    vendors: tuple[str, ...]
    families: tuple[str, ...]


def population(
    models: Sequence[str],
    teachers: Sequence[str],
    lineage: Lineage,
    *,
    suspect_family: str | None,
) -> Population:
    """Return who may serve as null for which candidate.

    A model is a null model of a candidate if it is documented as tuned
    without the text of the candidate's vendor and does not belong to the
    suspect's family.
    """
    families = tuple(lineage.family(m) for m in models)
    vendors = tuple(lineage.vendor(t) for t in teachers)
    teacher_families = [lineage.family(t) for t in teachers]
    null = np.array(
        [
            [f != suspect_family and lineage.is_null(m, v) for v in vendors]
            for m, f in zip(models, families, strict=True)
        ]
    ).reshape(len(models), len(teachers))
    own = np.array([[f == g for g in teacher_families] for f in families])
    return Population(null, own.reshape(len(models), len(teachers)), vendors, families)


@dataclass(frozen=True)
class Scores:
    """Calibrated scores of a suspect and its null models.

    Attributes
    ----------
    suspect : array, shape (k,)
        Combined score for each candidate, in null standard deviations.
    models : array, shape (m, k)
        The same for the panel's models.
    views : array, shape (v, k)
        The suspect's standardised score in each view.
    null : array of bool, shape (m, k)
        Which of ``models`` are the null population of each candidate.
    """

    suspect: Floats
    models: Floats
    views: Floats
    null: Bools


def standardise(raw: Floats, null: Bools) -> Floats:
    """Return z-scores of one view, each candidate by its null population and the suspect.

    Parameters
    ----------
    raw : array, shape (m + 1, k)
        The suspect last.
    null : array of bool, shape (m, k)

    Returns
    -------
    array, shape (m + 1, k)
        NaN where the raw score is NaN or fewer than 3 null models have one.
    """
    pool = np.vstack([null, np.ones((1, null.shape[1]), dtype=bool)]) & np.isfinite(raw)
    kept = np.where(pool, raw, np.nan)
    n = pool.sum(axis=0)
    out = np.full_like(raw, np.nan)
    ok = n >= 4
    if not ok.any():
        return out
    mean = np.nanmean(kept[:, ok], axis=0)
    spread = np.nanstd(kept[:, ok], axis=0, ddof=1)
    spread[spread <= 1e-12 * np.maximum(np.abs(mean), 1.0)] = np.nan
    out[:, ok] = (raw[:, ok] - mean) / spread
    return out


def combine(views: Sequence[Floats], who: Population, *, used: int | None = None) -> Scores:
    """Return the calibrated scores of a suspect.

    Parameters
    ----------
    views : sequence of array, each of shape (m + 1, k)
        Raw scores, the suspect in the last row.
    who : Population
    used : int, optional
        Only the first ``used`` views enter the score; the rest are shown.
    """
    z = np.stack([standardise(v, who.null) for v in views])
    entering = z[:used]
    seen = np.isfinite(entering)
    total = np.where(seen, entering, 0.0).sum(axis=0)
    count = seen.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(count > 0, total / count, np.nan)
    own = np.vstack([who.own, np.zeros((1, who.own.shape[1]), dtype=bool)])
    final = explain_away(mean, own, who.vendors)
    return Scores(final[-1], final[:-1], z[:, -1], who.null)


def explain_away(score: Floats, own: Bools, vendors: Sequence[str]) -> Floats:
    """Return scores less the shortfall to the best candidate of another vendor.

    Parameters
    ----------
    score : array, shape (m, k)
    own : array of bool, shape (m, k)
        Candidates of the model's own family: they explain nothing away.
    vendors : sequence of str, length k

    Examples
    --------
    >>> s = np.array([[2.0, 3.0]])
    >>> explain_away(s, np.zeros((1, 2), bool), ["a", "b"])
    array([[1., 3.]])
    """
    vendor = np.asarray(vendors)
    rivals = np.where(own | ~np.isfinite(score), -np.inf, score)
    out = score.copy()
    for name in np.unique(vendor):
        mine = vendor == name
        if mine.all():
            continue
        best = rivals[:, ~mine].max(axis=1, keepdims=True)
        out[:, mine] = score[:, mine] + np.minimum(0.0, score[:, mine] - best)
    return out
