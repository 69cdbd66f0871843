"""What would break the exchangeability of served answers and decoys, checked before any score.

Two kinds of checks: records (sampling, snapshot names) and an exact test that never looks at the
suspect (do served answers differ from their decoys by length or by how usual their wording is?).
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from hydrometer.errors import Refused
from hydrometer.exchange import Exchange
from hydrometer.finding import Assumption, View
from hydrometer.stats.exchangeable import magnitude_test, smallest_log_p
from hydrometer.trace.served.candidates import CandidateSet, Design

__all__ = ["check_records", "check_size", "compare_without_suspect", "visible_features"]

SAME = ("temperature", "top_p", "top_k", "max_tokens", "stop")
LEVEL = 0.001
"""Level of the test that compares served answers with decoys without the suspect."""


def check_records(design: Design) -> list[Assumption]:
    """Check sampling and snapshot as recorded.

    Parameters
    ----------
    design : Design
        The joined sets.

    Returns
    -------
    list of Assumption
        ``same sampling``, ``random sampling``, ``same snapshot``.

    Raises
    ------
    Refused
        Deterministic serving (temperature 0, top-k 1, one fixed seed, or decoys that repeat one
        text), or sampling parameters that differ between log and decoys.
    """
    _refuse_deterministic(design.sets)
    unknown = _refuse_other_sampling(design.sets)
    rows = [e for s in design.sets for e in (s.served, *s.decoys)]
    sampling = Assumption(
        "log and decoys were sampled alike",
        "met" if not unknown else "not checked",
        "recorded parameters agree" if not unknown else f"not recorded: {', '.join(unknown)}",
        required=False,
    )
    random = Assumption(
        "answers were sampled at random",
        "met",
        f"temperatures {_known(e.sampling.temperature for e in rows)}; decoys differ",
    )
    return [sampling, random, _snapshot(design.sets)]


def _known(values: Iterable[object]) -> str:
    found = sorted({str(v) for v in values if v is not None})
    return ", ".join(found) or "not recorded"


def _refuse_deterministic(sets: tuple[CandidateSet, ...]) -> None:
    for s in sets:
        for row in (s.served, *s.decoys):
            if row.sampling.temperature == 0 or row.sampling.top_k == 1:
                raise Refused(
                    "served without randomness: the decoys could not have been served",
                    got=f"temperature {row.sampling.temperature}, top_k {row.sampling.top_k}",
                    wanted="answers sampled at a temperature above 0",
                    next_step="test prompts that were served with sampling",
                )
        seeds = [row.sampling.seed for row in (s.served, *s.decoys)]
        if seeds[0] is not None and seeds[0] in seeds[1:]:
            raise Refused(
                "a decoy was drawn with the seed of the served answer",
                got=f"seed {seeds[0]}",
                wanted="independent randomness in every draw",
                next_step="draw the decoys again without a fixed seed",
            )
    several = [s for s in sets if len(s.decoys) >= 2]
    stuck = [s for s in several if len(set(s.texts[1:])) == 1]
    if several and len(stuck) > len(several) / 2:
        raise Refused(
            "the decoys repeat one text: serving looks deterministic or cached",
            got=f"{len(stuck)} of {len(several)} prompts with identical decoys",
            wanted="independent draws",
            next_step="draw the decoys again with sampling on and caches off",
        )


def _refuse_other_sampling(sets: tuple[CandidateSet, ...]) -> list[str]:
    """Refuse recorded differences; return the parameters that some row does not record."""
    unknown: set[str] = set()
    for s in sets:
        for name in SAME:
            mine = getattr(s.served.sampling, name)
            for row in s.decoys:
                theirs = getattr(row.sampling, name)
                if mine is None and theirs is None:
                    if name == "temperature":
                        unknown.add(name)
                elif mine is None or theirs is None:
                    unknown.add(name)
                elif mine != theirs:
                    raise Refused(
                        "log and decoys were sampled differently",
                        got=f"{name} {mine} against {theirs}",
                        wanted="the same sampling parameters",
                        next_step="draw the decoys again as the log was served",
                    )
    return sorted(unknown)


def _snapshot(sets: tuple[CandidateSet, ...]) -> Assumption:
    name = "log and decoys come from one snapshot"

    def labels(rows: Iterable[Exchange]) -> tuple[set[str], set[str]]:
        kept = list(rows)
        answered = {e.model_answered or e.model for e in kept}
        prints = {v for e in kept for k, v in e.headers.items() if "fingerprint" in k.lower()}
        return answered, prints

    served, served_prints = labels(s.served for s in sets)
    fresh, fresh_prints = labels(e for s in sets for e in s.decoys)
    if served != fresh:
        detail = f"log: {', '.join(sorted(served))}; decoys: {', '.join(sorted(fresh))}"
        return Assumption(name, "not met", detail)
    if served_prints and fresh_prints and not (served_prints & fresh_prints):
        detail = "system fingerprints differ; see the comparison without the suspect"
        return Assumption(name, "not checked", detail, required=False)
    return Assumption(name, "met", f"both name {', '.join(sorted(served))}")


def check_size(design: Design, alpha: float) -> Assumption:
    """Check that the smallest p-value these sets can give lies below ``alpha``."""
    sizes = np.array([len(set(s.texts)) for s in design.sets])
    log_p = min(0.0, smallest_log_p(sizes) + math.log(2.0))
    met = log_p <= math.log(alpha)
    exponent = log_p / math.log(10.0)
    detail = f"{len(design.sets)} prompts; smallest possible p is 1e{exponent:.1f}"
    return Assumption("enough prompts and decoys", "met" if met else "not met", detail)


def _words(text: str) -> list[str]:
    return text.lower().split()


def visible_features(candidates: CandidateSet) -> dict[str, list[float]]:
    """Describe each candidate of a set without the suspect, every candidate alike.

    Returns
    -------
    dict of str to list of float
        ``length`` (log of words + 1) and ``usual wording`` (mean share of the other candidates
        that hold a word pair of this one).
    """
    pairs = [set(itertools.pairwise(w)) for w in map(_words, candidates.texts)]
    holders = Counter(p for each in pairs for p in each)
    others = max(len(pairs) - 1, 1)
    usual = [
        sum((holders[p] - 1) / others for p in each) / len(each) if each else 0.0 for each in pairs
    ]
    length = [math.log1p(len(_words(t))) for t in candidates.texts]
    return {"length": length, "usual wording": usual}


def table(rows: list[list[float]], width: int) -> NDArray[np.float64]:
    """Return ragged rows as one matrix, NaN where a set has no such candidate."""
    out = np.full((len(rows), width), np.nan)
    for i, row in enumerate(rows):
        out[i, : len(row)] = row
    return out


def compare_without_suspect(design: Design) -> tuple[Assumption, tuple[View, ...]]:
    """Test whether served answers differ from their decoys in ways visible without the suspect.

    Null hypothesis
        Within each prompt the served answer is exchangeable with its decoys.

    Parameters
    ----------
    design : Design
        The joined sets.

    Returns
    -------
    assumption, views : Assumption, tuple of View
        Not met when the smallest of the two-sided p-values, times their number, is below
        `LEVEL`: then whatever the suspect shows may be a change of snapshot.
    """
    described = [visible_features(s) for s in design.sets]
    views = []
    for name in described[0]:
        scores = table([d[name] for d in described], design.width)
        upper, lower = magnitude_test(scores), magnitude_test(-scores)
        p = min(1.0, 2.0 * min(upper.p, lower.p))
        views.append(
            View(
                name=f"without the suspect: {name}",
                question=f"Do served answers differ from their decoys by {name}?",
                null="the served answer is exchangeable with its decoys",
                statistic=upper.z,
                pvalue=p,
                n=upper.sets,
                note="two-sided; a small p speaks of log and decoys, not of the suspect",
            )
        )
    smallest = min(v.pvalue or 1.0 for v in views) * len(views)
    status = "met" if smallest >= LEVEL else "not met"
    detail = f"smallest p times {len(views)}: {min(1.0, smallest):.3g}"
    return Assumption("served answers look like their decoys", status, detail), tuple(views)
