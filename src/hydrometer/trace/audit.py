"""One suspect against a panel: scores, ranks, the candidate set.

The order of work is fixed: check, score, rank, attribute. Nothing in it is
chosen after looking at the suspect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hydrometer.errors import Refused
from hydrometer.features.tokens import Hashes, tokenise
from hydrometer.stats.conformal import RankPValue, conformal_evalue, rank_pvalue
from hydrometer.trace.calibrate import Scores
from hydrometer.trace.panel import FittedPanel, SuspectRows

__all__ = ["LEAST_PROMPTS", "Audit", "CandidateResult", "audit_rows", "looks", "suspect_rows"]

Floats = NDArray[np.float64]

LEAST_PROMPTS = 20
"""Fewer shared prompts than this are refused."""
SAME = 0.5
"""A suspect that repeats this share of a candidate's answers to the letter is that candidate."""
NEAR = 0.5
"""Null models within this difference of mean log length are the length stratum."""
LEAST_STRATUM = 19


@dataclass(frozen=True)
class CandidateResult:
    """One candidate's numbers.

    Attributes
    ----------
    rank : RankPValue
        Rank among null models, each model one unit.
    family_rank : RankPValue
        The same with each family one unit.
    adjusted : float
        Rank of the suspect's score among the *largest* scores of the null
        models over all candidates: pays for having looked at them all.
    evalue : float
        Conformal e-value, families as units.
    curve : tuple of (int, float)
        Prompts used, score.
    views : array, shape (v,)
        Standardised score of each view.
    prompt_se : float
        Standard error of the score over prompts (delete-a-block jackknife).
    """

    teacher: str
    vendor: str
    score: float
    rank: RankPValue
    family_rank: RankPValue
    adjusted: float
    evalue: float
    curve: tuple[tuple[int, float], ...]
    views: Floats
    prompt_se: float


@dataclass(frozen=True)
class Audit:
    """The result of an audit before it is put into words."""

    candidates: tuple[CandidateResult, ...]
    scores: Scores
    prompts: int
    stopped_at: int | None
    length_gap: float
    near_null: int


def looks(prompts: int) -> list[int]:
    """Return the numbers of prompts at which the score is looked at.

    Examples
    --------
    >>> looks(300)
    [25, 50, 100, 200, 300]
    """
    steps = [n for n in (25, 50, 100, 200, 400, 800, 1600) if n < prompts]
    return [*steps, prompts]


def suspect_rows(
    panel: FittedPanel, answers: Mapping[str, str], *, family: str | None = None
) -> tuple[SuspectRows, NDArray[np.intp]]:
    """Return the suspect's rows and the prompts that it answered.

    Raises
    ------
    Refused
        With fewer than 20 shared prompts, or a suspect that repeats a
        candidate to the letter.
    """
    tokens: list[Hashes] = [
        tokenise(answers[k]) if k in answers else np.empty(0, dtype=np.uint64)
        for k in panel.corpus.prompts
    ]
    shared = np.array([j for j, t in enumerate(tokens) if t.size], dtype=np.intp)
    if shared.size < LEAST_PROMPTS:
        raise Refused(
            "too few prompts in common with the panel",
            got=f"{shared.size} of the panel's {len(tokens)} prompts answered",
            wanted=f"at least {LEAST_PROMPTS}",
            next_step="put the panel's prompts to the suspect: hydrometer ask --prompts ...",
        )
    refuse_identical(panel, tokens, shared)
    return panel.suspect(tokens, family=family), shared


def refuse_identical(
    panel: FittedPanel, tokens: Sequence[Hashes], shared: NDArray[np.intp]
) -> None:
    """Refuse a suspect whose answers are a candidate's own answers.

    Raises
    ------
    Refused
        If half of the shared answers of 8 tokens or more are the same.
    """
    long = [j for j in shared if tokens[j].size >= 8]
    for row, name in zip(panel.teachers, panel.candidates, strict=True):
        theirs = panel.corpus.tokens[row]
        same = sum(bool(np.array_equal(tokens[j], theirs[j])) for j in long)
        if long and same / len(long) >= SAME:
            raise Refused(
                f"the suspect gives the answers of {name!r} itself",
                got=f"{same} of {len(long)} answers are the same to the letter",
                wanted="answers of another model",
                next_step="check that the right file was given; identity is not distillation",
            )


