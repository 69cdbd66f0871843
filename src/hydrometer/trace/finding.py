"""From an audit to a finding: assumptions, verdict, words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from hydrometer.finding import (
    Assumption,
    Attribution,
    Candidate,
    Digest,
    Exhibit,
    Finding,
    Interval,
    Multiplicity,
    NullScore,
    Verdict,
    View,
)
from hydrometer.stats.conformal import rank_pvalue
from hydrometer.trace.audit import NEAR, Audit, CandidateResult
from hydrometer.trace.calibrate import standardise
from hydrometer.trace.panel import COMBINED, VIEWS, SuspectRows

__all__ = ["Context", "assumptions_of", "trace_finding", "verdict_of"]

METHOD = "null-calibrated same-prompt comparison, max-T rank among null models"
METHOD_VERSION = "1"
FEW_PROMPTS = 50

NULL = (
    "The suspect is one more model of the population tuned without this candidate's text: "
    "its score is as likely to stand at any rank among theirs."
)
ALTERNATIVES = (
    "Suspect and candidate were tuned on the same third-party data.",
    "The suspect learned from another student of the candidate, or from web pages that hold "
    "the candidate's answers.",
    "The suspect was tuned from weights that carry the candidate's habits.",
    "Similar preference tuning gave both the same habits of style.",
)
CAVEATS = (
    "A closeness that models tuned without the candidate do not show; not how the text was "
    "obtained, nor on what terms.",
    "The null models are those of this panel. If they differ in kind from the suspect, the rank "
    "says less.",
    "A model that was never compared cannot be excluded as the source.",
)


@dataclass(frozen=True)
class Context:
    """What the finding says of its own making; passed in, never looked up."""

    suspect: str
    alpha: float
    seed: int
    created: str
    command: str
    inputs: tuple[Digest, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    quarantined: int = 0
    unscored: int = 0
    base_scores: Mapping[str, float] | None = None
    extra_views: tuple[View, ...] = ()
    candidate_views: Mapping[str, tuple[View, ...]] = field(default_factory=dict)


def assumptions_of(audit: Audit, best: CandidateResult, alpha: float) -> tuple[Assumption, ...]:
    """Return what the verdict on the best candidate rests on, each with its status."""

    def status(ok: bool) -> str:
        return "met" if ok else "not met"

    smallest = best.rank.smallest
    need = math.ceil(1 / alpha) - 1
    families = best.family_rank
    steady = families.pvalue <= max(alpha, families.smallest + 1e-12)
    accusing = best.adjusted <= alpha
    return (
        Assumption(
            "enough prompts",
            status(audit.prompts >= FEW_PROMPTS),
            f"{audit.prompts} shared prompts, {FEW_PROMPTS} needed",
        ),
        Assumption(
            "the panel is large enough for this alpha",
            status(smallest <= alpha),
            f"{best.rank.n_null} null models give no p-value below 1/{best.rank.n_null + 1}; "
            f"alpha {alpha:g} needs {need}",
        ),
        Assumption(
            "null models of the suspect's length",
            status(audit.length_gap <= NEAR),
            f"third nearest null model {audit.length_gap:.2f} log tokens away, at most {NEAR}",
        ),
        Assumption(
            "the rank stands when each family counts once",
            status(steady) if accusing else "not checked",
            f"p = {families.pvalue:.3g} with {families.n_families} families, each one unit",
            required=accusing,
        ),
        Assumption(
            "null models are documented as tuned without the candidate's text",
            "met",
            "by the lineage file; undocumented use by a null model makes the test more cautious",
        ),
        Assumption(
            "the candidate's answers come from the snapshot in question",
            "not checked",
            "another snapshot of the vendor may fit better",
            required=False,
        ),
    )


def verdict_of(
    result: CandidateResult, assumptions: Sequence[Assumption], alpha: float
) -> Verdict:
    """Return the verdict on one candidate.

    Supported: adjusted p-value at or below alpha, every required assumption
    met. Not supported: the suspect stands in the lower four fifths of at least
    19 null models. Inconclusive otherwise.
    """
    unmet = [a for a in assumptions if a.required and a.status != "met"]
    if not unmet and result.adjusted <= alpha:
        return Verdict.SUPPORTED
    if result.rank.n_null >= 19 and result.rank.pvalue > 0.2:
        return Verdict.NOT_SUPPORTED
    return Verdict.INCONCLUSIVE


def trace_finding(
    audit: Audit,
    rows: SuspectRows,
    attribution: Attribution,
    context: Context,
    *,
    exhibits: tuple[Exhibit, ...] = (),
    raw: Sequence[np.ndarray[tuple[int, int], np.dtype[np.float64]]] | None = None,
) -> Finding:
    """Return the finding of an audit.

    Parameters
    ----------
    audit : Audit
    rows : SuspectRows
    attribution : Attribution
    context : Context
    exhibits : tuple of Exhibit
    raw : sequence of array, optional
        Raw scores of each view; gives each view its own rank p-value.
    """
    best = audit.candidates[0]
    candidates, verdicts = [], []
    for result in audit.candidates:
        held = assumptions_of(audit, result, context.alpha)
        verdict = verdict_of(result, held, context.alpha)
        verdicts.append(verdict)
        candidates.append(_candidate(result, audit, rows, verdict, context, raw))
    assumptions = assumptions_of(audit, best, context.alpha)
    verdict = verdicts[0]
    null = best.rank.n_null
    return Finding(
        kind="trace",
        title=f"Was {context.suspect} trained on {best.teacher}'s answers?",
        claim=f"{context.suspect} was trained on answers of {best.teacher} ({best.vendor}), "
        "or of a model whose text is like it",
        null=NULL,
        verdict=verdict,
        summary=_summary(verdict, best, attribution, assumptions, context),
        method=METHOD,
        method_version=METHOD_VERSION,
        statistic=best.score,
        statistic_name="mean of view scores, in standard deviations of the null population, "
        "after explaining away",
        pvalue=best.adjusted,
        evalue=None if math.isnan(best.evalue) else best.evalue,
        alpha=context.alpha,
        interval=_interval(best),
        n={
            "prompts": audit.prompts,
            "null models": null,
            "null families": best.family_rank.n_families,
            "candidates": len(audit.candidates),
            "panel models": len(rows.panel.corpus.models),
            "quarantined": context.quarantined,
            "unscored answers": context.unscored,
        },
        suspect=context.suspect,
        candidates=tuple(candidates),
        # Among one, nothing can be attributed.
        attribution=attribution if len(attribution.scores) > 1 else None,
        views=context.extra_views,
        multiplicity=Multiplicity(
            len(audit.candidates), "single-step max-T over candidates", best.adjusted
        ),
        assumptions=assumptions,
        alternatives=ALTERNATIVES,
        settle=_settle(best, audit, context),
        caveats=CAVEATS,
        exhibits=exhibits,
        seed=context.seed,
        inputs=context.inputs,
        command=context.command,
        environment=context.environment,
        created=context.created,
        details={
            "smallest_p": best.rank.smallest,
            "unadjusted_p": best.rank.pvalue,
            "family_p": best.family_rank.pvalue,
            "stopped_at": audit.stopped_at,
            "length_gap": audit.length_gap,
            "null_models_of_like_length": audit.near_null,
        },
    )


def _interval(result: CandidateResult) -> Interval | None:
    if not math.isfinite(result.prompt_se) or not math.isfinite(result.score):
        return None
    half = 1.96 * result.prompt_se
    return Interval(
        result.score - half, result.score + half, 0.95, "prompts", "delete-a-block jackknife"
    )


def _candidate(
    result: CandidateResult,
    audit: Audit,
    rows: SuspectRows,
    verdict: Verdict,
    context: Context,
    raw: Sequence[np.ndarray[tuple[int, int], np.dtype[np.float64]]] | None,
) -> Candidate:
    k = rows.panel.candidates.index(result.teacher)
    members = np.flatnonzero(audit.scores.null[:, k] & np.isfinite(audit.scores.models[:, k]))
    null = tuple(
        NullScore(
            rows.panel.corpus.models[i],
            float(audit.scores.models[i, k]),
            rows.panel.lineage[rows.panel.corpus.models[i]].kind,
        )
        for i in members
    )
    views = []
    for v, (name, question) in enumerate(VIEWS):
        z = float(result.views[v])
        if not math.isfinite(z):
            continue
        p = None
        if raw is not None:
            scaled = standardise(raw[v], rows.who.null)[:, k]
            inside = rows.who.null[:, k] & np.isfinite(scaled[:-1])
            p = rank_pvalue(z, scaled[:-1][inside]).pvalue
        views.append(
            View(
                name,
                question,
                "the suspect's rank among the null models is uniform",
                statistic=z,
                pvalue=p,
                n=audit.prompts,
                agrees=z > 1.0 if abs(z) > 0.5 else None,
                weak=v >= COMBINED,
                note="null standard deviations"
                + ("; shown beside the score, not part of it" if v >= COMBINED else ""),
            )
        )
    views.extend(context.candidate_views.get(result.teacher, ()))
    if context.base_scores is not None and result.teacher in context.base_scores:
        shift = result.score - context.base_scores[result.teacher]
        views.append(
            View(
                "shift from base",
                "Did the suspect move towards this candidate from its own base?",
                "none: tuning without the candidate moves models too",
                statistic=shift,
                n=audit.prompts,
                agrees=shift > 0,
                weak=True,
                note="null standard deviations between the base's score and the suspect's",
            )
        )
    return Candidate(
        teacher=result.teacher,
        family=result.vendor,
        score=result.score if math.isfinite(result.score) else None,
        pvalue=result.rank.pvalue if math.isfinite(result.rank.pvalue) else None,
        evalue=result.evalue if math.isfinite(result.evalue) else None,
        adjusted=result.adjusted,
        null=null,
        views=tuple(views),
        curve=tuple(point for point in result.curve if math.isfinite(point[1])),
        verdict=verdict,
        interval=_interval(result),
    )


def _summary(
    verdict: Verdict,
    best: CandidateResult,
    attribution: Attribution,
    assumptions: Sequence[Assumption],
    context: Context,
) -> str:
    if math.isnan(best.rank.pvalue):
        return (
            f"{context.suspect} cannot be ranked against {best.teacher}: "
            f"{best.rank.n_null} models tuned without {best.vendor}'s text have a score."
        )
    above = round(best.rank.pvalue * (best.rank.n_null + 1)) - 1
    where = (
        f"Of {best.rank.n_null} models tuned without {best.vendor}'s text, {above or 'none'} "
        f"{'stand' if above > 1 else 'stands'} as close to {best.teacher} as "
        f"{context.suspect} does"
    )
    among = (
        "No other candidate was compared"
        if len(attribution.scores) == 1
        else f"Among the candidates {', '.join(attribution.members)} cannot be excluded"
        if len(attribution.members) < len(attribution.scores)
        else "No candidate can be excluded"
    )
    open_set = attribution.none_of_these and len(attribution.scores) > 1
    none = ", and neither can a source that was not compared" if open_set else ""
    if verdict is Verdict.SUPPORTED:
        return f"{where} (adjusted p = {best.adjusted:.3g}). {among}{none}."
    if verdict is Verdict.NOT_SUPPORTED:
        return f"{where}: that is no more than usual. {among}{none}."
    unmet = [a.name for a in assumptions if a.required and a.status != "met"]
    why = (
        f"Open: {'; '.join(unmet)}."
        if unmet
        else f"The adjusted p-value {best.adjusted:.3g} is above {context.alpha:g}."
    )
    return f"{where}. {why} {among}{none}."


def _settle(best: CandidateResult, audit: Audit, context: Context) -> tuple[str, ...]:
    out = []
    need = math.ceil(1 / context.alpha) - 1
    if best.rank.n_null < need:
        out.append(
            f"A larger panel: {need} null models for alpha {context.alpha:g} (now "
            f"{best.rank.n_null}), in as many families as can be had."
        )
    if audit.prompts < 200:
        out.append(f"More prompts: {audit.prompts} were shared, 200 or more narrow the interval.")
    if audit.length_gap > NEAR:
        out.append("Null models whose answers are as long as the suspect's.")
    if context.base_scores is None:
        out.append("Answers of the suspect's own base or earlier checkpoint (--base).")
    out.append(
        "If the teacher's owner kept what it served: the served-log test (hydrometer trace "
        "served), whose p-value needs no panel."
    )
    return tuple(out)
