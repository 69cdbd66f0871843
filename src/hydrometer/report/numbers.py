"""Numbers as a reader may quote them: honest digits, and no p-value of zero."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from hydrometer.finding import Candidate, Finding, Interval

__all__ = [
    "DASH",
    "candidate_p",
    "count_above",
    "evalue",
    "fraction",
    "interval",
    "number",
    "percent",
    "pvalue",
    "smallest_p",
    "whole",
]

DASH = "–"
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _scientific(value: float, digits: int) -> str:
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return f"{mantissa} × 10{str(int(exponent)).translate(_SUPERSCRIPT)}"


def number(value: float | None, digits: int = 3) -> str:
    """Return a number with a true minus sign, or a dash where there is none.

    Examples
    --------
    >>> number(-0.01234), number(4.0), number(None), number(123456.0), number(1e-9)
    ('−0.0123', '4.00', '–', '123,456', '1.00 × 10⁻⁹')
    """
    if value is None or math.isnan(value):
        return DASH
    sign, size = ("−" if value < 0 else ""), abs(value)
    if math.isinf(size):
        return f"{sign}∞"
    if size == 0:
        return "0"
    if size >= 1e6 or size < 1e-3:
        return sign + _scientific(size, digits)
    places = max(0, digits - 1 - math.floor(math.log10(size)))
    return f"{sign}{size:,.{places}f}"


def whole(value: float) -> str:
    """Return a count with its thousands apart."""
    return f"{value:,.0f}"


def percent(share: float) -> str:
    """Return a share as a percentage.

    Examples
    --------
    >>> percent(0.95), percent(0.999), percent(float("nan"))
    ('95%', '99.9%', '–')
    """
    return f"{100 * share:.4g}%" if math.isfinite(share) else DASH


def smallest_p(details: Mapping[str, Any]) -> float | None:
    """Return the smallest p-value the null population allows, if the finding says so."""
    value = details.get("smallest_p")
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= 1:
        return float(value) if value > 1e-9 else None
    return None


def fraction(value: float, denominator: int) -> str | None:
    """Return a rank p-value as ``b/n``, or None where it is no multiple of ``1/n``.

    Examples
    --------
    >>> fraction(2 / 34, 34), fraction(0.05, 34)
    ('2/34', None)
    """
    rank = value * denominator
    if rank > 0.5 and abs(rank - round(rank)) < 1e-6 * max(1.0, rank):
        return f"{round(rank)}/{denominator}"
    return None


def pvalue(
    value: float | None, *, smallest: float | None = None, models: int | None = None
) -> str:
    """Return a p-value in words that can be quoted; never zero.

    Parameters
    ----------
    value : float or None
        The p-value.
    smallest : float or None
        The smallest rank p-value possible; a smaller one is raised to it.
    models : int or None
        Number of null models, where it is known.

    Examples
    --------
    >>> pvalue(1 / 34, smallest=1 / 34), pvalue(0.00004), pvalue(0.5), pvalue(1e-300)
    ('1/34', '4.0 × 10⁻⁵', '0.50', '1.0 × 10⁻³⁰⁰')
    >>> pvalue(0.001, smallest=1 / 34)
    '1/34'
    """
    if value is None or not math.isfinite(value):
        return DASH
    if smallest is not None:
        value = max(value, smallest)
        for n in (None if models is None else models + 1, round(1 / smallest)):
            text = fraction(value, n) if n else None
            if text:
                return text
    if value < 1e-3:
        return _scientific(value, 2)
    if value >= 0.995:
        return "1"
    return f"{value:.{max(2, 1 - math.floor(math.log10(value)))}f}"


def evalue(value: float | None) -> str:
    """Return an e-value; large ones as a power of ten.

    Examples
    --------
    >>> evalue(412.3), evalue(0.04), evalue(3.2e9)
    ('412', '0.040', '3.2 × 10⁹')
    """
    if value is None or math.isnan(value):
        return DASH
    if math.isinf(value):
        return "∞"
    if value >= 1e5 or 0 < value < 1e-3:
        return _scientific(value, 2)
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.{1 if value >= 10 else 2 if value >= 1 else 3}f}"


def interval(value: Interval | None) -> str:
    """Return an interval and what its uncertainty is about.

    Examples
    --------
    >>> interval(Interval(1.0, 2.0, 0.95, "prompts", "bootstrap"))
    '1.00 to 2.00 (95%, over prompts, bootstrap)'
    """
    if value is None:
        return DASH
    note = ", ".join(
        x
        for x in (percent(value.level), f"over {value.about}" if value.about else "", value.method)
        if x
    )
    return f"{number(value.low)} to {number(value.high)} ({note})"


def count_above(candidate: Candidate) -> tuple[int, int] | None:
    """Return how many null models score at least as high as the suspect, and of how many."""
    scores = [s.score for s in candidate.null if not math.isnan(s.score)]
    if candidate.score is None or math.isnan(candidate.score) or not scores:
        return None
    return sum(s >= candidate.score for s in scores), len(scores)


def candidate_p(finding: Finding, candidate: Candidate) -> str:
    """Return the p-value of a candidate, as a fraction where it is a rank."""
    models = len(candidate.null) or None
    return pvalue(candidate.pvalue, smallest=smallest_p(finding.details), models=models)