def audit_rows(
    rows: SuspectRows,
    prompts: NDArray[np.intp],
    *,
    seed: int,
    until_decided: float | None = None,
    jackknife: int = 10,
) -> Audit:
    """Return the audit of a suspect over these prompts.

    Parameters
    ----------
    rows : SuspectRows
    prompts : array of int
        Columns to use; their order is shuffled with ``seed``.
    seed : int
    until_decided : float, optional
        Stop at the first look at which the adjusted p-value is at or below
        this level. Each model's score is then its *largest over the looks*,
        the suspect's only over the looks taken: the suspect's running largest
        can only grow, so the rank at an early stop is never more favourable
        to the accusation than the rank at the end, which is exact.
    jackknife : int
        Blocks for the standard error over prompts; 0 for none.

    References
    ----------
    Vovk, Gammerman, Shafer (2005), Algorithmic learning in a random world,
    eq. 2.20 (rank p-values); Kuensch (1989), Ann. Statist. 17, eq. 2.1
    (delete-a-block jackknife).
    """
    order = np.random.default_rng(seed).permutation(prompts)
    steps = looks(order.size)
    path = [rows.scores(order[:n]) for n in steps]
    final, stopped = path[-1], None
    suspect, models = final.suspect, final.models
    if until_decided is not None:
        ceiling = np.fmax.reduce([s.models for s in path])
        running = np.full_like(suspect, np.nan)
        for n, step in zip(steps, path, strict=True):
            running = np.fmax(running, step.suspect)
            if np.nanmin(_adjusted(running, ceiling, final.null)) <= until_decided:
                stopped = n
                break
        suspect, models = running, ceiling
    adjusted = _adjusted(suspect, models, final.null)
    error = _block_error(rows, order, jackknife) if jackknife else np.full_like(suspect, np.nan)
    gap, near = _length_support(rows, order)
    families = np.array(rows.who.families)
    used = steps if stopped is None else [n for n in steps if n <= stopped]
    out = []
    for k, name in enumerate(rows.panel.candidates):
        null = final.null[:, k] & np.isfinite(models[:, k])
        score = float(suspect[k])
        pooled = rank_pvalue(score, models[null, k])
        close = null & near
        rank = pooled
        if close.sum() >= LEAST_STRATUM:
            matched = rank_pvalue(score, models[close, k])
            rank = matched if matched.pvalue > pooled.pvalue else pooled
        by_family = rank_pvalue(score, models[null, k], families=families[null])
        e = conformal_evalue(score, models[null, k], weight=np.exp, families=families[null])
        curve = tuple((n, float(s.suspect[k])) for n, s in zip(used, path, strict=False))
        out.append(
            CandidateResult(
                name,
                rows.who.vendors[k],
                score,
                rank,
                by_family,
                float(max(adjusted[k], rank.pvalue)),
                e.evalue,
                curve,
                final.views[:, k],
                float(error[k]),
            )
        )
    out.sort(key=lambda c: (-np.nan_to_num(c.score, nan=-np.inf), c.teacher))
    shown = Scores(suspect, models, final.views, final.null)
    return Audit(tuple(out), shown, order.size, stopped, gap, int(near.sum()))


def _adjusted(suspect: Floats, models: Floats, null: NDArray[np.bool_]) -> Floats:
    """Return single-step max-T adjusted rank p-values, shape (k,)."""
    largest = np.where(null & np.isfinite(models), models, -np.inf).max(axis=1)
    above = largest[:, None] >= np.nan_to_num(suspect, nan=-np.inf)[None]
    return np.asarray((1.0 + (above & null).sum(axis=0)) / (null.sum(axis=0) + 1.0))


def _block_error(rows: SuspectRows, order: NDArray[np.intp], blocks: int) -> Floats:
    """Return the delete-a-block jackknife error of the suspect's scores, shape (k,)."""
    parts = np.array_split(np.arange(order.size), blocks)
    kept = np.array([rows.scores(np.delete(order, part)).suspect for part in parts])
    centred = kept - kept.mean(axis=0)
    return np.asarray(np.sqrt((blocks - 1) / blocks * (centred**2).sum(axis=0)))


def _length_support(rows: SuspectRows, order: NDArray[np.intp]) -> tuple[float, NDArray[np.bool_]]:
    """Return how far the suspect's mean log length is from the nearest null models.

    Returns
    -------
    gap : float
        Distance to the third nearest null model of any candidate, in log tokens.
    near : array of bool, shape (m,)
        Models within `NEAR` of the suspect.
    """
    lengths = rows.panel.corpus.lengths[:, order].astype(np.float64)
    with np.errstate(divide="ignore"):
        logs = np.where(lengths > 0, np.log(lengths), np.nan)
    mine = np.nanmean([np.log(rows.tokens[j].size) for j in order if rows.tokens[j].size])
    seen = np.isfinite(logs).any(axis=1)
    level = np.full(logs.shape[0], np.inf)
    level[seen] = np.nanmean(logs[seen], axis=1)
    distance = np.abs(level - mine)
    null = rows.who.null.any(axis=1)
    nearest = np.sort(distance[null])
    gap = float(nearest[2]) if nearest.size >= 3 else float("inf")
    return gap, distance <= NEAR
