"""The benchmark of `trace`: leave one model out, judge every pair, count the errors.

For each suspect, it and every other model of its family are taken out of all
that is fitted, chosen or calibrated. Nothing is tuned to known students, so
there is no training set; the only use of labels is the attribution set, whose
calibration leaves the suspect's family out.
"""

from __future__ import annotations

import csv
import math
import resource
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hydrometer.errors import InputError
from hydrometer.stats.roc import auroc, exact_rate, macro_accuracy, tpr_at_fpr
from hydrometer.trace.attribution import attribute, vendor_scores
from hydrometer.trace.audit import LEAST_PROMPTS, Audit, audit_rows
from hydrometer.trace.finding import assumptions_of, verdict_of
from hydrometer.trace.lineage import Lineage
from hydrometer.trace.panel import FittedPanel, Panel

__all__ = ["Pair", "Row", "default_pairs", "evaluate", "metrics_of", "read_pairs"]

ALPHAS = (0.01, 0.05)
COVERAGE = 0.9


@dataclass(frozen=True)
class Pair:
    """A suspect, a candidate, and whether the one was trained on the other's answers."""

    student: str
    teacher: str
    label: int
    kind: str = "default"


@dataclass(frozen=True)
class Row:
    """What was said of one pair, and what plain baselines say.

    ``verdicts`` (by alpha) answer the pair as a question of its own, the
    candidate named beforehand; ``among_all`` pay for having looked at every
    candidate of the benchmark.
    """

    pair: Pair
    score: float
    pvalue: float
    adjusted: float
    evalue: float
    verdicts: Mapping[str, str]
    among_all: Mapping[str, str]
    overlap: float
    length: float


