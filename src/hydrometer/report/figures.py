"""The figures of one finding, assembled for the templates."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hydrometer.finding import Candidate, Finding, View
from hydrometer.report import headline, numbers, plots

__all__ = ["Cell", "Curves", "Matrix", "Ranks", "Strips", "curves", "matrix", "ranks", "strips"]

SHOWN = 8
"""Candidates drawn at once; the rest stand behind a fold."""

CELLS = 64
"""Most answers per set that a histogram can show."""


@dataclass(frozen=True)
class Strip:
    """Where the suspect stands among the null models of one candidate."""

    candidate: Candidate
    dots: tuple[plots.Dot, ...]
    at: float | None
    above: tuple[int, int] | None
    p: str
    median: float | None
    top: float | None


@dataclass(frozen=True)
class Strips:
    """All strips on one scale."""

    scale: plots.Scale
    shown: tuple[Strip, ...]
    rest: tuple[Strip, ...]


def strips(finding: Finding) -> Strips | None:
    """Return a strip for every candidate that has a score or a null population."""
    values = [c.score for c in finding.candidates if c.score is not None]
    values += [s.score for c in finding.candidates for s in c.null]
    if not any(plots.drawable(v) for v in values):
        return None
    scale = plots.scale_over(values)
    rows = []
    for c in finding.candidates:
        scores = sorted(s.score for s in c.null if math.isfinite(s.score))
        middle = len(scores) // 2
        median = None
        if scores:
            median = (
                scores[middle] if len(scores) % 2 else sum(scores[middle - 1 : middle + 1]) / 2
            )
        at = scale(c.score) if c.score is not None and plots.drawable(c.score) else None
        rows.append(
            Strip(
                c, plots.swarm(c.null, scale), at, numbers.count_above(c),
                numbers.candidate_p(finding, c), median, scores[-1] if scores else None,
            )
        )  # fmt: skip
    return Strips(scale, tuple(rows[:SHOWN]), tuple(rows[SHOWN:]))


@dataclass(frozen=True)
class Curve:
    """The evidence for one candidate as prompts come in."""

    teacher: str
    points: str
    end: float
    last: str
    prompts: int
    leading: bool


@dataclass(frozen=True)
class Curves:
    """Curves on shared scales; ``threshold`` and ``above`` say where the bar is."""

    x: plots.Scale
    y: plots.Scale
    curves: tuple[Curve, ...]
    threshold: float | None
    meaning: str
    unit: str
    bets: bool

    def tick(self, value: float) -> str:
        """Return the label of a tick of the vertical scale."""
        if not self.bets:
            return self.y.label(value)
        if abs(value - round(value)) > 1e-9:
            return ""
        return numbers.evalue(10.0**value) if -3 <= value <= 4 else f"10^{value:.0f}"


def curves(finding: Finding) -> Curves | None:
    """Return the evidence against the number of prompts, or None without curves."""
    bets = finding.kind == "served"
    unit = math.log(10) if bets else 1.0
    thinned = [(c, plots.thin([(n, y / unit) for n, y in c.curve])) for c in finding.candidates]
    drawn = [(c, t) for c, t in thinned if len(t) > 1][:SHOWN]
    own = _own_curve(finding.details.get("curve"), unit)
    first = headline.lead(finding)
    if not drawn and own:
        first = Candidate("served answers")
        drawn = [(first, own)]
    if not drawn:
        return None
    threshold, meaning = _threshold(finding, first, bets)
    x = plots.scale_over([n for _, t in drawn for n, _ in t], pad=0.0)
    heights = [v for _, t in drawn for _, v in t] + [0.0]
    y = plots.scale_over([*heights, *([] if threshold is None else [threshold])], steps=5)
    out = [
        Curve(c.teacher, plots.polyline(t, x, y), 100 - y(t[-1][1]),
              numbers.evalue(10.0 ** min(300.0, t[-1][1])) if bets else numbers.number(t[-1][1]),
              t[-1][0], c is first)
        for c, t in drawn
    ]  # fmt: skip
    name = "e-value, logarithmic" if bets else finding.statistic_name or "score"
    return Curves(x, y, tuple(out), threshold, meaning, name, bets)


def _own_curve(value: object, unit: float) -> list[tuple[int, float]]:
    """Return the curve of the finding itself, ``details["curve"]``, if it is one."""
    if not isinstance(value, (list, tuple)):
        return []
    points = []
    for pair in value:
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            return []
        n, y = pair
        if type(n) is not int or type(y) not in (int, float) or abs(y) > 1e300:
            return []
        points.append((n, y / unit))
    points = plots.thin(points)
    return points if len(points) > 1 else []


def _threshold(finding: Finding, first: Candidate | None, bets: bool) -> tuple[float | None, str]:
    given = finding.details.get("threshold")
    if isinstance(given, (int, float)) and plots.drawable(float(given)):
        return float(given) / (math.log(10) if bets else 1.0), "threshold"
    if bets:
        if 0 < finding.alpha < 1:
            return -math.log10(finding.alpha), f"1/α = {numbers.number(1 / finding.alpha)}"
        return None, ""
    scores = [s.score for s in first.null if plots.drawable(s.score)] if first else []
    if not scores:
        return None, ""
    return max(scores), "highest null model"


@dataclass(frozen=True)
class Cell:
    """One view of one candidate."""

    view: View | None
    mark: str
    says: str
    text: str
    strength: int


@dataclass(frozen=True)
class Matrix:
    """Candidates by views."""

    views: tuple[View, ...]
    rows: tuple[tuple[Candidate, tuple[Cell, ...]], ...]


def cell(view: View | None) -> Cell:
    """Return a view's direction and its one number: p, else e, else the statistic."""
    if view is None:
        return Cell(None, "", "not computed", numbers.DASH, 0)
    marks = {True: ("▲", "points to it"), False: ("▽", "points away")}
    mark, says = marks[view.agrees] if view.agrees is not None else ("·", "cannot tell")
    strength = 0.0
    if view.pvalue is not None:
        text, strength = f"p {numbers.pvalue(view.pvalue)}", -math.log10(view.pvalue)
    elif view.evalue is not None:
        text = f"e {numbers.evalue(view.evalue)}"
        strength = math.log10(view.evalue) if 1 < view.evalue < math.inf else 0.0
    else:
        text = numbers.number(view.statistic)
    level = min(3, max(0, math.floor(strength))) if view.agrees and not view.weak else 0
    return Cell(view, mark, says, text, level)


