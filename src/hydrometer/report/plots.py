"""Geometry of the figures: numbers in, positions out, drawn by the templates.

Horizontal positions are percentages of the plot's width and vertical ones are
pixels, so that a figure fits a phone without shrinking its letters.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hydrometer.finding import NullScore

__all__ = [
    "Band",
    "Bar",
    "Dot",
    "Histogram",
    "Scale",
    "binomial_band",
    "histogram",
    "polyline",
    "scale_over",
    "swarm",
    "thin",
]

EXTREME = 1e12
"""Values beyond this are not drawn; the tables still show them."""


@dataclass(frozen=True)
class Scale:
    """A linear scale onto 0 to 100, and the round numbers on it."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def __call__(self, value: float) -> float:
        """Return the position of a value, clipped to the plot."""
        share = (value - self.low) / (self.high - self.low)
        return round(100 * min(1.0, max(0.0, share)), 3)

    def label(self, tick: float) -> str:
        """Return a tick's label with as many digits as the step needs."""
        step = self.ticks[1] - self.ticks[0] if len(self.ticks) > 1 else 1.0
        places = min(9, max(0, -math.floor(math.log10(step) + 1e-9)))
        text = f"{abs(tick):,.{places}f}"
        return f"−{text}" if tick < 0 and float(text.replace(",", "")) else text


def drawable(value: float | None) -> bool:
    """Whether a value can be placed on a scale."""
    return value is not None and math.isfinite(value) and abs(value) <= EXTREME


def scale_over(values: Iterable[float], *, steps: int = 6, pad: float = 0.04) -> Scale:
    """Return a scale that holds the values, with round ticks.

    Parameters
    ----------
    values : iterable of float
        In any unit; what cannot be drawn is left out.
    steps : int
        About how many ticks.
    pad : float
        Room at each end, as a share of the range.

    Examples
    --------
    >>> scale_over([0.0, 5.0]).ticks
    (0.0, 1.0, 2.0, 3.0, 4.0, 5.0)
    >>> scale_over([]).ticks
    (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    """
    good = [float(v) for v in values if drawable(v)]
    low, high = (min(good), max(good)) if good else (0.0, 1.0)
    if high - low <= 1e-9 * max(1.0, abs(low), abs(high)):
        room = max(0.5, abs(low) * 1e-3)
        low, high = low - room, high + room
    room = pad * (high - low)
    raw = (high - low) / steps
    power = 10.0 ** math.floor(math.log10(raw))
    step = min((m * power for m in (1, 2, 5, 10)), key=lambda s: abs(s - raw))
    low, high = low - room, high + room
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return Scale(low, high, tuple(round(i * step, 12) + 0.0 for i in range(first, last + 1)))


@dataclass(frozen=True)
class Dot:
    """One null model: position in per cent, offset from the middle in pixels."""

    x: float
    dy: float
    score: NullScore


def swarm(
    scores: Sequence[NullScore], scale: Scale, *, size: float = 7.0, width: float = 430.0
) -> tuple[Dot, ...]:
    """Return the null models as dots that do not hide one another.

    Parameters
    ----------
    scores : sequence of NullScore
        The null population.
    scale : Scale
        The shared scale.
    size, width : float
        Diameter of a dot and narrowest expected width of the plot, pixels.

    Examples
    --------
    >>> twins = [NullScore("a", 1.0), NullScore("b", 1.0)]
    >>> [d.dy for d in swarm(twins, scale_over([0.0, 2.0]))]
    [0.0, -7.0]
    """
    gap = 100 * size / width
    rows = [0, -1, 1, -2, 2]
    last = dict.fromkeys(rows, -math.inf)
    out = []
    drawn = [s for s in scores if drawable(s.score)]
    for s in sorted(drawn, key=lambda s: (s.score, s.model, s.stratum)):
        x = scale(s.score)
        row = next((r for r in rows if x - last[r] >= gap), min(rows, key=lambda r: last[r]))
        last[row] = x
        out.append(Dot(x, row * size, s))
    return tuple(out)