def read_pairs(path: str | Path) -> list[Pair]:
    """Return the pairs of a CSV file with the columns student, teacher and label (1 or 0).

    Raises
    ------
    InputError
        If the file is not such a table.
    """
    try:
        rows = list(csv.DictReader(Path(path).read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeError, csv.Error) as err:
        raise InputError(f"cannot read the pairs {path}", got=str(err)[:120]) from err
    out = []
    for number, row in enumerate(rows, 2):
        student, teacher = (row.get("student") or "").strip(), (row.get("teacher") or "").strip()
        label = (row.get("label") or "").strip()
        if not student or not teacher or label not in ("0", "1"):
            raise InputError(
                f"{path}:{number}: not a pair",
                got=str(dict(row))[:120],
                wanted="student,teacher,label with label 1 or 0",
            )
        out.append(Pair(student, teacher, int(label), "given"))
    if not out:
        raise InputError(f"{path} holds no pairs", wanted="columns student,teacher,label")
    return out


def default_pairs(models: Sequence[str], lineage: Lineage) -> list[Pair]:
    """Return each student and each clean model with each teacher.

    A student's own vendor: its named snapshots are positive, the others are
    left out. Models of kind ``derived`` give hard negatives in a row of their
    own (kind ``derived``), their own vendor left out.
    """
    teachers = [m for m in models if lineage[m].kind == "teacher"]
    out = []
    for model in models:
        record = lineage[model]
        if record.kind not in ("student", "clean", "derived"):
            continue
        tuned = lineage.tuned_on(model) or frozenset()
        for teacher in teachers:
            if teacher in record.teacher_models and record.kind == "student":
                out.append(Pair(model, teacher, 1))
            elif lineage.vendor(teacher) not in tuned:
                kind = "derived" if record.kind == "derived" else "default"
                out.append(Pair(model, teacher, 0, kind))
    return out


def evaluate(
    panel: Panel,
    pairs: Sequence[Pair],
    *,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Return the metrics of `metrics_of` and every pair's numbers.

    Parameters
    ----------
    panel : Panel
        Answers and lineage; candidates are all teachers of the pairs.
    pairs : sequence of Pair
    seed : int
    progress : callable, optional
        Told how many suspects of how many are done.

    Raises
    ------
    InputError
        If a pair names a model without answers.
    """
    unknown = sorted({n for p in pairs for n in (p.student, p.teacher) if n not in panel.answers})
    if unknown:
        raise InputError(
            "pairs name models without answers",
            got=", ".join(unknown)[:200],
            next_step="correct the pairs or add the answers",
        )
    named = {p.teacher for p in pairs}
    candidates = [m for m in panel.answers if m in named or m in panel.candidates]
    begun = time.perf_counter()
    fitted = panel.fit(candidates)
    seconds_fit = time.perf_counter() - begun
    suspects = list(dict.fromkeys(p.student for p in pairs))
    lengths = np.log(np.maximum(fitted.corpus.lengths, 1)).mean(axis=1)
    audits: dict[str, Audit] = {}
    spent: list[float] = []
    early: dict[str, Audit] = {}
    overlaps: dict[str, NDArray[np.float64]] = {}
    for number, name in enumerate(suspects, 1):
        begun = time.perf_counter()
        rows = fitted.member(name)
        shared = np.flatnonzero([t.size > 0 for t in rows.tokens])
        if shared.size < LEAST_PROMPTS:
            raise InputError(
                f"{name} answered too few prompts", got=str(shared.size), wanted=str(LEAST_PROMPTS)
            )
        audits[name] = audit_rows(rows, shared, seed=seed, jackknife=0)
        spent.append(time.perf_counter() - begun)
        early[name] = audit_rows(rows, shared, seed=seed, until_decided=0.05, jackknife=0)
        overlaps[name] = rows.raw(shared)[0][-1]
        if progress is not None:
            progress(number, len(suspects))
    out_rows = [_row(p, audits[p.student], fitted, overlaps[p.student], lengths) for p in pairs]
    found = metrics_of(out_rows)
    found["vendor_level"] = _vendor_level(out_rows, audits, fitted)
    found.update(_attribution(audits, fitted))
    found.update(_early(pairs, early))
    found.update(
        suspects=len(suspects),
        prompts=len(panel.prompts),
        models=len(panel.answers),
        candidates=len(candidates),
        seconds_fit=round(seconds_fit, 2),
        seconds_per_audit=round(float(np.median(spent)), 3),
        peak_rss_mb=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        seed=seed,
        pairs=[_plain(r) for r in out_rows],
    )
    return found


def _early(pairs: Sequence[Pair], early: Mapping[str, Audit]) -> dict[str, Any]:
    """Return when looking early decides for a true teacher, and how often against a negative.

    Every candidate is paid for; the median is over suspects whose true teacher
    was named, None where there are none.
    """
    told = {
        (s, c.teacher): a.stopped_at
        for s, a in early.items()
        for c in a.candidates
        if a.stopped_at is not None and c.adjusted <= 0.05
    }
    right = {
        p.student: told[p.student, p.teacher]
        for p in pairs
        if p.label == 1 and (p.student, p.teacher) in told
    }
    wrong = {
        p.student
        for p in pairs
        if p.label == 0 and p.kind != "derived" and (p.student, p.teacher) in told
    }
    stops = [n for n in right.values() if n is not None]
    return {
        "median_prompts_to_verdict": float(np.median(stops)) if stops else None,
        "students_decided_early": len(right),
        "suspects_accused_early": len(wrong),
    }


def _row(
    pair: Pair,
    audit: Audit,
    fitted: FittedPanel,
    overlap: NDArray[np.float64],
    lengths: NDArray[np.float64],
) -> Row:
    result = next(c for c in audit.candidates if c.teacher == pair.teacher)
    # The pair is one question about one candidate, named beforehand: nothing to adjust for.
    alone = replace(result, adjusted=result.rank.pvalue)
    verdicts = {str(a): str(verdict_of(alone, assumptions_of(audit, alone, a), a)) for a in ALPHAS}
    among_all = {
        str(a): str(verdict_of(result, assumptions_of(audit, result, a), a)) for a in ALPHAS
    }
    at = {m: i for i, m in enumerate(fitted.corpus.models)}
    return Row(
        pair,
        result.score,
        result.rank.pvalue,
        result.adjusted,
        result.evalue,
        verdicts,
        among_all,
        float(overlap[fitted.candidates.index(pair.teacher)]),
        -abs(float(lengths[at[pair.student]] - lengths[at[pair.teacher]])),
    )


def _separation(
    scores: Sequence[float], labels: Sequence[int], clusters: Sequence[str]
) -> dict[str, Any]:
    """Return AUROC and hit rates of a score, intervals by resampling students."""
    values = np.nan_to_num(np.asarray(scores, dtype=float), nan=-1e9)
    truth = np.asarray(labels)
    if truth.min() == truth.max():
        return {"auroc": None, "tpr_at_fpr": {"0": None, "0.01": None, "0.05": None}}
    area = auroc(values, truth, clusters=list(clusters), seed=0)
    found = tpr_at_fpr(values, truth, fpr=(0.0, 0.01, 0.05))
    hits = {key: h.hits.rate for key, h in zip(("0", "0.01", "0.05"), found, strict=True)}
    interval = None if math.isnan(area.low) else [area.low, area.high]
    return {"auroc": area.auroc, "auroc_interval": interval, "tpr_at_fpr": hits}


def metrics_of(rows: Sequence[Row]) -> dict[str, Any]:
    """Return separation, error rates and the baselines over judged pairs.

    ``false_accusation_rate`` is the share of negative pairs that were called
    supported, ``true_detection_rate`` that of positive pairs, each pair one
    question about a candidate named beforehand;
    ``adjusted_for_all_candidates`` holds the same after paying for all of
    them. Intervals are exact for independent pairs; pairs share models, so
    they are optimistic.
    """
    main = [r for r in rows if r.pair.kind != "derived"]
    labels = [r.pair.label for r in main]
    clusters = [r.pair.student for r in main]
    out: dict[str, Any] = _separation([r.score for r in main], labels, clusters)
    out.update(_rates(main, lambda r: r.verdicts))
    out["adjusted_for_all_candidates"] = _rates(main, lambda r: r.among_all)
    derived = [r for r in rows if r.pair.kind == "derived"]
    accused = [r.verdicts["0.05"] == "supported" for r in derived]
    out["derived_false_accusation_rate"] = {
        "count": sum(accused),
        "n": len(accused),
        "highest_score": max((r.score for r in derived if math.isfinite(r.score)), default=None),
    }
    out["baselines"] = {
        "2-gram overlap": _separation([r.overlap for r in main], labels, clusters),
        "length only": _separation([r.length for r in main], labels, clusters),
    }
    return out


def _rates(
    rows: Sequence[Row], told: Callable[[Row], Mapping[str, str]]
) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the share of negatives and of positives called supported, by alpha."""
    out: dict[str, dict[str, dict[str, Any]]] = {}
    for name, wanted in (("false_accusation_rate", 0), ("true_detection_rate", 1)):
        out[name] = {}
        for alpha in ALPHAS:
            called = [told(r)[str(alpha)] == "supported" for r in rows if r.pair.label == wanted]
            rate = exact_rate(sum(called), len(called))
            known = not math.isnan(rate.rate)
            out[name][str(alpha)] = {
                "count": rate.count,
                "n": rate.n,
                "rate": rate.rate if known else None,
                "interval": [rate.low, rate.high] if known else None,
            }
    return out


def _vendor_level(
    rows: Sequence[Row], audits: Mapping[str, Audit], fitted: FittedPanel
) -> dict[str, Any]:
    """Return separation over (suspect, vendor), each vendor by its best-scoring snapshot.

    A vendor is positive for a suspect if any of its snapshots is; every
    snapshot of the vendor counts, also those left out at model level.
    """
    vendors = [fitted.lineage.vendor(c) for c in fitted.candidates]
    labels: dict[tuple[str, str], int] = {}
    for row in rows:
        if row.pair.kind != "derived":
            at = (row.pair.student, fitted.lineage.vendor(row.pair.teacher))
            labels[at] = max(labels.get(at, 0), row.pair.label)
    scores = {s: vendor_scores(a.scores.suspect, vendors) for s, a in audits.items()}
    held = [(s, v) for s, v in labels if v in scores[s]]
    return {
        "pairs": len(held),
        "positives": sum(labels[at] for at in held),
        **_separation(
            [scores[s][v] for s, v in held], [labels[at] for at in held], [s for s, _ in held]
        ),
    }


def _attribution(audits: Mapping[str, Audit], fitted: FittedPanel) -> dict[str, Any]:
    """Return how often the true vendor and the true snapshot come first, and set coverage."""
    lineage = fitted.lineage
    vendors = [lineage.vendor(c) for c in fitted.candidates]
    truth_v, guess_v, truth_m, right_m = [], [], [], []
    shortfall: dict[str, dict[str, list[float]]] = {}
    per_student: dict[str, NDArray[np.float64]] = {}
    for name, audit in audits.items():
        record = lineage[name]
        vendor = record.teacher_vendor
        if record.kind != "student" or vendor not in vendors:
            continue
        scores = audit.scores.suspect
        by_vendor = vendor_scores(scores, vendors)
        guess = max(by_vendor, key=lambda v: (by_vendor[v], v))
        truth_v.append(vendor)
        guess_v.append(guess)
        best = audit.candidates[0].teacher
        if any(t in fitted.candidates for t in record.teacher_models):
            truth_m.append(vendor)
            right_m.append(best in record.teacher_models)
        family = lineage.family(name)
        gap = by_vendor[guess] - by_vendor.get(vendor, -math.inf)
        shortfall.setdefault(family, {}).setdefault(name, []).append(gap)
        per_student[name] = scores
    if not truth_v:
        return {"attribution_top1": None, "attribution_macro": None, "set_coverage": None}
    inside, sizes = [], []
    for name, scores in per_student.items():
        others = {
            f: [g for gaps in held.values() for g in gaps]
            for f, held in shortfall.items()
            if f != lineage.family(name)
        }
        found = attribute(scores, vendors, others, coverage=COVERAGE, unusual=False)
        inside.append(lineage[name].teacher_vendor in found.members)
        sizes.append(len(found.members))
    hit = [t == g for t, g in zip(truth_v, guess_v, strict=True)]
    by_vendor_model = {
        v: float(np.mean([r for t, r in zip(truth_m, right_m, strict=True) if t == v]))
        for v in sorted(set(truth_m))
    }
    return {
        "attribution_top1": {
            "vendor": float(np.mean(hit)),
            "model": float(np.mean(right_m)) if right_m else None,
            "students": len(hit),
        },
        "attribution_macro": {
            "vendor": macro_accuracy(truth_v, guess_v).macro,
            "model": float(np.mean(list(by_vendor_model.values()))) if by_vendor_model else None,
            "vendors": sorted(set(truth_v)),
        },
        "set_coverage": {
            "nominal": COVERAGE,
            "coverage": float(np.mean(inside)),
            "mean_size": float(np.mean(sizes)),
            "vendors": len(set(vendors)),
        },
    }


def _plain(row: Row) -> dict[str, Any]:
    def finite(value: float) -> float | None:
        return float(value) if math.isfinite(value) else None

    return {
        "student": row.pair.student,
        "teacher": row.pair.teacher,
        "label": row.pair.label,
        "kind": row.pair.kind,
        "score": finite(row.score),
        "pvalue": finite(row.pvalue),
        "adjusted_pvalue": finite(row.adjusted),
        "evalue": finite(row.evalue),
        "verdict": row.verdicts["0.05"],
        "verdicts": dict(row.verdicts),
        "verdicts_among_all": dict(row.among_all),
        "overlap": finite(row.overlap),
        "length": finite(row.length),
    }
