"""Reasoning-trace and rubric elicitation: phrases of collection, against their common use."""

from __future__ import annotations

import numpy as np

from hydrometer.watch.detect.profile import FEATURES
from hydrometer.watch.detect.signals.reading import LEAST, bet, error, ordinary, reading, silent
from hydrometer.watch.detect.view import View
from hydrometer.watch.result import Signal

__all__ = ["measure"]

NAME = "elicitation"


def measure(view: View) -> Signal:
    """Measure how much more often than others the group asks for reasoning or grading.

    Null hypothesis
        As for hoarding: mid-ranks of mean 1/2.
    """
    parts, shares = [], {}
    for name in ("elicit", "trace"):
        values = view.rows.features[:, FEATURES.index(name)]
        parts.append(view.population.ranks(name, values))
        usual = view.population.reference(name)
        shares[name] = (
            float(np.nanmean(view.per_member(values))) if (~np.isnan(values)).any() else np.nan,
            float(usual.mean()) if usual.size else np.nan,
        )
    mean = np.mean(np.stack(parts), axis=0)
    members = view.per_member(mean)
    if (~np.isnan(members)).sum() < LEAST:
        return silent(NAME, "no text is recorded")
    (asks, usual_asks), (inner, usual_inner) = shares["elicit"], shares["trace"]
    return reading(
        NAME,
        0.5 * (asks - usual_asks) + 0.5 * (inner - usual_inner),
        f"{asks:.0%} of these prompts ask for steps, reasoning, grades or bulk examples "
        f"({usual_asks:.0%} is usual), {inner:.0%} for inner reasoning or grades "
        f"({usual_inner:.0%})",
        log_e=bet(members, ordinary(view)),
        measures={
            "error": 2.0 * error(members),
            "asks": asks,
            "usual": usual_asks,
            "inner": inner,
            "usual_inner": usual_inner,
        },
    )
