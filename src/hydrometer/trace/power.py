"""Power of detection against the teacher's share of the training text.

The null is a population: models tuned without the teacher's text, each paired with it. The
threshold is a rank among the null pairs: a new pair of that population exceeds it with at most
the probability asked for. Intervals are exact, speak of models, and take the threshold as given.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from hydrometer.errors import InputError
from hydrometer.stats.roc import auroc, exact_rate

__all__ = [
    "COLUMNS",
    "Scored",
    "Threshold",
    "Trait",
    "measure_power",
    "null_threshold",
    "read_scores",
    "read_traits",
    "smallest_share",
]

COLUMNS = ("share", "paraphrased", "method", "base", "teacher")
"""What the lineage must say of each model, beside its kind."""

HALF = 0.5
"""A share counts as detected when at least this part of its models is."""


@dataclass(frozen=True)
class Trait:
    """How one model was made.

    Attributes
    ----------
    share : float
        Percent of the training examples that are the teacher's; 0 for a control.
    paraphrased : bool
        Whether another model said them in its own words first.
    method : str
        ``sequence`` or ``logit``.
    base, teacher, prompts, rewriter : str
        ``teacher`` is empty for a control; ``prompts`` says which part of the prompts was used,
        ``rewriter`` who paraphrased: to that one the model is neither null nor student.
    """

    share: float
    paraphrased: bool
    method: str
    base: str
    teacher: str
    prompts: str = "all"
    rewriter: str = ""

    @property
    def plain(self) -> bool:
        """Whether the teacher's text was used as it came, by sequence, on all prompts."""
        return all(getattr(self, name) == getattr(USUAL, name) for name in TREATMENTS.values())


USUAL = Trait(0.0, False, "sequence", "", "")
TREATMENTS = {"paraphrase": "paraphrased", "method": "method", "prompts": "prompts"}
"""What is compared with models that differ in nothing else, and the trait that says so."""


@dataclass(frozen=True)
class Scored:
    """One model and one candidate, by one view; larger speaks for distillation.

    ``pvalue`` is given where the view has one that is exact by design.
    """

    model: str
    teacher: str
    view: str
    score: float
    pvalue: float | None = None


@dataclass(frozen=True)
class Threshold:
    """The level of a view.

    A score strictly above ``value`` is a detection; it is None, with a ``reason``, where the null
    ``pairs`` are too few. ``exceeding`` counts null pairs above it; ``finest`` is the smallest
    level that so many can speak of, 1 / (pairs + 1).
    """

    value: float | None
    pairs: int
    models: int
    exceeding: int
    finest: float
    reason: str = ""


def null_threshold(scores: Sequence[float], *, fpr: float, models: int | None = None) -> Threshold:
    """Return the score that a new null pair exceeds with probability at most ``fpr``.

    Null hypothesis and assumptions
        The new pair and the null pairs are exchangeable. Pairs that share a model are not
        independent; `Threshold.models` says how many there are.

    Parameters
    ----------
    scores : sequence of float
        Of the null pairs.
    fpr : float
        In (0, 1).
    models : int, optional
        Distinct models among the pairs; every pair its own where not given.

    References
    ----------
    Vovk, Gammerman, Shafer (2005), Algorithmic learning in a random world, eq. 2.20: the k-th
    largest of n scores is exceeded with probability at most k / (n + 1).

    Examples
    --------
    >>> null_threshold(range(199), fpr=0.01).value
    197.0
    >>> null_threshold([0.1, 0.2], fpr=0.01).reason
    '2 null pairs cannot speak of a level below 0.333'
    """
    if not 0.0 < fpr < 1.0:
        raise InputError("fpr is out of range", got=repr(fpr), wanted="0 < fpr < 1")
    values = np.sort(np.asarray(list(scores), dtype=float))[::-1]
    n = int(values.size)
    if np.isnan(values).any():
        raise InputError("a null score is no number", got="nan")
    finest = 1.0 / (n + 1)
    kept = math.floor(fpr * (n + 1) + 1e-9)
    count = n if models is None else models
    if kept < 1:
        reason = f"{n} null pairs cannot speak of a level below {finest:.3g}"
        return Threshold(None, n, count, 0, finest, reason)
    value = float(values[kept - 1])
    return Threshold(value, n, count, int(np.sum(values > value)), finest)


