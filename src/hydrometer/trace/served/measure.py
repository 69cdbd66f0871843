"""Choose what the access allows and turn the suspect's records into one table of scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hydrometer.errors import InputError, Refused
from hydrometer.exchange import Exchange
from hydrometer.finding import Assumption, Exhibit
from hydrometer.models.model import Model
from hydrometer.models.recorded import RecordedModel
from hydrometer.trace.served.agreement import hit_rate, walk_scores
from hydrometer.trace.served.candidates import Design
from hydrometer.trace.served.exhibits import telling_pairs
from hydrometer.trace.served.likelihood import likelihood_scores, recorded_losses
from hydrometer.trace.served.overlap import answers_by_prompt, overlap_scores
from hydrometer.trace.served.prefill import Walk, WalkPlan, walk_candidates

__all__ = ["ACCESSES", "Measured", "choose_access", "measure_suspect", "measure_walks"]

ACCESSES = ("logprobs", "prefill", "answers")
"""Strongest first."""

COPIED = 0.95
"""Share of prompts answered with the served text, word for word, that looks like a mix-up."""


@dataclass(frozen=True)
class Measured:
    """Scores and what must be known about them.

    Attributes
    ----------
    access : str
        One of `ACCESSES`.
    scores : ndarray of float, shape (sets, candidates)
        Column 0 served.
    assumptions : tuple of Assumption
        About the suspect's records.
    exhibits : tuple of Exhibit
        Telling candidates.
    details : mapping
        Further numbers.
    """

    access: str
    scores: NDArray[np.float64]
    assumptions: tuple[Assumption, ...] = ()
    exhibits: tuple[Exhibit, ...] = ()
    details: Mapping[str, object] = field(default_factory=dict)


def choose_access(design: Design, suspect: Sequence[Exchange]) -> str:
    """Return the strongest access that the records offer.

    Raises
    ------
    InputError
        The records hold nothing about the logged prompts.
    """
    candidates = {(s.key, t) for s in design.sets for t in s.texts}
    if any(e.logprobs and (e.key, e.response) in candidates for e in suspect):
        return "logprobs"
    if any(e.prompt[-1].role == "assistant" for e in suspect):
        return "prefill"
    keys = {s.key for s in design.sets}
    if any(e.key in keys for e in suspect):
        return "answers"
    raise InputError(
        "the suspect's records say nothing about the logged prompts",
        got=f"{len(suspect)} exchanges",
        wanted="answers, continuations or log-probabilities for the same prompts",
    )


def measure_suspect(
    design: Design,
    suspect: Sequence[Exchange],
    reference: Sequence[Exchange] | None = None,
    *,
    access: str = "auto",
    plan: WalkPlan | None = None,
) -> Measured:
    """Score every candidate from recorded answers.

    Parameters
    ----------
    design : Design
        The joined sets.
    suspect : sequence of Exchange
        What is recorded of the suspect.
    reference : sequence of Exchange, optional
        The same of another model.
    access : str
        ``auto`` or one of `ACCESSES`.
    plan : WalkPlan, optional
        For ``prefill``; the recording's.

    Returns
    -------
    Measured
        Ready for `hydrometer.trace.served.judge.judge_scores`.

    Raises
    ------
    InputError
        The records do not fit the access.
    Refused
        The suspect's answers are the log itself.
    """
    chosen = choose_access(design, suspect) if access == "auto" else access
    if chosen == "logprobs":
        losses = recorded_losses(design, suspect)
        other = recorded_losses(design, reference) if reference else None
        return Measured(chosen, likelihood_scores(losses, other), (_alike(1.0),))
    if chosen == "prefill":
        known = RecordedModel(suspect)
        other_model = RecordedModel(reference) if reference else None
        return measure_walks(design, known, other_model, plan or WalkPlan())
    if chosen == "answers":
        return _from_answers(design, suspect, reference)
    raise InputError("unknown access", got=chosen, wanted="auto, " + ", ".join(ACCESSES))


def measure_walks(
    design: Design, suspect: Model, reference: Model | None, plan: WalkPlan
) -> Measured:
    """Walk all candidates with the suspect, and with a reference when there is one.

    Parameters
    ----------
    design : Design
        The joined sets.
    suspect, reference : Model
        They must continue a given beginning.
    plan : WalkPlan
        The same for all candidates and both models.

    Returns
    -------
    Measured
        With access ``prefill``.
    """
    walk = walk_candidates(design, suspect, plan)
    baseline = walk_candidates(design, reference, plan) if reference else None
    scores = walk_scores(walk, baseline)
    rate = hit_rate(walk)
    honoured = Assumption(
        "the suspect continues given beginnings",
        "met" if rate > 0.02 else "not met",
        f"it agrees with {rate:.1%} of the candidates' words",
    )
    return Measured(
        "prefill",
        scores,
        (_alike(_share(scores)), honoured),
        telling_pairs(design, walk, scores),
        {"queries": walk.queries, "hit_rate": rate, "hit_rate_by_place": _hits(walk)},
    )


def _share(scores: NDArray[np.float64]) -> float:
    return float(np.mean(~np.isnan(scores[:, 0])))


def _hits(walk: Walk) -> dict[str, float]:
    """Return hit rates of served answers and of decoys."""
    served = [h for row in walk.hits for h in row[0].tolist()]
    decoys = [h for row in walk.hits for each in row[1:] for h in each.tolist()]
    return {
        "served": float(np.nanmean(served)) if served else 0.0,
        "decoys": float(np.nanmean(decoys)) if decoys else 0.0,
    }


def _alike(share: float) -> Assumption:
    return Assumption(
        "every candidate was put to the suspect alike",
        "met" if share >= 0.8 else "not met",
        f"{share:.0%} of the prompts are complete; the others are left out whole",
    )


def _from_answers(
    design: Design, suspect: Sequence[Exchange], reference: Sequence[Exchange] | None
) -> Measured:
    answers = answers_by_prompt(design, suspect)
    said = [s for s in design.sets if s.key in answers]
    same = sum(s.texts[0] in answers[s.key] for s in said)
    if same >= max(2.0, COPIED * len(said)) and suspect[0].model == design.sets[0].served.model:
        raise Refused(
            "the suspect's answers are the log itself",
            got=f"{same} of {len(said)} answers equal what was served, from {suspect[0].model}",
            next_step="give the suspect's own answers",
        )
    scores = overlap_scores(design, answers)
    if reference is not None:
        scores = scores - overlap_scores(design, answers_by_prompt(design, reference))
    scores[[s.key not in answers for s in design.sets]] = np.nan
    copied = Assumption(
        "the suspect answers by itself",
        "met" if same < max(2.0, COPIED * len(said)) else "not met",
        f"{same} of {len(said)} answers repeat the served text word for word",
    )
    details = {"answers": sum(map(len, answers.values())), "copied": same}
    return Measured("answers", scores, (_alike(_share(scores)), copied), (), details)
