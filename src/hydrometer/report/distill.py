"""A distillation to one self-contained HTML page, from plain values: no engine, no network."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hydrometer import __version__
from hydrometer.errors import InputError
from hydrometer.report import numbers, plots
from hydrometer.report.html import _environment

__all__ = ["render_distill"]

TERMS = (
    ("loss", "all that is made smaller: a weighted sum of the two terms, in nats per token"),
    ("cross-entropy", "how surprised the student is by the teacher's own text, in nats per token"),
    (
        "distillation",
        "how far the student's distribution is from the teacher's, in nats per token",
    ),
)
LINES = (("loss", "leading"), ("cross_entropy", "other"), ("distillation", "other dashed"))


@dataclass(frozen=True)
class Line:
    """One term of the loss over the updates."""

    name: str
    style: str
    points: str
    end: float
    first: str
    last: str
    steps: int


@dataclass(frozen=True)
class Curve:
    """The learning curve: its terms on one scale."""

    x: plots.Scale
    y: plots.Scale
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Dot:
    """One model by size and quality; ``low`` and ``high`` are the interval's positions."""

    name: str
    role: str
    x: float
    y: float
    low: float | None
    high: float | None
    size: str
    value: str


@dataclass(frozen=True)
class Sizes:
    """Quality against size; the horizontal scale is logarithmic."""

    x: plots.Scale
    y: plots.Scale
    dots: tuple[Dot, ...]
    measure: str

    def tick(self, value: float) -> str:
        """Return a number of parameters for a tick, nothing between the powers of ten."""
        return short(10.0**value) if abs(value - round(value)) < 1e-9 else ""


def short(value: float) -> str:
    """Return a number of parameters in three digits.

    Examples
    --------
    >>> short(135e6), short(1_234), short(999.0)
    ('135 M', '1.23 k', '999')
    """
    for unit, name in ((1e12, " T"), (1e9, " B"), (1e6, " M"), (1e3, " k")):
        if value >= unit:
            return f"{value / unit:.3g}{name}"
    return f"{value:.3g}"


def _number(value: object) -> float | None:
    good = isinstance(value, (int, float)) and not isinstance(value, bool)
    found = float(value) if good and isinstance(value, (int, float)) else None
    return found if plots.drawable(found) else None


def curve(points: Sequence[Mapping[str, Any]]) -> Curve | None:
    """Return the learning curve, None where fewer than two points can be drawn."""
    found: dict[str, list[tuple[int, float]]] = {}
    for name, _ in LINES:
        line = []
        for p in points:
            step, value = _number(p.get("step")), _number(p.get(name))
            if step is not None and value is not None:
                line.append((int(step), value))
        if len(line) > 1:
            found[name] = plots.thin(line)
    if not found:
        return None
    x = plots.scale_over([n for line in found.values() for n, _ in line], pad=0.0)
    y = plots.scale_over([0.0, *(v for line in found.values() for _, v in line)], steps=5)
    lines = tuple(
        Line(
            name.replace("_", "-"), style, plots.polyline(found[name], x, y),
            100 - y(found[name][-1][1]), numbers.number(found[name][0][1]),
            numbers.number(found[name][-1][1]), len(found[name]),
        )
        for name, style in LINES
        if name in found
    )  # fmt: skip
    return Curve(x, y, lines)


def sizes(models: Sequence[Mapping[str, Any]], measure: str) -> Sizes | None:
    """Return quality against size, None where fewer than two models have both."""
    good = []
    for m in models:
        size, value = _number(m.get("parameters")), _number(m.get("quality"))
        if size is not None and size > 0 and value is not None:
            good.append((m, math.log10(size), value))
    if len(good) < 2:
        return None
    x = plots.scale_over(
        [e for _, s, _ in good for e in (math.floor(s - 0.3), math.ceil(s + 0.3))], pad=0.0
    )
    ends = [_number(m.get(k)) for m, _, _ in good for k in ("low", "high")]
    y = plots.scale_over([*(v for _, _, v in good), *(e for e in ends if e is not None)], steps=5)
    dots = []
    for m, s, v in good:
        low, high = _number(m.get("low")), _number(m.get("high"))
        dots.append(
            Dot(
                str(m.get("name")), str(m.get("role") or ""), x(s), y(v),
                None if low is None else y(low), None if high is None else y(high),
                short(10.0**s), numbers.number(v),
            )
        )  # fmt: skip
    return Sizes(x, y, tuple(dots), measure)


def _value(value: object) -> str:
    """Return a figure of the evaluation, or the words in its place."""
    found = _number(value)
    if found is not None and isinstance(value, int):
        return numbers.whole(value)
    return numbers.number(found) if found is not None else str(value or numbers.DASH)


def _interval(value: object) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 2:
        return f"{_value(value[0])} to {_value(value[1])}"
    return numbers.DASH


def render_distill(page: Mapping[str, Any]) -> str:
    """Return the report of a distillation as one HTML page.

    Parameters
    ----------
    page : mapping
        ``student``, ``created``, ``base``, ``recipe``, ``sources``,
        ``examples``, ``permit``, ``duties``, ``training``, ``curve``,
        ``evaluation``, ``sizes``, ``size_measure``, ``limits``, ``files`` and
        ``environment``, as ``hydrometer distill`` records them.

    Raises
    ------
    InputError
        If it is no such record.
    """
    try:
        evaluation = [
            {**e, "teacher": _value(e.get("teacher")), "student": _value(e.get("student")),
             "interval": _interval(e.get("interval")), "n": _value(e.get("n"))}
            for e in page["evaluation"]
        ]  # fmt: skip
        template = _environment().get_template("distill.html.j2")
        return template.render(
            d=page,
            evaluation=evaluation,
            curve=curve(page["curve"]),
            sizes=sizes(page["sizes"], str(page.get("size_measure") or "quality")),
            training=_training(page),
            rejected=sorted(page["examples"]["rejected"].items(), key=lambda x: (-x[1], x[0])),
            terms=TERMS,
            version=__version__,
        )
    except (KeyError, TypeError, AttributeError, ValueError) as err:
        raise InputError(
            "not the record of a distillation",
            got=f"{type(err).__name__}: {err}"[:160],
            next_step="hydrometer distill card WORK",
        ) from err


def _training(page: Mapping[str, Any]) -> list[tuple[str, str]]:
    t, settings = page["training"], page["recipe"]["settings"]
    rows = [
        ("method", settings.get("train", {}).get("method")),
        ("parameters", t.get("parameters")),
        ("trained parameters", t.get("trained_parameters")),
        ("updates", t.get("steps")),
        ("examples used", t.get("examples")),
        ("too long, set aside", len(t.get("set_aside") or ())),
        ("tokens", t.get("tokens")),
        ("seconds", t.get("seconds")),
        ("peak memory, MB", (_number(t.get("peak_memory")) or 0.0) / 1e6 or None),
        ("device", t.get("device")),
        ("processes", t.get("processes")),
        ("recipe", page["recipe"].get("sha256")),
        ("weights", t.get("student_sha256")),
    ]
    return [(k, _value(v)) for k, v in rows if v is not None]
