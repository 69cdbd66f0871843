"""Draw the power against the teacher's share as one SVG for each base; no library is needed."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import Any

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 760, 420, 64, 44, 290, 56
COLOURS = ("#1b4965", "#ca6702", "#2a9d8f", "#9b2226", "#6c757d", "#7b2cbf", "#386641")
SKIPPED = ("2-gram",)
"""Views that are in the table and would crowd the figure."""


def place(share: float, rate: float) -> tuple[float, float]:
    """Return where a point lies: shares on a logarithmic axis from 1 to 100.

    Parameters
    ----------
    share : float
        Percent.
    rate : float
        Between 0 and 1.

    Returns
    -------
    tuple of float
        Pixels from the left and from the top.

    Examples
    --------
    >>> place(1, 1) == (LEFT, TOP)
    True
    """
    x = LEFT + (WIDTH - LEFT - RIGHT) * math.log10(share) / 2
    return x, TOP + (HEIGHT - TOP - BOTTOM) * (1 - rate)


def draw(base: str, views: dict[str, Any], fpr: float) -> str:
    """Return one figure.

    Parameters
    ----------
    base : str
        Whose students.
    views : dict
        From ``power.json``.
    fpr : float
        The level.

    Returns
    -------
    str
        SVG.
    """
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="Helvetica, Arial, sans-serif" font-size="12" fill="#222">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="24" font-size="15">Students detected at {100 * fpr:g} % false '
        f"positives, base {base}</text>",
    ]
    for share in (1, 5, 10, 50, 100):
        x, y = place(share, 0)
        out.append(f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{y:.1f}" stroke="#eee"/>')
        out.append(f'<text x="{x:.1f}" y="{y + 18:.1f}" text-anchor="middle">{share} %</text>')
    for rate in (0, 0.25, 0.5, 0.75, 1):
        x, y = place(1, rate)
        end = WIDTH - RIGHT
        out.append(f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{end}" y2="{y:.1f}" stroke="#ddd"/>')
        out.append(f'<text x="{x - 8:.1f}" y="{y + 4:.1f}" text-anchor="end">{rate:g}</text>')
    middle = LEFT + (WIDTH - LEFT - RIGHT) / 2
    out.append(
        f'<text x="{middle}" y="{HEIGHT - 14}" text-anchor="middle">'
        "teacher's share of the training examples</text>"
    )
    shown = [(n, v) for n, v in views.items() if not any(s in n for s in SKIPPED)]
    for number, (name, view) in enumerate(shown):
        colour = COLOURS[number % len(COLOURS)]
        shift = 5 * (number - (len(shown) - 1) / 2)
        points = []
        for row in view["by_share"]:
            if row["rate"] is None:
                continue
            x, y = place(row["share"], row["rate"])
            points.append(f"{x + shift:.1f},{y:.1f}")
            low, high = (place(row["share"], v)[1] for v in row["interval"])
            out.append(
                f'<line x1="{x + shift:.1f}" y1="{low:.1f}" x2="{x + shift:.1f}" y2="{high:.1f}" '
                f'stroke="{colour}" stroke-opacity="0.45"/>'
            )
            out.append(f'<circle cx="{x + shift:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>')
        line = " ".join(points)
        out.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.6"/>')
        y = TOP + 14 + 30 * number
        out.append(f'<circle cx="{WIDTH - RIGHT + 26}" cy="{y - 4}" r="4" fill="{colour}"/>')
        told = name if points else f"{name} (too few null pairs)"
        head, _, rest = told.partition(", ")
        out.append(f'<text x="{WIDTH - RIGHT + 36}" y="{y}">{head}</text>')
        if rest:
            at = f'x="{WIDTH - RIGHT + 36}" y="{y + 13}"'
            out.append(f'<text {at} font-size="10.5" fill="#555">{rest}</text>')
    out.append("</svg>")
    return "\n".join(out) + "\n"


def main() -> None:
    """Write ``power-BASE.svg`` beside ``power.json``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, required=True)
    args = parser.parse_args()
    found = json.loads((args.results / "power.json").read_text(encoding="utf-8"))
    for base, views in found["bases"].items():
        text = draw(base, views, found["fpr"])
        (args.results / f"power-{base}.svg").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
