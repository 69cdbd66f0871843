"""Identity and infrastructure links: payment, sign-up, address, network, TLS, headers.

Each thing is weighed by how few accounts have it: a cloud's address and a popular SDK count for
nothing, one means of payment for forty accounts counts.
"""

from __future__ import annotations

import math

import numpy as np

from hydrometer.stats.combine import average_evalues
from hydrometer.stats.eprocess import log_e_from_p
from hydrometer.watch.detect.groups import RARE
from hydrometer.watch.detect.signals.reading import LEAST, reading, silent
from hydrometer.watch.detect.view import View
from hydrometer.watch.event import Kind
from hydrometer.watch.result import Signal

__all__ = ["measure"]

NAME = "links"
LEVEL = 1e-3
USUAL = 0.25
"""Usualness from which a shared thing is no tie."""
CLIENT = (Kind.AGENT, Kind.SDK, Kind.SHAPE)
"""A program that many people use brings these: they tie requests, not accounts."""
NAMES = {
    **{Kind.PAYMENT: "payment", Kind.SIGNUP: "sign-up", Kind.IP: "address", Kind.NET: "network"},
    **{Kind.TLS: "TLS", Kind.OTHER: "other header", Kind.AGENT: "agent", Kind.SDK: "SDK"},
    **{Kind.ASN: "network operator", Kind.EMAIL: "e-mail domain", Kind.SHAPE: "parameters"},
}


def measure(view: View) -> Signal:
    """Measure how many members have a thing in common that chance would not give them.

    Null hypothesis
        Which accounts have a thing is random, given how many have it (a degree-preserving
        permutation): the ties of members (accounts beyond the first of each rare thing) are at
        most Poisson with the number of pairs of members times the chance of a tie. One p-value
        for each kind, over all of the kind's things; e-values averaged over kinds.
    """
    m = view.members.size
    kind = (view.link_object >> np.uint64(60)).astype(np.int64)
    if m < LEAST or not np.isin(kind, list(NAMES)).any():
        return silent(NAME, "no identity or infrastructure is recorded")
    # What founded the group was chosen because it is shared: it gives a strength and no e-value.
    founding = set((view.objects >> np.uint64(60)).astype(np.int64).tolist())
    covered = np.zeros(m, dtype=bool)
    weight = np.zeros(m)
    log_e: list[float] = []
    told: list[str] = []
    measures: dict[str, float] = {}
    for code, name in NAMES.items():
        mine = kind == code
        if not mine.any():
            continue
        things, which, inside = np.unique(
            view.link_object[mine], return_inverse=True, return_counts=True
        )
        usual = np.ones(things.size)
        usual[which] = view.link_usual[mine]
        rare = usual <= RARE
        seen = float((inside[rare] - 1).clip(0).sum())
        log_p = _log_tail(seen, 0.5 * m * (m - 1) * float(view.link_chance[code]))
        if code not in founding:
            log_e.append(float(log_e_from_p([max(math.exp(log_p), 1e-300)])[0]))
        strong = (rare & (inside > 1) & (log_p < math.log(LEVEL)))[which]
        at = np.searchsorted(view.members, view.link_account[mine])
        if code not in CLIENT:
            covered[at[strong]] = True
        np.maximum.at(weight, at[strong], (1.0 - usual / USUAL)[which][strong])
        share = float(np.unique(at[strong]).size / m)
        measures[name.replace(" ", "_")] = share
        if share > 0.05:
            told.append(f"{name} {share:.0%}")
    strength = float(weight.mean())
    return reading(
        NAME,
        strength,
        "members tied by something that chance would not give them: "
        + (", ".join(told) if told else "none"),
        log_e=average_evalues(log_e).log_e if log_e else math.nan,
        measures={**measures, "tied": float(covered.mean())},
    )


def _log_tail(seen: float, expected: float) -> float:
    """Return the log of Chernoff's bound on a Poisson tail: at least ``seen`` ties.

    Ties within a kind exclude each other (an account has one means of payment): they are
    negatively associated, and the bound holds for their sum.

    References
    ----------
    Dubhashi, D. and Ranjan, D. (1998), Balls and bins: a study in negative dependence, section 4.
    """
    if seen <= expected or seen <= 0.0:
        return 0.0
    if expected <= 0.0:
        expected = 1e-9
    return -(seen * math.log(seen / expected) - seen + expected)