def thin(curve: Sequence[tuple[int, float]], most: int = 300) -> list[tuple[int, float]]:
    """Return at most ``most`` points of a curve, the ends among them."""
    points = sorted((int(n), y) for n, y in curve if drawable(y) and abs(n) < EXTREME)
    if len(points) <= most:
        return points
    return [points[round(i * (len(points) - 1) / (most - 1))] for i in range(most)]


def polyline(points: Sequence[tuple[int, float]], x: Scale, y: Scale) -> str:
    """Return the ``points`` attribute of a curve in a box of 100 by 100.

    Examples
    --------
    >>> unit = scale_over([0.0, 1.0], pad=0.0)
    >>> polyline([(0, 0.0), (1, 1.0)], unit, unit)
    '0,100 100,0'
    """
    return " ".join(f"{x(n):g},{round(100 - y(v), 3):g}" for n, v in points)


@dataclass(frozen=True)
class Band:
    """Counts between which every bar would lie, with what confidence."""

    low: int
    high: int
    level: float
    expected: float


def binomial_band(total: int, cells: int, level: float = 0.99) -> Band:
    """Return the exact band for the counts of uniformly filled cells.

    Each count is binomial; the level is divided by the number of cells, so
    that all bars together lie inside with at least the probability ``level``.

    Parameters
    ----------
    total : int
        Observations.
    cells : int
        Cells, equally likely under the null hypothesis.
    level : float
        Joint coverage, between 0 and 1.

    References
    ----------
    Bonferroni's inequality over equal-tailed exact binomial intervals.

    Examples
    --------
    >>> binomial_band(100, 4, 0.99)
    Band(low=13, high=39, level=0.99, expected=25.0)
    """
    share, tail = 1.0 / cells, (1.0 - level) / (2 * cells)
    if cells == 1 or total == 0:
        return Band(total, total, level, float(total))

    def mass(k: int) -> float:
        return math.exp(
            math.lgamma(total + 1) - math.lgamma(k + 1) - math.lgamma(total - k + 1)
            + k * math.log(share) + (total - k) * math.log1p(-share)
        )  # fmt: skip

    reach = 12 * math.sqrt(total * share) + 60
    start, stop = max(0, int(total * share - reach)), min(total, int(total * share + reach))
    low, below = start, mass(start)
    while below < tail and low < stop:
        low += 1
        below += mass(low)
    high, above = stop, mass(stop)
    while above < tail and high > start:
        high -= 1
        above += mass(high)
    return Band(low, high, level, total * share)


@dataclass(frozen=True)
class Bar:
    """One bar: position and width in per cent, height in per cent of the plot."""

    x: float
    width: float
    height: float
    count: int
    outside: bool


@dataclass(frozen=True)
class Histogram:
    """Counts of ranks against the uniform expectation."""

    bars: tuple[Bar, ...]
    band: Band
    scale: Scale
    total: int


def histogram(counts: Sequence[int], *, top: float | None = None) -> Histogram:
    """Return the bars of rank counts and the exact band around uniformity.

    Parameters
    ----------
    counts : sequence of int
        How often each rank occurred, the lowest rank first.
    top : float or None
        Largest share to show, where two histograms share a scale.
    """
    total, cells = sum(counts), len(counts)
    band = binomial_band(total, cells)
    ceiling = max(*counts, band.high, 1) if top is None else max(1.0, top * total)
    scale = scale_over([0.0, float(ceiling)], steps=4, pad=0.0)
    scale = Scale(0.0, scale.high * 1.06, scale.ticks)
    slot = 100 / cells
    bars = tuple(
        Bar(round(i * slot + slot * 0.1, 3), round(slot * 0.8, 3), scale(c), c,
            not band.low <= c <= band.high)
        for i, c in enumerate(counts)
    )  # fmt: skip
    return Histogram(bars, band, scale, total)