def _rows(path: str | Path) -> list[dict[str, Any]]:
    try:
        return list(csv.DictReader(Path(path).read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeError, csv.Error) as err:
        raise InputError(f"cannot read the table {path}", got=str(err)[:120]) from err


def read_traits(path: str | Path) -> dict[str, Trait] | None:
    """Return how each student and clean model was made, None where the table does not say.

    Raises
    ------
    InputError
        If a share is no percentage, or a student has none.
    """
    rows = _rows(path)
    if not rows or any(c not in rows[0] for c in COLUMNS):
        return None
    out = {}
    for number, row in enumerate(rows, 2):
        if (row.get("kind") or "") not in ("student", "clean"):
            continue
        values = {
            k: (row.get(k) or "").strip()
            for k in (*COLUMNS, "prompts", "rewriter", "model", "kind")
        }
        try:
            share = float(values["share"] or 0)
        except ValueError:
            share = math.nan
        wrong = not 0 <= share <= 100 or (values["kind"] == "student") != (share > 0)
        if wrong or values["paraphrased"] not in ("", "yes", "no"):
            raise InputError(
                f"{path}:{number}: not how a model was made",
                got=f"share {values['share'][:20]!r}, paraphrased {values['paraphrased'][:20]!r}",
                wanted="share in percent, above 0 for students only; paraphrased yes or no",
            )
        out[values["model"]] = Trait(
            share,
            values["paraphrased"] == "yes",
            values["method"] or "sequence",
            *(values["base"], values["teacher"]),
            *(values["prompts"] or "all", values["rewriter"]),
        )
    return out


def read_scores(path: str | Path) -> list[Scored]:
    """Return the scores of further views: model, teacher, view, score and perhaps pvalue.

    Raises
    ------
    InputError
        If the file is not such a table.
    """
    rows = _rows(path)
    out = []
    for number, row in enumerate(rows, 2):
        try:
            text = (row.get("pvalue") or "").strip()
            one = Scored(
                row["model"].strip(),
                row["teacher"].strip(),
                row["view"].strip(),
                float(row["score"]),
                float(text) if text else None,
            )
            good = math.isfinite(one.score) and all((one.model, one.teacher, one.view))
            good = good and (one.pvalue is None or 0.0 < one.pvalue <= 1.0)
        except (KeyError, TypeError, ValueError, AttributeError):
            good = False
        if not good:
            raise InputError(
                f"{path}:{number}: not a score",
                got=str(dict(row))[:120],
                wanted="columns model, teacher, view, score and, where exact, pvalue",
            )
        out.append(one)
    if not rows:
        raise InputError(f"{path} holds no scores", wanted="model,teacher,view,score")
    return out


def measure_power(
    scored: Iterable[Scored], traits: Mapping[str, Trait], *, fpr: float = 0.01, seed: int
) -> dict[str, Any]:
    """Return, by base and view, the power against share and what paraphrase and method change.

    A pair is positive if the candidate is the model's teacher, and null otherwise: models tuned
    on human text alone, and models tuned on another teacher. Bases are never pooled.

    Parameters
    ----------
    scored : iterable of Scored
        Models without a trait are left out.
    traits : mapping of str to Trait
    fpr : float
        The level.
    seed : int
        Resamples models for the intervals of AUROC.
    """
    rows = [s for s in scored if s.model in traits]
    if not rows:
        raise InputError("no scored model is documented", wanted="models of the lineage")
    out: dict[str, Any] = {"fpr": fpr, "bases": {}}
    for base in sorted({traits[s.model].base for s in rows}):
        views: dict[str, Any] = {}
        own = [s for s in rows if traits[s.model].base == base]
        for view in dict.fromkeys(s.view for s in own):
            views[view] = _View([s for s in own if s.view == view], traits, fpr, seed).plain()
        out["bases"][base] = views
    return out


class _View:
    """One view of one base: its level, and what lies above it."""

    def __init__(
        self, rows: Sequence[Scored], traits: Mapping[str, Trait], fpr: float, seed: int
    ) -> None:
        self.traits, self.fpr, self.seed = traits, fpr, seed
        self.positive = [s for s in rows if traits[s.model].teacher == s.teacher]
        self.rewriter = [s for s in rows if traits[s.model].rewriter == s.teacher]
        self.null = [s for s in rows if s not in self.positive and s not in self.rewriter]
        models = len({s.model for s in self.null})
        self.level = null_threshold([s.score for s in self.null], fpr=fpr, models=models)
        self.exact = all(s.pvalue is not None for s in rows)
        self.usable = self.exact or self.level.value is not None

    def flag(self, s: Scored) -> bool:
        """Whether a pair is a detection."""
        if self.exact:
            return s.pvalue is not None and s.pvalue <= self.fpr
        return self.level.value is not None and s.score > self.level.value

    def rate(self, rows: Sequence[Scored]) -> dict[str, Any]:
        """Return the share of detections with its exact interval over models."""
        if not self.usable or not rows:
            count = 0 if self.usable else None
            return {"n": len(rows), "count": count, "rate": None, "interval": None}
        found = exact_rate(sum(map(self.flag, rows)), len(rows))
        interval = [found.low, found.high]
        return {"n": found.n, "count": found.count, "rate": found.rate, "interval": interval}

    def plain(self) -> dict[str, Any]:
        """Return everything as plain values."""
        traits, level = self.traits, self.level
        default = [s for s in self.positive if traits[s.model].plain]
        by_share = self.by_share(default, self.null)
        teachers = sorted({s.teacher for s in default})
        alarms = self.rate(self.null)
        ordered = sorted(self.positive, key=lambda s: (-traits[s.model].share, s.model))
        missed = [s for s in ordered if self.usable and not self.flag(s)]
        return {
            "rule": "exact p-value" if self.exact else "rank among null pairs",
            "null": {
                "pairs": level.pairs,
                "models": level.models,
                "human_only": self.rate([s for s in self.null if not traits[s.model].teacher]),
                "other_teacher": self.rate([s for s in self.null if traits[s.model].teacher]),
                "threshold": None if self.exact else level.value,
                "exceeding": alarms["count"],
                "interval": alarms["interval"],
                "finest_level": level.finest,
                "reason": "" if self.exact else level.reason,
            },
            "by_share": by_share,
            "by_teacher": {t: self.by_share(*_of(t, default, self.null)) for t in teachers},
            "smallest_share": smallest_share(by_share, self.fpr) if self.usable else None,
            "undetected": [f"{s.model} ({traits[s.model].share:g} %)" for s in missed],
            "rewriter": self.rate(self.rewriter),
            **{name: self.compare(trait) for name, trait in TREATMENTS.items()},
        }

    def by_share(self, positive: Sequence[Scored], null: Sequence[Scored]) -> list[dict[str, Any]]:
        """Return rate, median score and AUROC at each share."""
        out = []
        for share in sorted({self.traits[s.model].share for s in positive}):
            own = [s for s in positive if self.traits[s.model].share == share]
            row = {"share": share, **self.rate(own), "median_score": _median(own)}
            row["auroc"] = row["auroc_interval"] = None
            if null:
                both = [*own, *null]
                area = auroc(
                    [s.score for s in both],
                    [1] * len(own) + [0] * len(null),
                    clusters=[s.model for s in both],
                    seed=self.seed,
                )
                row["auroc"] = area.auroc
                row["auroc_interval"] = None if math.isnan(area.low) else [area.low, area.high]
            out.append(row)
        return out

    def compare(self, name: str) -> list[dict[str, Any]]:
        """Return each treatment beside the models that differ from it in nothing else."""
        usual = getattr(USUAL, name)
        treated: dict[tuple[str, float], list[Scored]] = {}
        for s in self.positive:
            value = getattr(self.traits[s.model], name)
            if value != usual:
                label = name if value is True else str(value)
                treated.setdefault((label, self.traits[s.model].share), []).append(s)
        out = []
        change: dict[str, Any] = {name: usual}
        for (label, share), rows in sorted(treated.items()):
            alike = {replace(self.traits[s.model], rewriter="", **change) for s in rows}
            others = [s for s in self.positive if self.traits[s.model] in alike]
            both = {"treated": self.rate(rows), "plain": self.rate(others)}
            medians = {"median_score": _median(rows), "median_score_plain": _median(others)}
            out.append({"treatment": label, "share": share, **both, **medians})
        return out


def _of(teacher: str, *parts: Sequence[Scored]) -> list[list[Scored]]:
    return [[s for s in rows if s.teacher == teacher] for rows in parts]


def _median(rows: Sequence[Scored]) -> float | None:
    return float(np.median([s.score for s in rows])) if rows else None


def smallest_share(by_share: Sequence[Mapping[str, Any]], fpr: float) -> float | None:
    """Return the smallest share from which on every share is detected, None if there is none.

    A share is detected if at least half of its models are, and if the lower bound of that rate
    is above the level.

    Parameters
    ----------
    by_share : sequence of mapping
        ``share``, ``rate`` and ``interval``, by rising share.
    fpr : float
        The level.

    Examples
    --------
    >>> rows = [{"share": 10, "rate": 0.2, "interval": [0.0, 0.7]},
    ...         {"share": 50, "rate": 1.0, "interval": [0.5, 1.0]}]
    >>> smallest_share(rows, 0.01)
    50
    """
    found = None
    for row in reversed(by_share):
        if row["rate"] is None or row["rate"] < HALF or row["interval"][0] <= fpr:
            break
        found = row["share"]
    return found
