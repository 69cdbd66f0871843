"""What a reader takes away: the verdict in a sentence, and the number that matters."""

from __future__ import annotations

import math
from dataclasses import dataclass

from hydrometer.finding import Candidate, Finding, Verdict
from hydrometer.report import numbers

__all__ = ["Headline", "Question", "headline", "lead", "questions", "version_of"]

SENTENCE = {
    Verdict.SUPPORTED: "The evidence supports the claim, at the level that was asked for.",
    Verdict.NOT_SUPPORTED: (
        "The evidence does not support the claim. That is not proof of its opposite."
    ),
    Verdict.INCONCLUSIVE: "The evidence does not decide the question.",
}

BEYOND_CHANCE = 1e6
"""E-value of accounts above which its size says no more: harmless causes reach any size."""


@dataclass(frozen=True)
class Headline:
    """The number that matters, what it means, and what bounds it."""

    figure: str
    meaning: str
    bounds: tuple[str, ...]


@dataclass(frozen=True)
class Question:
    """One of the two kinds of question, with its answer in plain words."""

    name: str
    asks: str
    answer: str
    notes: tuple[str, ...]


def lead(finding: Finding) -> Candidate | None:
    """Return the candidate that the finding speaks of: the best, else the first."""
    best = finding.attribution.best if finding.attribution else None
    for c in finding.candidates:
        if c.teacher == best:
            return c
    return finding.candidates[0] if finding.candidates else None


def version_of(finding: Finding) -> str:
    """Return the version of the software that computed the finding."""
    return finding.environment.get("hydrometer", "")


def _bet(evalue: float) -> Headline:
    shown = numbers.evalue(evalue)
    if evalue > 1:
        meaning = (
            f"is what one unit became in a fair bet against the null hypothesis. By chance alone "
            f"a bet ends this high at most once in {shown} times."
        )
    else:
        meaning = (
            "is what one unit became in a fair bet against the null hypothesis: "
            "the bet did not pay, and the data give no reason to reject it."
        )
    return Headline(f"e = {shown}", meaning, ())


def _bet_on_accounts(evalue: float) -> Headline:
    """Say what a bet against independent accounts shows: nothing about why they are alike."""
    if not evalue > 1:
        return _bet(evalue)
    bet = "is what one unit became in a fair bet against accounts that act independently. "
    cause = "not a harmless common cause; for that, see the other readings below."
    if evalue > BEYOND_CHANCE:
        return Headline("e > 10⁶", f"{bet}It rules out chance, {cause}", ())
    shown = numbers.evalue(evalue)
    often = f"For such accounts it ends this high at most once in {shown} times. "
    return Headline(f"e = {shown}", f"{bet}{often}It speaks against chance, {cause}", ())


def headline(finding: Finding) -> Headline:
    """Return the number that matters, in the form the kind of test gives it."""
    first = lead(finding)
    smallest = numbers.smallest_p(finding.details)
    bounds: list[str] = []
    if smallest is not None:
        n = round(1 / smallest)
        bounds.append(f"A population of {n - 1:,} null models cannot give a p-value below 1/{n}.")
    m = finding.multiplicity
    if m is not None and m.family > 1:
        paid = f": p = {numbers.pvalue(m.adjusted)}" if m.adjusted is not None else ""
        bounds.append(f"After paying for {m.family:,} tests ({m.correction}){paid}.")
    top, chance = (finding.details.get(f"served_on_top{x}") for x in ("", "_expected"))
    if type(top) in (int, float) and type(chance) in (int, float):
        bounds.append(
            f"The served answer ranked first in {numbers.number(top)} sets; "
            f"chance alone would give {numbers.number(chance)}."
        )
    above = numbers.count_above(first) if first else None
    if finding.kind != "served" and first is not None and above is not None:
        count, of = above
        many = "models" if of != 1 else "model"
        verb = "scores" if count == 1 else "score"
        return Headline(
            f"{count:,} of {of:,}",
            f"{many} tuned without {first.teacher} {verb} as high as the suspect.",
            tuple(bounds),
        )
    if finding.kind == "watch" and finding.evalue is None:
        accounts = finding.n.get("accounts", 0)
        many = "account stands" if accounts == 1 else "accounts stand"
        meaning = f"{many} out together; no e-value was computed for them."
        return Headline(numbers.whole(accounts), meaning, tuple(bounds))
    if finding.evalue is not None and not math.isnan(finding.evalue):
        bet = (_bet_on_accounts if finding.kind == "watch" else _bet)(finding.evalue)
        return Headline(bet.figure, bet.meaning, tuple(bounds))
    if finding.pvalue is not None:
        return Headline(
            f"p = {numbers.pvalue(finding.pvalue, smallest=smallest)}",
            "is how often chance alone would give a result at least this extreme, "
            "if the null hypothesis were true.",
            tuple(bounds),
        )
    return Headline(
        numbers.DASH, "No p-value and no e-value was computed for this finding.", tuple(bounds)
    )


