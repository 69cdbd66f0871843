"""Is a panel fit for a verdict? What is wrong with it, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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


def check_panel(
    panel: Panel, candidates: tuple[str, ...] | None = None, *, claims: bool = True
) -> list[Problem]:
    """Return what is wrong with a panel for these candidates (its teachers by default).

    Looks for: models without lineage, missing and repeated answers, two models
    that give the same answers, null models that repeat a candidate's answers
    or call themselves by its vendor's name (``claims``; the slow part, and
    never more than a warning), and too few null models.
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
    said = [_long(panel.answers[m]) for m in names]
    for at, first in enumerate(names):
        for below, second in enumerate(names[at + 1 :], at + 1):
            share = _same(said[at], said[below])
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
    for model in names if claims else ():
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


def _long(held: Mapping[str, str]) -> dict[str, str]:
    """Return the answers long enough that two models would not give them alike by chance."""
    stripped = {k: v.strip() for k, v in held.items()}
    return {k: v for k, v in stripped.items() if len(v) >= 40 and len(v.split()) >= 8}


def _same(first: Mapping[str, str], second: Mapping[str, str]) -> float:
    """Return the share of the prompts both answer at length at which the answers are the same."""
    common = len(first.keys() & second.keys())
    return len(first.items() & second.items()) / common if common else 0.0
