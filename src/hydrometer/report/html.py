"""Findings to one self-contained HTML page: no script, no network, prints well."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from hydrometer import __version__
from hydrometer.errors import InputError
from hydrometer.finding import Finding
from hydrometer.report import campaign, figures, glossary, headline, numbers, text

__all__ = ["render_html"]

DRAWN = ("rank_counts", "control_rank_counts")
"""Details shown as a figure and its table, hence not listed again."""


def _finalize(value: Any) -> Any:
    """Make text from outside visible before it is escaped; nothing for None."""
    if value is None:
        return ""
    if isinstance(value, Markup):
        return value
    return text.visible(value) if isinstance(value, str) else value


def _listed(finding: Finding) -> list[tuple[str, str]]:
    """Return the remaining details as short JSON."""
    rows = []
    for key in sorted(finding.details):
        if key in DRAWN or (finding.kind == "watch" and key in campaign.DRAWN):
            continue
        try:
            value = json.dumps(finding.details[key], sort_keys=True, ensure_ascii=False)
        except (TypeError, ValueError, RecursionError):
            value = "(cannot be shown)"
        rows.append((key, value if len(value) <= 600 else value[:600] + " …"))
    return rows


def _environment() -> Environment:
    env = Environment(
        loader=PackageLoader("hydrometer.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    env.filters.update(
        number=numbers.number, p=numbers.pvalue, e=numbers.evalue, whole=numbers.whole,
        interval=numbers.interval, percent=numbers.percent,
    )  # fmt: skip
    return env


def _context(finding: Finding, index: int) -> dict[str, Any]:
    smallest = numbers.smallest_p(finding.details)
    drawn = campaign.campaign(finding)
    return {
        "f": finding,
        "id": f"f{index}",
        "sentence": headline.SENTENCE[finding.verdict],
        "headline": headline.headline(finding),
        "questions": headline.questions(finding),
        "pvalue": numbers.pvalue(finding.pvalue, smallest=smallest),
        "smallest": smallest,
        "version": headline.version_of(finding),
        "strips": figures.strips(finding),
        "curves": figures.curves(finding),
        "matrix": figures.matrix(finding),
        "loose": [] if drawn else [figures.cell(v) for v in finding.views],
        "campaign": drawn,
        "ranks": figures.ranks(finding),
        "exhibits": [
            (
                x,
                text.passage(x.prompt, fold=500),
                text.passage(x.left, x.left_spans),
                text.passage(x.right, x.right_spans),
            )
            for x in finding.exhibits
        ],
        "details": _listed(finding),
    }


def render_html(findings: Sequence[Finding]) -> str:
    """Return the report of one finding, or a dossier of several, as one HTML page.

    The page holds everything it needs, runs no script and loads nothing.
    Equal findings give equal bytes.

    Parameters
    ----------
    findings : sequence of Finding
        In the order of the dossier.

    Raises
    ------
    InputError
        If there is no finding.

    Examples
    --------
    >>> page = render_html([Finding("trace", "A title", "It was.", "It was not.")])
    >>> "<h1>A title</h1>" in page, "<script" in page
    (True, False)
    """
    if not findings:
        raise InputError("nothing to report", got="no finding", wanted="at least one")
    watched = any(f.kind == "watch" for f in findings)
    page = _environment().get_template("page.html.j2")
    return page.render(
        items=[_context(f, i) for i, f in enumerate(findings, 1)],
        terms=glossary.TERMS + (glossary.WATCH if watched else ()),
        version=__version__,
    )
