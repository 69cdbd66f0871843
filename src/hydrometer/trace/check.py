"""Is a panel fit for a verdict? What is wrong with it, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hydrometer.features.tokens import tokenise
from hydrometer.trace.identity import named_vendors
from hydrometer.trace.panel import Panel

__all__ = ["Problem", "check_panel"]

COPIED = 0.2
"""Share of a null model's answers that stand word for word in a candidate's."""
CLAIMS = 0.02
"""Share of a null model's answers that claim to come from a candidate's vendor."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: ``error`` forbids a verdict, ``warning`` weakens it."""

    level: str
    model: str
    text: str


def check_panel(panel: Panel, candidates: tuple[str, ...] | None = None) -> list[Problem]:
    """Return what is wrong with a panel for these candidates (its teachers by default).

    Looks for: models without lineage, missing and repeated answers, two models
    that give the same answers, null models that repeat a candidate's answers
    or call themselves by its vendor's name, and too few null models.
    """
    chosen = panel.candidates if candidates is None else candidates
    problems: list[Problem] = []
    for model, held in panel.answers.items():
        if model not in panel.lineage.records:
            problems.append(Problem("warning", model, "no lineage: background only"))
        missing = len(panel.prompts) - len(held)
        if missing > 0.05 * len(panel.prompts):
            problems.append(
                Problem("warning", model, f"{missing} of {len(panel.prompts)} answers missing")
            )
        texts = list(held.values())
        repeated = len(texts) - len(set(texts))
        if len(texts) >= 20 and repeated > 0.2 * len(texts):
            problems.append(
                Problem("warning", model, f"{repeated} of {len(texts)} answers repeat another")
            )
    names = list(panel.answers)
    for at, first in enumerate(names):
        for second in names[at + 1 :]:
            share = _same(panel.answers[first], panel.answers[second])
            if share >= 0.9:
                problems.append(
                    Problem("error", first, f"gives the answers of {second}: one model twice")
                )
            elif share >= COPIED:
                for null, teacher in ((first, second), (second, first)):
                    vendor = panel.lineage.vendor(teacher)
                    if teacher in chosen and panel.lineage.is_null(null, vendor):
                        problems.append(
                            Problem(
                                "error",
                                null,
                                f"repeats {share:.0%} of the answers of {teacher} to the letter: "
                                "not a null model for it",
                            )
                        )
    for candidate in chosen:
        vendor = panel.lineage.vendor(candidate)
        nulls = [m for m in names if panel.lineage.is_null(m, vendor)]
        if len(nulls) < 19:
            problems.append(
                Problem(
                    "warning",
                    candidate,
                    f"{len(nulls)} null models: no p-value below 1/{len(nulls) + 1}",
                )
            )
    vendors = sorted({panel.lineage.vendor(c) for c in chosen})
    for model in names:
        held = panel.answers[model]
        named = named_vendors(held.values())
        for vendor in vendors:
            if not panel.lineage.is_null(model, vendor):
                continue
            share = named.get(vendor, 0) / max(len(held), 1)
            if share >= CLAIMS:
                problems.append(
                    Problem(
                        "warning",
                        model,
                        f"names {vendor} as its maker in {share:.0%} of its answers: "
                        "it may be contaminated (this makes the test more cautious)",
                    )
                )
    return problems


def _same(first: Mapping[str, str], second: Mapping[str, str]) -> float:
    """Return the share of common prompts with the same answer of 8 tokens or more."""
    common = [k for k in first if k in second and len(first[k]) >= 30]
    if not common:
        return 0.0
    same = [k for k in common if first[k].strip() == second[k].strip()]
    long = [k for k in same if tokenise(first[k]).size >= 8]
    return float(np.divide(len(long), len(common)))