def matrix(finding: Finding) -> Matrix | None:
    """Return the matrix of candidates and views, or None where there are no views."""
    names: dict[str, View] = {}
    for c in finding.candidates:
        for v in c.views:
            names.setdefault(v.name, v)
    if not names:
        return None
    rows = []
    for c in finding.candidates:
        own = {v.name: v for v in c.views}
        rows.append((c, tuple(cell(own.get(n)) for n in names)))
    return Matrix(tuple(names.values()), tuple(rows))


@dataclass(frozen=True)
class Ranks:
    """Histograms of the ranks of the served answer, and of a control."""

    k: int
    panels: tuple[tuple[str, plots.Histogram], ...]


def _counts(details: Mapping[str, Any], key: str) -> list[int]:
    value = details.get(key)
    if not isinstance(value, (list, tuple)) or not 2 <= len(value) <= CELLS:
        return []
    if not all(isinstance(x, int) and not isinstance(x, bool) and 0 <= x < 1e7 for x in value):
        return []
    return list(value) if sum(value) else []


def ranks(finding: Finding) -> Ranks | None:
    """Return the rank histograms, or None where the finding holds no usable counts."""
    counts = _counts(finding.details, "rank_counts")
    if not counts:
        return None
    k = finding.details.get("k")
    if isinstance(k, int) and k + 1 != len(counts):
        return None
    control = _counts(finding.details, "control_rank_counts")
    both = [c for c in (counts, control) if c]
    top = max(max(*c, plots.binomial_band(sum(c), len(c)).high) / sum(c) for c in both)
    names = ("the suspect", "control: a model that was not trained on them")
    panels = zip(names, (plots.histogram(c, top=top) for c in both), strict=False)
    return Ranks(len(counts) - 1, tuple(panels))
