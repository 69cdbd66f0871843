"""The whole of ``hydrometer trace``: files in, a finding out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hydrometer.errors import InputError, Refused
from hydrometer.finding import Finding, View
from hydrometer.trace.attribution import attribute, known_shortfalls
from hydrometer.trace.audit import audit_rows, suspect_rows
from hydrometer.trace.check import check_panel
from hydrometer.trace.closed import builtin_key, closed_views
from hydrometer.trace.exhibits import telling_pairs
from hydrometer.trace.finding import Context, trace_finding
from hydrometer.trace.identity import identity_view
from hydrometer.trace.lineage import Lineage, Record
from hydrometer.trace.losses import loss_contrasts, loss_view
from hydrometer.trace.panel import FittedPanel, Panel, SuspectRows
from hydrometer.trace.verbatim import RUN, verbatim_prompts

__all__ = ["Question", "run_trace"]

COVERAGE = 0.9


@dataclass(frozen=True)
class Question:
    """What is asked.

    Parameters
    ----------
    suspect : str
        Name of the suspect.
    answers : mapping of prompt key to str
        Its answers.
    candidates : sequence of str
        Names of candidate teachers; empty for every teacher of the panel.
    family : str or None
        Models of this name's family are left out of the panel; by default the
        family of the suspect's own name.
    base : mapping or None
        Answers of the suspect's base or earlier checkpoint.
    losses : mapping or None
        From `hydrometer.trace.losses.read_losses`.
    until_decided : bool
        Stop at the first look that decides.
    key : mapping or None
        Right answers of closed questions by prompt key; by default those of
        the built-in prompt set.
    """

    suspect: str
    answers: Mapping[str, str]
    candidates: Sequence[str] = ()
    family: str | None = None
    base: Mapping[str, str] | None = None
    losses: dict[str, list[float]] | None = None
    until_decided: bool = False
    key: Mapping[str, str] | None = None


def run_trace(
    panel: Panel, question: Question, context: Context, *, fitted: FittedPanel | None = None
) -> Finding:
    """Return the finding on one suspect.

    Parameters
    ----------
    panel : Panel
    question : Question
    context : Context
    fitted : FittedPanel, optional
        A fit of this panel for these candidates, to audit several suspects.

    Raises
    ------
    Refused
        If a verdict would mislead: too few shared prompts, a contaminated
        panel, a suspect that is a candidate.
    InputError
        If a candidate is not in the panel.
    """
    wanted = tuple(question.candidates) or panel.candidates
    wanted = tuple(c for c in wanted if c != question.suspect)
    if not wanted:
        raise InputError(
            "no candidate teacher",
            wanted="a model of kind teacher in the panel's lineage, or --candidate",
        )
    if question.suspect in panel.answers:
        panel = panel.select(models=[m for m in panel.answers if m != question.suspect])
        fitted = None
    panel = _with_candidates(panel, wanted)
    errors = [p for p in check_panel(panel, wanted, claims=False) if p.level == "error"]
    if errors:
        raise Refused(
            "the panel is not fit for a verdict",
            got="; ".join(f"{p.model} {p.text}" for p in errors[:3]),
            next_step="take the model out of the panel or correct its lineage; "
            "see hydrometer panel check",
        )
    fitted = fitted or panel.fit(wanted)
    family = panel.lineage.family(question.family or question.suspect)
    rows, shared = suspect_rows(fitted, question.answers, family=family)
    audit = audit_rows(
        rows,
        shared,
        seed=context.seed,
        until_decided=context.alpha if question.until_decided else None,
    )
    best = audit.candidates[0]
    k = fitted.candidates.index(best.teacher)
    set_of = attribute(
        audit.scores.suspect,
        rows.who.vendors,
        known_shortfalls(fitted, shared, without=family),
        coverage=COVERAGE,
        unusual=best.adjusted <= 0.05,
    )
    order = np.random.default_rng(context.seed).permutation(shared)
    if audit.stopped_at is not None:
        order = order[: audit.stopped_at]
    exhibits = telling_pairs(
        fitted,
        rows,
        k,
        order,
        texts=question.answers,
        theirs=panel.answers[best.teacher],
        prompts=panel.prompts,
        suspect=question.suspect,
    )
    copied = verbatim_prompts(
        rows.tokens,
        fitted.corpus,
        fitted.teachers[k],
        order,
        skip=[i for i, f in enumerate(rows.who.families) if f == f"vendor:{best.vendor}"],
    )
    context = replace(
        context,
        base_scores=_base_scores(fitted, question.base, family),
        candidate_views=_further_views(fitted, panel, question, rows),
        extra_views=(
            *context.extra_views,
            _verbatim_view(best.teacher, copied, order.size),
            identity_view(question.answers.values()),
        ),
    )
    return trace_finding(audit, rows, set_of, context, exhibits=exhibits, raw=rows.raw(order))


def _with_candidates(panel: Panel, wanted: Sequence[str]) -> Panel:
    """Return the panel with every candidate documented as a teacher at least of itself."""
    records = dict(panel.lineage.records)
    for name in wanted:
        if name not in records:
            records[name] = Record(name, "teacher", source=name)
    return Panel(panel.answers, panel.prompts, Lineage(records))


def _base_scores(
    fitted: FittedPanel, base: Mapping[str, str] | None, family: str
) -> dict[str, float] | None:
    if base is None:
        return None
    rows, shared = suspect_rows(fitted, base, family=family)
    scores = rows.scores(shared).suspect
    return {c: float(s) for c, s in zip(fitted.candidates, scores, strict=True)}


def _further_views(
    fitted: FittedPanel, panel: Panel, question: Question, rows: SuspectRows
) -> dict[str, tuple[View, ...]]:
    """Return the views that stand beside the score: shared mistakes, losses."""
    key = builtin_key() if question.key is None else question.key
    out = closed_views(panel.answers, question.answers, fitted.candidates, rows.who, key)
    if question.losses:
        contrasts = loss_contrasts({k: v for k, v in question.losses.items()})
        for name in fitted.candidates:
            view = loss_view(contrasts, name)
            if view is not None:
                out[name] = (*out.get(name, ()), view)
    return out


def _verbatim_view(teacher: str, copied: Sequence[int], prompts: int) -> View:
    return View(
        "near-verbatim overlap",
        f"Does the suspect repeat long runs of {teacher} that no other model has?",
        "none: a count, not a test",
        statistic=float(len(copied)),
        n=prompts,
        agrees=True if copied else None,
        weak=True,
        note=f"prompts with a run of {RUN} or more words shared with {teacher} alone",
    )
