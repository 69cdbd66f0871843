"""What else explains a group: each harmless reading, and what the data say of it.

A reading is ``excluded`` only on a number that it could not produce. One that stays ``possible``
keeps the group from being an alarm.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from hydrometer.watch.detect.profile import FEATURES
from hydrometer.watch.detect.signals.tiling import shared_texts
from hydrometer.watch.detect.view import View
from hydrometer.watch.event import Kind
from hydrometer.watch.result import Explanation, Signal

__all__ = ["explain"]

SHARED = 0.25
"""Share of a member's texts sent by another, above which people ask the same thing."""
ONE = 0.5
"""Share of members in one declared organisation, or of exchanges from one account."""
ASKS, HOARDS, TIED = 0.3, 0.5, 0.3
"""Strengths of elicitation (and pivot) and hoarding, and the share of accounts tied by identity or
infrastructure, from which a group is more than a frame that people share."""
QUOTAS, OFTEN = 0.5, 8.0
"""Strength of balance that speaks of quotas, and exchanges per account from which it can: who
copies a frame uses it a few times, and a few times each is what equal quotas look like too."""
TURNS = 0.5
"""Share of exchanges with tools or several turns from which it may be an agent."""


def explain(view: View, signals: Mapping[str, Signal]) -> tuple[Explanation, ...]:
    """Return every harmless reading with its status."""
    return (
        _same_question(view),
        _one_customer(view),
        _agent(view),
        _public_prompt(signals),
        _by_hand(signals),
        _batch(view, signals),
        _reseller(view),
    )


def _mean(view: View, feature: str) -> float:
    values = view.rows.features[:, FEATURES.index(feature)]
    members = view.per_member(values)
    return float(np.nanmean(members)) if (~np.isnan(members)).any() else math.nan


def _same_question(view: View) -> Explanation:
    name = "evaluation harness, class with one assignment, or popular prompt"
    shared = shared_texts(view)
    if math.isnan(shared):
        return Explanation(name, "not checked", "no text is recorded")
    told = f"{shared:.0%} of a member's texts were sent by another member"
    return Explanation(name, "possible" if shared > SHARED else "excluded", told)


def _one_customer(view: View) -> Explanation:
    name = "one customer with several keys (one-template product, batch labelling)"
    counts = view.counts()
    top = float(counts.max() / counts.sum()) if counts.size else 1.0
    org = view.link_object[(view.link_object >> np.uint64(60)) == Kind.ORG]
    keys = np.unique(org, return_counts=True)[1]
    declared = float(keys[keys > 1].sum() / view.members.size)
    if top > ONE or declared > ONE:
        told = f"one account sends {top:.0%}; {declared:.0%} share a declared organisation"
        return Explanation(name, "possible", told)
    told = f"the largest account sends {top:.0%} of the group's exchanges"
    if not org.size:
        # Several keys of one customer look like several accounts where nobody says whose they are.
        return Explanation(name, "not checked", told + "; no organisation is recorded")
    return Explanation(name, "excluded", told)


def _agent(view: View) -> Explanation:
    name = "an agent fleet: one public client on many accounts"
    single, scripted = _mean(view, "single"), _mean(view, "scripted")
    if math.isnan(single):
        return Explanation(name, "not checked", "turns are not recorded")
    told = f"{1 - single:.0%} of exchanges have several turns, {1 - scripted:.0%} offer tools"
    agentic = 1 - single > TURNS or 1 - scripted > TURNS
    return Explanation(name, "possible" if agentic else "excluded", told)


def _public_prompt(signals: Mapping[str, Signal]) -> Explanation:
    name = "a public framework's default prompt"
    balance, hoarding = signals["balance"], signals["hoarding"]
    links = signals["links"].measures.get("tied", 0.0)
    if math.isnan(balance.strength):
        if links > TIED:
            return Explanation(name, "excluded", f"{links:.0%} of the accounts are tied otherwise")
        return Explanation(
            name, "possible", "too few exchanges per account to tell customers from quotas"
        )
    spread = balance.measures["overdispersion"]
    told = f"rates differ with an overdispersion of {spread:.2f}"
    if links > TIED:
        return Explanation(name, "excluded", f"{links:.0%} of the accounts are tied otherwise")
    beyond = _beyond(signals)
    if len(beyond) > 1:
        return Explanation(name, "excluded", f"{told}; beyond the frame: {', '.join(beyond)}")
    people = balance.strength < 0 or (hoarding.strength < 0 and balance.strength < 0.5)
    return Explanation(name, "possible" if people else "excluded", told)


def _by_hand(signals: Mapping[str, Signal]) -> Explanation:
    name = "people who copied a frame and fill it by hand"
    beyond = _beyond(signals)
    told = f"beyond the frame: {', '.join(beyond) or 'nothing'}"
    return Explanation(name, "excluded" if len(beyond) > 1 else "possible", told)


def _beyond(signals: Mapping[str, Signal]) -> list[str]:
    """Return what a group shows beyond a shared frame; one such thing the frame itself may bring.

    A public prompt may ask for steps, and a popular one for long answers: two together it takes.
    """
    seen = {
        "elicitation": (_surely(signals["elicitation"]), ASKS),
        "hoarding": (_surely(signals["hoarding"]), HOARDS),
        "links": (signals["links"].measures.get("tied", 0.0), TIED),
        "pivot": (_surely(signals["pivot"]), ASKS),
        "quotas": (_quotas(signals["balance"]), QUOTAS),
    }
    return [k for k, (value, bar) in seen.items() if value >= bar]


def _quotas(balance: Signal) -> float:
    """Return the strength of equal quotas, once an account has sent enough to have one."""
    each = balance.measures.get("each", 0.0)
    return balance.measures["quotas"] if each >= OFTEN else math.nan


def _surely(signal: Signal) -> float:
    """Return the strength less two standard errors: a dozen accounts may look so by chance."""
    return signal.strength - 2.0 * signal.measures.get("error", math.nan)


def _batch(view: View, signals: Mapping[str, Signal]) -> Explanation:
    name = "labelling or retrieval: long in, short out"
    rank = signals["hoarding"].measures.get("answer", math.nan)
    if math.isnan(rank):
        return Explanation(name, "not checked", "output tokens are not recorded")
    told = f"answers rank at {rank:.2f} of the population in length"
    return Explanation(name, "possible" if rank < 0.35 else "excluded", told)


def _reseller(view: View) -> Explanation:
    name = "a reseller's customers"
    few = view.members.size < 20
    share = float(np.median(view.counts() / np.maximum(view.whole, 1)))
    told = f"{view.members.size} accounts; the frame is {share:.0%} of an account's exchanges"
    return Explanation(name, "possible" if few and share < 0.1 else "excluded", told)
