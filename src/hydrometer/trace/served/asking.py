"""Put to a live model what the test needs, and record it: the test itself reads records only."""

from __future__ import annotations

from collections.abc import Callable

from hydrometer.errors import InputError
from hydrometer.exchange import Exchange, Sampling
from hydrometer.models.journal import Journal
from hydrometer.models.model import Model, Query, ScoringModel
from hydrometer.trace.served.candidates import Design
from hydrometer.trace.served.prefill import WalkPlan, walk_candidates
from hydrometer.trace.served.remember import RememberingModel

__all__ = ["ask_suspect", "best_access"]

SAMPLES = 3
"""Answers asked for each prompt where the model takes no prefill; the first is greedy."""


def best_access(model: Model) -> str:
    """Return the strongest access a live model offers."""
    if isinstance(model, ScoringModel):
        return "logprobs"
    return "prefill" if model.prefill else "answers"


def ask_suspect(
    design: Design,
    model: Model,
    journal: Journal,
    *,
    access: str,
    plan: WalkPlan,
    max_tokens: int,
    progress: Callable[[int], None] | None = None,
) -> list[Exchange]:
    """Ask a live model about every candidate alike; continue what the journal holds.

    Parameters
    ----------
    design : Design
        The joined sets.
    model : Model
        The suspect or a reference.
    journal : Journal
        Where everything is recorded.
    access : str
        ``logprobs``, ``prefill`` or ``answers``.
    plan : WalkPlan
        For ``prefill``.
    max_tokens : int
        Longest answer, for ``answers``.
    progress : callable, optional
        Told how far it is, in candidates, words or answers.

    Returns
    -------
    list of Exchange
        All that is recorded of this model.

    Raises
    ------
    InputError
        The model does not offer this access.
    """
    if access == "logprobs":
        if not isinstance(model, ScoringModel):
            raise InputError(
                f"{model.name} gives no log-probabilities of a given text",
                next_step="use --access prefill or --access answers",
            )
        _score(design, model, model.name, journal, progress)
    elif access == "prefill":
        walk_candidates(design, RememberingModel(model, journal), plan, progress=progress)
    else:
        greedy = Sampling(temperature=0.0, max_tokens=max_tokens)
        warm = Sampling(temperature=1.0, max_tokens=max_tokens)
        remembering = RememberingModel(model, journal)
        for draw in range(SAMPLES):
            how = warm if draw else greedy
            remembering.answer([Query(s.prompt, how, draw) for s in design.sets])
            if progress is not None:
                progress((draw + 1) * len(design.sets))
    return [e for e in journal.exchanges if e.model == model.name]


def _score(
    design: Design,
    model: ScoringModel,
    name: str,
    journal: Journal,
    progress: Callable[[int], None] | None,
) -> None:
    known = {(e.key, e.response) for e in journal.exchanges if e.logprobs and e.model == name}
    for i, s in enumerate(design.sets, 1):
        todo = [t for t in dict.fromkeys(s.texts) if (s.key, t) not in known]
        if todo:
            for text, logprobs in zip(todo, model.score(s.prompt, todo), strict=True):
                journal.append(
                    Exchange(prompt=s.prompt, response=text, model=name, logprobs=logprobs)
                )
        if progress is not None:
            progress(i)
