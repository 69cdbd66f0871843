"""Write down what the served-log test found, with what it rests on and does not cover."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hydrometer.finding import Assumption, Digest, Exhibit, Finding, Verdict, View
from hydrometer.trace.served.candidates import Design
from hydrometer.trace.served.judge import ServedTest

__all__ = ["Provenance", "served_finding"]

METHOD_VERSION = "1"

NULL = (
    "The suspect was not trained on what was served: given the prompt, the served answer is one "
    "more draw like its decoys, and any score that treats the candidates alike ranks it uniformly."
)

CAVEATS = (
    "Says that the suspect was trained on the served answers of these prompts (or on text made "
    "from them), not who obtained them or on what terms.",
    "An answer that was published elsewhere, by its recipient for instance, may have been "
    "learned from there.",
    "A suspect that looks texts up (retrieval, a cache of the served answers) shows the same.",
    "Says nothing about prompts outside the log, and a log of prompts that were never used "
    "shows nothing.",
    "Served answers and decoys must come from one snapshot with one way of sampling; the "
    "comparison without the suspect sees coarse differences only.",
)

ALTERNATIVES = (
    "the served answers were public when the suspect was trained",
    "the suspect retrieves or caches texts at run time",
    "log and decoys differ in a way that the suspect happens to prefer",
)

ACCESS = {
    "logprobs": "mean log-probability of each candidate",
    "prefill": "greedy agreement with each candidate word after its own beginning",
    "answers": "rare n-grams of each candidate in the suspect's own answers",
}


@dataclass(frozen=True)
class Provenance:
    """Where a finding comes from: passed in, never looked up.

    Attributes
    ----------
    suspect : str
        Name of the model under examination.
    inputs : tuple of Digest
        What was read.
    command : str
        The line that computes it again.
    environment : mapping of str to str
        Versions of the software.
    created : str
        Time, ISO 8601 with zone.
    """

    suspect: str
    inputs: tuple[Digest, ...] = ()
    command: str = ""
    environment: Mapping[str, str] | None = None
    created: str = ""


def served_finding(
    design: Design,
    found: ServedTest,
    *,
    access: str,
    alpha: float,
    seed: int,
    assumptions: Sequence[Assumption],
    provenance: Provenance,
    views: Sequence[View] = (),
    exhibits: Sequence[Exhibit] = (),
    details: Mapping[str, object] | None = None,
) -> Finding:
    """Build the finding of one served-log test.

    Supported when every required assumption is met and the exact p-value is at most ``alpha``;
    not supported when it is larger; inconclusive when a required assumption is not met.

    Parameters
    ----------
    design : Design
        The joined sets.
    found : ServedTest
        What the scores said.
    access : str
        ``logprobs``, ``prefill`` or ``answers``.
    alpha : float
        Level asked for.
    seed : int
        Seed of the tie breaking.
    assumptions : sequence of Assumption
        From the guards.
    provenance : Provenance
        Inputs, command, versions, time.
    views : sequence of View
        Further looks, such as the comparison without the suspect.
    exhibits : sequence of Exhibit
        Telling candidates side by side.
    details : mapping, optional
        Further numbers, plain JSON values.

    Returns
    -------
    Finding
        Of kind ``served``.
    """
    main = found.main
    open_ones = [a.name for a in assumptions if a.required and a.status != "met"]
    verdict = _verdict(main.p, alpha, open_ones)
    evalue = math.exp(min(found.log_e, 700.0))
    return Finding(
        kind="served",
        title=f"Was {provenance.suspect} trained on what was served?",
        claim=f"{provenance.suspect} was trained on the served answers of these prompts",
        null=NULL,
        verdict=verdict,
        summary=_summary(verdict, found, alpha, open_ones, provenance.suspect),
        method=f"served-log test, {ACCESS.get(access, access)}; {main.method}",
        method_version=METHOD_VERSION,
        statistic=main.z,
        statistic_name="sum of within-prompt scores, in standard deviations of its exact null",
        pvalue=main.p,
        evalue=evalue,
        alpha=alpha,
        n={
            "prompts": main.sets,
            "candidates": sum(len(s.texts) for s in design.sets),
            **{f"left out: {reason}": n for reason, n in design.dropped.items()},
        },
        suspect=provenance.suspect,
        views=(*_own_views(found), *views),
        assumptions=tuple(assumptions),
        alternatives=ALTERNATIVES,
        settle=_settle(access, verdict),
        caveats=CAVEATS,
        exhibits=tuple(exhibits),
        seed=seed,
        inputs=provenance.inputs,
        command=provenance.command,
        environment=dict(provenance.environment or {}),
        created=provenance.created,
        details={
            "access": access,
            "log10_p": main.log10_p,
            "log10_e": found.log_e / math.log(10.0),
            "log10_e_peak": found.log_peak / math.log(10.0),
            "stopped_at": found.stopped_at,
            "served_on_top": found.top,
            "rank_counts": list(found.rank_counts),
            "k": len(found.rank_counts) - 1,
            "served_on_top_expected": _by_chance(design),
            "curve": [list(point) for point in found.curve],
            **(details or {}),
        },
    )


def _by_chance(design: Design) -> float:
    return sum(1.0 / len(s.texts) for s in design.sets) / len(design.sets)


def _verdict(p: float, alpha: float, open_ones: list[str]) -> Verdict:
    if open_ones:
        return Verdict.INCONCLUSIVE
    return Verdict.SUPPORTED if p <= alpha else Verdict.NOT_SUPPORTED


def _own_views(found: ServedTest) -> tuple[View, View, View]:
    sizes = View(
        name="magnitudes",
        question="How far does the served answer lie above its decoys?",
        null=NULL,
        statistic=found.magnitude.z,
        pvalue=found.magnitude.p,
        n=found.magnitude.sets,
        note="the main p-value is twice the smaller of this and the next",
    )
    ranks = View(
        name="ranks",
        question="Does the served answer rank above its decoys, however far?",
        null=NULL,
        statistic=found.ranks.z,
        pvalue=found.ranks.p,
        n=found.ranks.sets,
        note="same scores as the magnitudes; not a second piece of evidence",
    )
    betting = View(
        name="betting on ranks",
        question="Does a gambler on the served answer win, prompt after prompt?",
        null=NULL,
        statistic=found.log_e / math.log(10.0),
        evalue=math.exp(min(found.log_e, 700.0)),
        n=found.ranks.sets,
        note="statistic: decimal logarithm of the wealth; may be stopped at any prompt",
    )
    return sizes, ranks, betting


def _summary(
    verdict: Verdict, found: ServedTest, alpha: float, open_ones: list[str], suspect: str
) -> str:
    numbers = (
        f"{found.main.sets} prompts, p = 1e{found.main.log10_p:.1f}"
        if found.main.p < 1e-4
        else f"{found.main.sets} prompts, p = {found.main.p:.3g}"
    )
    if verdict is Verdict.INCONCLUSIVE:
        return f"Inconclusive ({numbers}): open is {'; '.join(open_ones)}."
    if verdict is Verdict.SUPPORTED:
        return (
            f"{suspect} prefers the answers that were served to answers that could have been "
            f"served just as well ({numbers}). Training on the served answers explains this."
        )
    return (
        f"{suspect} does not prefer the answers that were served ({numbers}, level {alpha:g}). "
        "This does not show that it was never trained on them: few epochs, a small share of "
        "the training text or other prompts leave little trace."
    )


def _settle(access: str, verdict: Verdict) -> tuple[str, ...]:
    if verdict is Verdict.SUPPORTED:
        return ("the same test on prompts served after the suspect's release must show nothing",)
    more = ["more logged prompts", "more decoys for each prompt"]
    if access == "answers":
        more.insert(0, "an endpoint that continues a given beginning (--access prefill)")
    if access != "logprobs":
        more.insert(0, "log-probabilities (--access logprobs)")
    return tuple(more)
