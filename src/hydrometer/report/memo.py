"""A finding as a Markdown memo of at most two pages."""

from __future__ import annotations

from collections.abc import Iterable

from hydrometer.finding import Finding
from hydrometer.report import headline, numbers
from hydrometer.report.text import escape_markdown, visible

__all__ = ["render_memo"]

MOST = 5
"""Rows of any list or table; the HTML report shows all of them."""


def _bullets(title: str, lines: Iterable[str], *, limit: int = 220) -> list[str]:
    lines = list(lines)
    if not lines:
        return []
    out = [f"## {title}", "", *(f"- {escape_markdown(x, limit)}" for x in lines[:MOST])]
    if len(lines) > MOST:
        out.append(f"- and {len(lines) - MOST} more, in the finding file")
    return [*out, ""]


def _candidates(finding: Finding) -> list[str]:
    if not finding.candidates:
        return []
    out = [
        "| candidate | score | null models as high | p | adjusted p | e | verdict |",
        "|---|--:|--:|--:|--:|--:|---|",
    ]
    for c in finding.candidates[:MOST]:
        above = numbers.count_above(c)
        cells = (
            escape_markdown(c.teacher, 60),
            numbers.number(c.score),
            f"{above[0]} of {above[1]}" if above else numbers.DASH,
            numbers.candidate_p(finding, c),
            numbers.pvalue(c.adjusted),
            numbers.evalue(c.evalue),
            str(c.verdict),
        )
        out.append(f"| {' | '.join(cells)} |")
    more = len(finding.candidates) - MOST
    return [
        *out,
        "",
        *([f"{more} further candidates are in the finding file.", ""] if more > 0 else []),
    ]


def _signals(finding: Finding) -> list[str]:
    if not finding.views:
        return []
    out = ["| signal | strength | e | what was seen |", "|---|--:|--:|---|"]
    for v in finding.views:
        name, note = escape_markdown(v.name, 40), escape_markdown(v.note, 160)
        out.append(
            f"| {name} | {numbers.number(v.statistic)} | {numbers.evalue(v.evalue)} | {note} |"
        )
    return [*out, ""]


def _again(finding: Finding) -> list[str]:
    out = ["## To compute it again", ""]
    if finding.command:
        out += ["    " + " ".join(visible(finding.command[:600]).split()), ""]
    facts = [
        f"{escape_markdown(k, 40)} {escape_markdown(v, 60)}"
        for k, v in sorted(finding.environment.items())[:12]
    ]
    if finding.seed is not None:
        facts.insert(0, f"seed {finding.seed}")
    if facts:
        out += [f"With {', '.join(facts)}.", ""]
    if finding.inputs:
        out += ["| input | role | rows | quarantined | SHA-256 |", "|---|---|--:|--:|---|"]
        for d in finding.inputs[: 2 * MOST]:
            name, role = escape_markdown(d.name, 60), escape_markdown(d.role, 30)
            digest = escape_markdown(d.sha256, 64)
            out.append(f"| {name} | {role} | {d.rows:,} | {d.quarantined:,} | {digest} |")
        if len(finding.inputs) > 2 * MOST:
            out.append(f"| and {len(finding.inputs) - 2 * MOST} more | | | | |")
        out.append("")
    return out


def render_memo(finding: Finding) -> str:
    """Return the memo of a finding: verdict, numbers, alternatives, how to re-compute.

    Parameters
    ----------
    finding : Finding
        The only thing that is read.

    Examples
    --------
    >>> memo = render_memo(Finding("trace", "A title", "It was.", "It was not."))
    >>> memo.splitlines()[2]
    '**Verdict: inconclusive.** The evidence does not decide the question.'
    """
    f, head = finding, headline.headline(finding)
    smallest = numbers.smallest_p(f.details)
    out = [
        f"# {escape_markdown(f.title, 160)}",
        "",
        f"**Verdict: {f.verdict}.** {headline.SENTENCE[f.verdict]}",
        "",
    ]
    if f.summary:
        out += [escape_markdown(f.summary, 700), ""]
    out += [f"**{head.figure}** {escape_markdown(head.meaning)}"]
    out += [f" {escape_markdown(b)}" for b in head.bounds] + [""]
    out += ["## The question", ""]
    for q in headline.questions(f):
        out.append(f"- **{q.name}.** {q.asks} {escape_markdown(q.answer, 300)}")
    out += [
        f"- **Claim.** {escape_markdown(f.claim, 300)}",
        f"- **Null hypothesis.** {escape_markdown(f.null, 300)}",
        "",
        "## What was compared",
        "",
    ]
    counts = ", ".join(f"{escape_markdown(k, 40)} {v:,}" for k, v in list(f.n.items())[:8])
    by = f"{escape_markdown(f.method, 80)} {escape_markdown(f.method_version, 20)}".strip()
    facts = [("Suspect", escape_markdown(f.suspect, 100)), ("Method", by), ("Counts", counts)]
    facts += [
        ("Computed", " by hydrometer ".join(
            escape_markdown(x, 40) for x in (f.created, headline.version_of(f)) if x)),
        ("Alpha", f"{f.alpha:g}" if f.kind != "watch" else ""),
    ]  # fmt: skip
    out += [f"- {name}: {value}" for name, value in facts if value]
    out += ["", "## Numbers", ""]
    name = escape_markdown(f.statistic_name, 120) or "statistic"
    if f.kind == "watch":
        out += [f"{name} {numbers.number(f.statistic)}; e = {numbers.evalue(f.evalue)}.", ""]
        out += _signals(f)
    else:
        out += [
            f"{name} {numbers.number(f.statistic)}; "
            f"p = {numbers.pvalue(f.pvalue, smallest=smallest)}; e = {numbers.evalue(f.evalue)}; "
            f"interval {escape_markdown(numbers.interval(f.interval))}.",
            "",
            *_candidates(f),
        ]
    out += _bullets("Other explanations that cannot be excluded", f.alternatives)
    out += _bullets("What would settle it", f.settle)
    out += _bullets(
        "Assumptions that are open",
        (f"{a.name} ({a.status}{', required' if a.required else ''}): {a.detail}"
         for a in f.assumptions if a.status != "met"),
    )  # fmt: skip
    out += _bullets("What must not be concluded", f.caveats)
    out += _again(f)
    return "\n".join(out).rstrip("\n") + "\n"