def _attribution(finding: Finding) -> Question:
    asks = "Which of the candidates is the source, or none of these?"
    a = finding.attribution
    if a is None:
        answer = "This finding makes no attribution."
        if len(finding.candidates) == 1:
            answer = f"Only one candidate was considered: {finding.candidates[0].teacher}."
        return Question("Attribution", asks, answer, ())
    of = f" of {len(finding.candidates)} candidates" if finding.candidates else ""
    notes = [
        f"Resolved to the {a.level}." if a.level else "",
        f"A set built this way holds the true source {numbers.percent(a.coverage)} of the time, "
        "provided the source is among the candidates.",
    ]
    if a.scores:
        listed = "; ".join(f"{k} {numbers.number(v)}" for k, v in a.scores.items())
        notes.append(f"Scores: {listed}.")
    if a.none_of_these:
        answer = "None of these: no candidate stands out of the null population."
        if a.members:
            answer = f"Possibly none of these; not excluded: {', '.join(a.members)}."
    elif not a.members:
        answer = f"None{of} can be named."
    elif len(a.members) == 1:
        answer = f"{a.members[0]}: the only one{of} that cannot be excluded."
    else:
        best = f"; the closest is {a.best}" if a.best else ""
        answer = f"Cannot be told apart: {', '.join(a.members)}{best}."
    return Question("Attribution", asks, answer, tuple(n for n in notes if n))


def _distillation(finding: Finding) -> Question:
    if finding.kind == "served":
        asks = "Was the suspect trained on the very answers that were served?"
    else:
        asks = "Was the suspect trained on the teacher's answers at all?"
    notes = (
        "Answered against what the null hypothesis leads one to expect. "
        "To be closest to a candidate is no answer to this question.",
    )
    answer = {
        Verdict.SUPPORTED: "Supported by the evidence.",
        Verdict.NOT_SUPPORTED: "Not supported by the evidence.",
        Verdict.INCONCLUSIVE: "Not decided by the evidence.",
    }[finding.verdict]
    return Question("Distillation", asks, answer, notes)


def _coordination(finding: Finding) -> Question:
    answer = {
        Verdict.SUPPORTED: "Supported by the evidence.",
        Verdict.NOT_SUPPORTED: "Not supported by the evidence.",
        Verdict.INCONCLUSIVE: "Not decided by the evidence.",
    }[finding.verdict]
    notes = ("Answered for the accounts together: none of them is judged by itself.",)
    return Question("Coordination", "Do these accounts act as one?", answer, notes)


def _harmless(finding: Finding) -> Question:
    asks = "Does something harmless explain it?"
    names: dict[str, list[str]] = {}
    for a in finding.assumptions:
        names.setdefault(a.status, []).append(a.name.removeprefix("it is not "))
    open_ones, out = names.get("not met", []), names.get("met", [])
    unchecked = names.get("not checked", [])
    if open_ones:
        answer = f"It may: {'; '.join(open_ones)}."
    elif out:
        many = "reading that was checked is" if len(out) == 1 else "readings that were checked are"
        answer = f"The {len(out)} harmless {many} excluded."
    else:
        answer = "No harmless reading was excluded."
    notes = (f"Not checked: {'; '.join(unchecked)}.",) if unchecked else ()
    return Question("Other readings", asks, answer, notes)


def questions(finding: Finding) -> tuple[Question, Question]:
    """Return the two kinds of question and their answers."""
    if finding.kind == "watch":
        return _coordination(finding), _harmless(finding)
    return _distillation(finding), _attribution(finding)
