"""Load-balancing signature: equal quotas, and turns that alternate as a dispatcher deals them.

People come in bouts and differ a hundredfold in how much they use; a dispatcher gives each account
about the same and seldom the same one twice in a row.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import poisson

from hydrometer.stats.eprocess import log_e_from_p
from hydrometer.watch.detect.signals.reading import LEAST, clip, reading, silent
from hydrometer.watch.detect.view import View
from hydrometer.watch.result import Signal

__all__ = ["measure"]

NAME = "balance"
DAY = 86_400_000_000
ENOUGH = 2.0
"""Exchanges per member from which quotas and turns can be told."""
HALF = 0.5
"""Overdispersion at which quotas speak neither way; a lognormal of sigma 0.64 has it."""


def measure(view: View) -> Signal:
    """Measure the spread of the members' rates and how their turns alternate.

    Null hypothesis (of the e-value)
        Given how much each sends, the order of accounts is random: repeats in a row are Poisson
        with mean sum n_i (n_i - 1) / n. Fewer speak for a dispatcher.
    """
    counts = view.counts()
    n, m = len(view.rows), view.members.size
    if m < LEAST or n < ENOUGH * m:
        return silent(NAME, f"{n} exchanges of {m} accounts are too few to see quotas")
    first = np.full(m, np.iinfo(np.int64).max)
    last = np.zeros(m, dtype=np.int64)
    np.minimum.at(first, view.of, view.rows.time)
    np.maximum.at(last, view.of, view.rows.time)
    days = (last - first) / DAY + 1.0
    expected = days * n / days.sum()
    excess = float(((counts - expected) ** 2 - expected).sum() / (expected**2).sum())
    spread = max(excess, 0.0)
    repeats = int((view.of[1:] == view.of[:-1]).sum())
    by_chance = float((counts * (counts - 1.0)).sum() / n)
    quotas = (HALF - spread) / (HALF + spread)
    turns, log_e = math.nan, math.nan
    if by_chance >= 5.0:
        turns = clip((2.0 - math.log2(max(repeats / by_chance, 0.25))) / 4.0)
        log_e = float(log_e_from_p([max(float(poisson.cdf(repeats, by_chance)), 1e-300)])[0])
    strength = quotas if math.isnan(turns) else 0.5 * (quotas + turns)
    return reading(
        NAME,
        strength,
        f"rates of the accounts differ with an overdispersion of {spread:.2f} (people: above 1); "
        f"the same account twice in a row {repeats} times, {by_chance:.0f} by chance",
        log_e=log_e,
        measures={
            "each": n / m,
            "quotas": quotas,
            "overdispersion": spread,
            "repeats": repeats,
            "by_chance": by_chance,
        },
    )
