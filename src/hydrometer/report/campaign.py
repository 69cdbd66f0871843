"""The figures of a finding about accounts: signals, days, members, other readings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from hydrometer.finding import Finding
from hydrometer.report import numbers, plots

__all__ = ["DRAWN", "Campaign", "campaign"]

DRAWN = ("accounts", "signals", "explanations", "timeline", "aisvs")
"""Details that are shown as figures and tables, hence not listed again."""

SHOWN = 20
"""Accounts in the table; the finding file and the CSV export hold all of them."""

DAYS = 400
"""Longest timeline that is drawn, in days."""

STATUS = {"excluded": "✓", "possible": "✕", "not checked": "?"}


@dataclass(frozen=True)
class Row:
    """One signal: its bar runs from the middle, positions in per cent."""

    name: str
    question: str
    strength: str
    left: float
    width: float
    weight: str
    evalue: str
    seen: str
    against: bool
    weak: bool


@dataclass(frozen=True)
class Days:
    """Exchanges of the cluster by day."""

    bars: tuple[tuple[str, int, plots.Bar], ...]
    scale: plots.Scale
    marks: tuple[tuple[float, str, str], ...]
    total: int


@dataclass(frozen=True)
class Member:
    """One account of the table."""

    account: str
    membership: str
    width: float
    score: str


@dataclass(frozen=True)
class Campaign:
    """What the template draws of a finding about accounts."""

    facts: tuple[tuple[str, str], ...]
    signals: tuple[Row, ...]
    days: Days | None
    accounts: tuple[Member, ...]
    rest: int
    explanations: tuple[tuple[str, str, str, str], ...]
    queries: tuple[tuple[str, str], ...]


def campaign(finding: Finding) -> Campaign | None:
    """Return the figures of a finding of kind ``watch``, None for any other.

    What cannot be drawn is left out: a finding file is input like any other.
    """
    if finding.kind != "watch":
        return None
    d = finding.details
    members = [m for m in _mappings(d.get("accounts")) if isinstance(m.get("account"), str)]
    return Campaign(
        facts=_facts(d),
        signals=_signals(finding),
        days=_days(d.get("timeline")),
        accounts=tuple(_member(m) for m in members[:SHOWN]),
        rest=max(0, len(members) - SHOWN),
        explanations=tuple(
            (
                STATUS.get(str(e.get("status")), "?"),
                str(e.get("status")),
                str(e.get("name")),
                str(e.get("detail") or ""),
            )
            for e in _mappings(d.get("explanations"))
        ),
        queries=_queries(d.get("aisvs")),
    )


def _facts(d: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    budget = _number(d.get("budget"))
    window = d.get("window")
    span = ""
    if isinstance(window, (list, tuple)) and len(window) == 2:
        span = f"{str(window[0])[:10]} to {str(window[1])[:10]}"
    rows = (
        ("Cluster", str(d.get("cluster") or "")),
        ("Level", str(d.get("level") or "")),
        ("Window", span),
        ("False alarms allowed", f"{budget:g} in 30 days" if budget is not None else ""),
    )
    return tuple((k, v) for k, v in rows if v)


def _signals(finding: Finding) -> tuple[Row, ...]:
    weights = {
        str(s.get("name")): _number(s.get("weight"))
        for s in _mappings(finding.details.get("signals"))
    }
    views = sorted(
        finding.views, key=lambda v: -((v.statistic or 0.0) * (weights.get(v.name) or 0.0))
    )
    out = []
    for v in views:
        size = v.statistic if plots.drawable(v.statistic) else None
        end = 50 + 50 * min(1.0, max(-1.0, size or 0.0))
        left, right = min(50.0, end), max(50.0, end)
        out.append(
            Row(
                v.name,
                v.question,
                numbers.number(v.statistic, 2),
                round(left, 3),
                round(right - left, 3),
                numbers.number(weights.get(v.name), 2),
                numbers.evalue(v.evalue),
                v.note,
                size is not None and size < 0,
                v.weak or size is None,
            )
        )
    return tuple(out)


def _days(value: object) -> Days | None:
    counts: dict[date, int] = {}
    for pair in value if isinstance(value, (list, tuple)) else ():
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            continue
        day, count = pair
        if type(count) is not int or not 0 <= count < plots.EXTREME or not isinstance(day, str):
            continue
        try:
            at = date.fromisoformat(day)
        except ValueError:
            continue
        counts[at] = counts.get(at, 0) + count
    if not counts or not any(counts.values()):
        return None
    first, last = min(counts), max(counts)
    n = (last - first).days + 1
    if n > DAYS:
        return None
    top = float(max(counts.values()))
    scale = plots.scale_over([0.0, top], steps=4, pad=0.0)
    scale = plots.Scale(0.0, scale.high * 1.06, tuple(t for t in scale.ticks if t == int(t)))
    slot = 100 / max(n, 7)  # few days keep slim bars
    bars = []
    for i in range(n):
        day = first + timedelta(days=i)
        count = counts.get(day, 0)
        bar = plots.Bar(
            round(i * slot + slot * 0.1, 3), round(slot * 0.8, 3), scale(count), count, False
        )
        bars.append((day.isoformat(), count, bar))
    step = max(1, math.ceil(n / 6))
    marks = tuple(
        (
            round((i + 0.5) * slot, 3),
            bars[i][0][5:] if i else bars[i][0],
            "middle" if i else "start",
        )
        for i in range(0, n, step)
    )
    marks = ((bars[0][2].x, marks[0][1], "start"), *marks[1:])
    return Days(tuple(bars), scale, marks, sum(counts.values()))


def _member(m: Mapping[str, Any]) -> Member:
    share = _number(m.get("membership"))
    return Member(
        str(m["account"]),
        numbers.number(share, 2),
        round(100 * min(1.0, max(0.0, share or 0.0)), 2),
        numbers.number(_number(m.get("score"))),
    )


def _queries(value: object) -> tuple[tuple[str, str], ...]:
    volume = value.get("query_volume") if isinstance(value, Mapping) else None
    if not isinstance(volume, Mapping):
        return ()
    share = _number(volume.get("share_of_window"))
    rows = (
        ("exchanges for each account", _number(volume.get("per_principal"))),
        ("for each account and day", _number(volume.get("per_principal_and_day"))),
    )
    shown = [(k, numbers.number(v)) for k, v in rows if v is not None]
    if share is not None:
        shown.append(("share of the window's exchanges", numbers.percent(share)))
    return tuple(shown)


def _mappings(value: object) -> list[Mapping[str, Any]]:
    if not isinstance(value, (list, tuple)):
        return []
    return [v for v in value if isinstance(v, Mapping)]


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None
