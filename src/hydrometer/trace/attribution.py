"""Which candidate, or none of these: a set with a stated coverage.

A vendor stays in the set while its shortfall to the best vendor is no larger
than the shortfalls that the true vendors of *known* students show, each judged
with its own family left out. Triage: never the sole ground for a verdict.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hydrometer.finding import Attribution
from hydrometer.trace.panel import FittedPanel

__all__ = ["attribute", "known_shortfalls", "vendor_scores"]


def vendor_scores(scores: NDArray[np.float64], vendors: Sequence[str]) -> dict[str, float]:
    """Return each vendor's best score over its candidates.

    Examples
    --------
    >>> vendor_scores(np.array([1.0, 3.0, 2.0]), ["a", "a", "b"])
    {'a': 3.0, 'b': 2.0}
    """
    out: dict[str, float] = {}
    for value, vendor in zip(scores.tolist(), vendors, strict=True):
        if math.isfinite(value):
            out[vendor] = max(value, out.get(vendor, -math.inf))
    return out


def known_shortfalls(
    panel: FittedPanel, prompts: NDArray[np.intp], *, without: str | None = None
) -> dict[str, list[float]]:
    """Return, by family, how far the true vendor of each known student is from the best one.

    Parameters
    ----------
    panel : FittedPanel
    prompts : array of int
        Columns to score over.
    without : str, optional
        A family that may not be used.

    Returns
    -------
    dict
        Family to shortfalls, in null standard deviations; 0 where the true
        vendor is the best.
    """
    every = panel.shortfalls.get(prompts.tobytes())
    if every is None:
        every = panel.shortfalls[prompts.tobytes()] = _all_shortfalls(panel, prompts)
    return {family: gaps for family, gaps in every.items() if family != without}


def _all_shortfalls(panel: FittedPanel, prompts: NDArray[np.intp]) -> dict[str, list[float]]:
    out: dict[str, list[float]] = {}
    for model in panel.corpus.models:
        record = panel.lineage[model]
        truth = panel.lineage.tuned_on(model) or frozenset()
        if record.kind != "student":
            continue
        rows = panel.member(model, strict=False)
        scores = vendor_scores(rows.scores(prompts).suspect, rows.who.vendors)
        held = [scores[v] for v in truth if v in scores]
        if held:
            gap = max(scores.values()) - max(held)
            out.setdefault(panel.lineage.family(model), []).append(gap)
    return out


def attribute(
    scores: NDArray[np.float64],
    vendors: Sequence[str],
    shortfalls: dict[str, list[float]],
    *,
    coverage: float,
    unusual: bool,
) -> Attribution:
    """Return the set of vendors that cannot be excluded.

    Parameters
    ----------
    scores : array, shape (k,)
        The suspect's calibrated scores.
    vendors : sequence of str, length k
    shortfalls : dict
        From `known_shortfalls`; each family counts once (its largest).
    coverage : float
        Level in (0, 1) at which a student's true vendor is in the set.
    unusual : bool
        Whether the suspect's best score is unusual among null models; where
        it is not, *none of these* stays possible.

    References
    ----------
    Vovk, Gammerman, Shafer (2005), section 2.2: the conformal quantile.

    Examples
    --------
    >>> known = {f"f{i}": [0.0] for i in range(20)}
    >>> a = attribute(np.array([3.0, 1.0]), ["a", "b"], known, coverage=0.9, unusual=True)
    >>> a.members, a.none_of_these
    (('a',), False)
    """
    by_vendor = vendor_scores(scores, vendors)
    if not by_vendor:
        return Attribution("vendor", (), None, coverage, True, {})
    largest = np.sort([max(v) for v in shortfalls.values()])
    need = math.ceil((largest.size + 1) * coverage)
    limit = float(largest[need - 1]) if 0 < need <= largest.size else math.inf
    best = max(by_vendor, key=lambda v: (by_vendor[v], v))
    members = tuple(
        v
        for v in sorted(by_vendor, key=lambda v: -by_vendor[v])
        if by_vendor[best] - by_vendor[v] <= limit
    )
    return Attribution("vendor", members, best, coverage, not unusual, by_vendor)
