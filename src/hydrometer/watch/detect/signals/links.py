"""Identity and infrastructure links: payment, sign-up, address, network, TLS, headers.

Each thing is weighed by how few accounts have it: a cloud's address and a popular SDK count for
nothing, one means of payment for forty accounts counts.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import rel_entr

from hydrometer.stats.combine import average_evalues
from hydrometer.stats.eprocess import log_e_from_p
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
        permutation): its members among them are hypergeometric. One p-value for each kind
        (Bonferroni over the kind's things), e-values averaged over kinds.
    """
    m, total = view.members.size, view.population.account.size
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
        sharing = np.zeros(things.size, dtype=np.int64)
        sharing[which] = view.link_sharing[mine]
        p = _tail(inside, m, np.maximum(sharing, inside) / total)
        p = np.minimum(1.0, p * things.size)
        if code not in founding:
            log_e.append(float(log_e_from_p([max(float(p.min()), 1e-300)])[0]))
        rare = np.zeros(things.size)
        rare[which] = np.maximum(0.0, 1.0 - view.link_usual[mine] / USUAL)
        strong = (p < LEVEL)[which]
        at = np.searchsorted(view.members, view.link_account[mine])
        if code not in CLIENT:
            covered[at[strong & (rare[which] >= 0.5)]] = True
        np.maximum.at(weight, at[strong], rare[which][strong])
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


def _tail(inside: NDArray[np.int64], m: int, share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a bound on the hypergeometric tail: at least ``inside`` of ``m`` have the thing.

    References
    ----------
    Hoeffding, W. (1963), Probability inequalities for sums of bounded random variables, theorem 1
    with section 6 (sampling without replacement): exp(-m KL(inside / m, share)).
    """
    seen = inside / m
    divergence = rel_entr(seen, share) + rel_entr(1.0 - seen, np.maximum(1.0 - share, 1e-12))
    return np.where((inside > 1) & (seen > share), np.exp(-m * divergence), 1.0)
