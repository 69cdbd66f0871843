"""From views to clusters: signals added up, harmless readings weighed, the budget charged."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hydrometer.stats.combine import average_evalues
from hydrometer.watch.detect.alarm import Budget, level_of
from hydrometer.watch.detect.explain import explain
from hydrometer.watch.detect.register import Register
from hydrometer.watch.detect.settings import Settings
from hydrometer.watch.detect.signals import SIGNALS, hoarding
from hydrometer.watch.detect.view import Population, View
from hydrometer.watch.result import Cluster, Signal

__all__ = ["judge"]

DAY = 86_400_000_000
CERTAIN = 0.3
"""Evidence (shared share of prompts, summed over exchanges) of a membership of 1 - 1/e."""
LEAST = 0.25
"""Membership below which an account is left out; 1/2 where only a link ties it to the others."""
OBJECTS = 32
"""Shared things that a cluster names."""


def judge(
    views: Sequence[View],
    settings: Settings,
    register: Register,
    population: Population,
    time: int,
) -> tuple[tuple[Cluster, ...], NDArray[np.float64], int]:
    """Return the clusters, a score for every account of the population, and the tests so far."""
    least = int(settings.groups["accounts"])
    read = []
    for view in views:
        if view.members.size >= least:
            signals = _signals(view, settings)
            read.append((_score(signals), view, signals))
    read.sort(key=lambda item: -item[0])
    found, looks, taken = [], [], set[str]()
    register.forget(time)
    index = register.index()
    for score, view, signals in read:
        name = register.name(view.members, taken, index)
        taken.add(name)
        charged = register.charge(name, view.members, len(view.rows), time)
        cluster = _cluster(name, view, signals, score, settings, register, time)
        looks.append(cluster)
        found.append(register.keep(cluster, time, charged=charged))
    found += register.unseen(time)
    scores = np.zeros(population.account.size)
    for cluster in (*looks, *found):
        accounts = np.array(cluster.accounts, dtype=np.uint64)
        at = np.searchsorted(population.account, accounts)
        open_ = any(e.status == "possible" for e in cluster.explanations)
        value = max(cluster.score - open_, 0.0) * np.array(cluster.membership)
        np.maximum.at(scores, at, value)
    shown = [c for c in found if c.level != "none"]
    shown.sort(key=lambda c: (-c.score, c.id))
    return tuple(shown), scores, register.tested


def _signals(view: View, settings: Settings) -> dict[str, Signal]:
    return {
        name: replace(measure(view), weight=settings.weights[name])
        for name, measure in SIGNALS.items()
    }


def _score(signals: dict[str, Signal]) -> float:
    return sum(s.weight * s.strength for s in signals.values() if not math.isnan(s.strength))


def _cluster(
    name: str,
    view: View,
    signals: dict[str, Signal],
    score: float,
    settings: Settings,
    register: Register,
    time: int,
) -> Cluster:
    explanations = explain(view, signals)
    bets = [s.log_e for s in signals.values() if not math.isnan(s.log_e)]
    log_e = average_evalues(bets).log_e if bets else math.nan
    members = _membership(view)
    order = np.lexsort((view.members, -members))
    order = order[members[order] >= (LEAST if (view.rows.hits > 0).any() else 0.5)]
    days, n = np.unique(view.rows.time // DAY, return_counts=True)
    span = time - (register.since or time)
    budget = Budget(settings.false_alarms, register.groups, register.looks, span)
    level = level_of(
        score,
        log_e,
        int((members >= 0.5).sum()),
        explanations,
        levels=settings.levels,
        log_bar=budget.log_bar,
    )
    return Cluster(
        id=name,
        accounts=tuple(view.members[order].tolist()),
        membership=tuple(members[order].tolist()),
        first=int(view.rows.time[0]),
        last=int(view.rows.time[-1]),
        events=len(view.rows),
        score=score,
        log_e=log_e,
        level=level,
        signals=tuple(signals.values()),
        explanations=explanations,
        objects=tuple(view.objects[:OBJECTS].tolist()),
        timeline=tuple(zip((days * DAY).tolist(), n.tolist(), strict=True)),
    )


def _membership(view: View) -> NDArray[np.float64]:
    """Return how surely each account takes part, in [0, 1].

    Where text is shared: the shared share of its prompts, summed up. Where only a link is, an
    account that behaves like any other has the link by chance: how far its habits lie from the
    population's middle, beside the group's median.
    """
    rows = view.rows
    if (rows.hits > 0).any():
        covered = rows.hits / np.maximum(rows.objects, 1)
        evidence = np.bincount(view.of, weights=covered, minlength=view.members.size)
        return -np.expm1(-evidence / CERTAIN)
    habits = np.nan_to_num(view.per_member(hoarding.habits(view)), nan=0.5) - 0.5
    middle = float(np.median(habits))
    if middle <= 0.05:
        return np.full(view.members.size, 0.5)
    return np.clip(habits / middle, 0.0, 1.0)
