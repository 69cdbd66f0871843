"""Score pairs of models from text with knowlyr-modelaudit, a peer of ``hydrometer trace``.

Stand-alone: it needs an environment of its own and nothing of Hydrometer.

    pip install knowlyr-modelaudit==0.4.1 pyarrow

The peer has no command that takes two files of answers: its ``audit`` asks two APIs its own 20
questions.  Its engine is therefore called with fingerprints that are made here, by its own
functions, from the given answers; comparison, thresholds and verdict are all its own code.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from modelaudit.engine import AuditEngine
from modelaudit.methods import dli, llmmap
from modelaudit.models import Fingerprint

TESTED = "0.4.1"
EXTRACT = dli._extract_behavior_signature
DIGITS = 9  # beyond these its sums depend on the hash seed of the process


@dataclass(frozen=True)
class Pair:
    """A suspect, a candidate, and whether the one learned from the other."""

    student: str
    teacher: str
    label: int


class TextEngine(AuditEngine):  # type: ignore[misc, unused-ignore]
    """The peer's engine, fed with answers in place of two APIs.

    Only ``fingerprint`` is replaced.  ``audit`` (modelaudit/engine.py) is the peer's own: it
    compares the two LLMmap vectors, compares the two DLI signatures, and says "likely_derived"
    when both reach their thresholds, "independent" when their mean is below 0.5, and
    "inconclusive" otherwise.

    Parameters
    ----------
    answers : dict
        ``{model: answers}``; features and signature are extracted once for each model.
    """

    def __init__(self, answers: dict[str, list[str]]) -> None:
        super().__init__(use_cache=False)
        self._held = {model: self._extract(model, texts) for model, texts in answers.items()}
        self._signatures: dict[int, dict[str, Any]] = {
            id(self._held[model].data["raw_responses"]): EXTRACT(texts)
            for model, texts in answers.items()
        }

    @staticmethod
    def _extract(model: str, texts: list[str]) -> Fingerprint:
        features = [llmmap._extract_response_features(text) for text in texts]
        return Fingerprint(
            model_id=model,
            method="llmmap",
            fingerprint_type="blackbox",
            data={
                "vector": llmmap._compute_fingerprint_vector(features),
                "raw_responses": texts,
            },
        )

    def _signature(self, responses: list[str]) -> dict[str, Any]:
        return self._signatures[id(responses)]

    def fingerprint(self, model: str, method: str = "llmmap", **_: Any) -> Fingerprint:
        """Return the fingerprint made of the model's answers."""
        return self._held[model]

    def judge(self, pair: Pair) -> dict[str, Any]:
        """Return the peer's scores and verdict on a pair.

        Raises
        ------
        RuntimeError
            If the peer left one of its two methods out.
        """
        # `audit` looks the extractor up in its module for every pair: hand it what is known.
        dli._extract_behavior_signature = self._signature
        # num_probes=0 leaves out the table of styles for its report; no verdict depends on it.
        found = self.audit(pair.teacher, pair.student, num_probes=0)
        by = {c.method: c for c in found.comparisons}
        if by.keys() != {"llmmap", "dli"}:
            raise RuntimeError(f"{pair}: the peer skipped {found.details.get('skipped_methods')}")
        one, two = by["llmmap"], by["dli"]
        return {
            "student": pair.student,
            "teacher": pair.teacher,
            "label": pair.label,
            "score": round((one.similarity + two.similarity) / 2, DIGITS),
            "llmmap": round(one.similarity, DIGITS),
            "dli": two.similarity,
            "llmmap_accused": one.is_derived,
            "dli_accused": two.is_derived,
            "verdict": found.verdict,
            "accused": found.verdict == "likely_derived",
        }


def read_pairs(path: Path) -> list[Pair]:
    """Return the pairs of a CSV file with the columns student, teacher and label."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [Pair(r["student"], r["teacher"], int(r["label"])) for r in csv.DictReader(file)]


def choose(ids: Iterable[str], limit: int | None, seed: int) -> set[str]:
    """Return all of the prompt ids, or so many of them drawn by seed."""
    drawn = sorted(ids, key=lambda i: hashlib.sha256(f"{seed}:{i}".encode()).digest())
    return set(drawn[:limit])


def read_answers(
    path: Path, models: set[str], prompts: set[str] | None, limit: int | None, seed: int
) -> tuple[dict[str, list[str]], set[str]]:
    """Return each model's answers in the order of the file, and the prompts used.

    An empty answer is kept, as the peer keeps one that an API gave.

    Raises
    ------
    ValueError
        If a model of the pairs has no answers, or a wanted prompt is not there.
    """
    table = pq.ParquetFile(path)
    columns = ["model", "prompt_id", "response"]
    there = {
        str(i)
        for batch in table.iter_batches(columns=columns[:2])
        for name, i in zip(*(batch[c].to_pylist() for c in columns[:2]), strict=True)
        if name in models
    }
    if prompts is not None and not prompts <= there:
        raise ValueError(f"prompts without answers: {sorted(prompts - there)[:5]}")
    used = choose(there if prompts is None else prompts, limit, seed)
    answers: dict[str, list[str]] = {}
    for batch in table.iter_batches(columns=columns, batch_size=2048):
        for name, i, text in zip(*(batch[c].to_pylist() for c in columns), strict=True):
            if name in models and str(i) in used:
                answers.setdefault(name, []).append(text or "")
    if models - answers.keys():
        raise ValueError(f"models without answers: {sorted(models - answers.keys())[:5]}")
    return answers, used


def auroc(scores: Sequence[float], labels: Sequence[int]) -> float:
    """Return the chance that a true pair scores above an unrelated one; a tie counts half."""
    right = [s for s, y in zip(scores, labels, strict=True) if y]
    wrong = [s for s, y in zip(scores, labels, strict=True) if not y]
    wins = sum((r > w) + (r == w) / 2 for r in right for w in wrong)
    return wins / (len(right) * len(wrong))


def summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return separation, detections and false accusations, as a whole and by method."""
    labels = [r["label"] for r in rows]
    true, other = labels.count(1), labels.count(0)
    out: dict[str, Any] = {"true_pairs": true, "unrelated_pairs": other}
    for name, score, accused in (
        ("audit", "score", "accused"),
        ("llmmap", "llmmap", "llmmap_accused"),
        ("dli", "dli", "dli_accused"),
    ):
        hits = sum(r[accused] for r in rows if r["label"])
        wrong = sum(r[accused] for r in rows if not r["label"])
        out[name] = {
            "auroc": round(auroc([r[score] for r in rows], labels), 4) if true and other else None,
            "detected": hits,
            "detection_rate": round(hits / true, 4) if true else None,
            "falsely_accused": wrong,
            "false_accusation_rate": round(wrong / other, 4) if other else None,
        }
    out["verdicts"] = {
        kind: dict(Counter(r["verdict"] for r in rows if r["label"] == label))
        for kind, label in (("true", 1), ("unrelated", 0))
    }
    return out


def peak_mb() -> float:
    """Return the peak resident memory so far, in MB (Linux counts it in kB)."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def spread(found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the least, mean and greatest figure of several summaries, by method."""
    out: dict[str, Any] = {}
    for name in ("audit", "llmmap", "dli"):
        for key in ("auroc", "detection_rate", "false_accusation_rate"):
            values = [f[name][key] for f in found if f[name][key] is not None]
            if values:
                middle = round(sum(values) / len(values), 4)
                out.setdefault(name, {})[key] = [min(values), middle, max(values)]
    return out


def command(args: argparse.Namespace) -> str:
    """Return the command with file names in place of paths."""
    words = ["python", "bench/trace/knowlyr.py"]
    for key, value in vars(args).items():
        if value is not None:
            text = value.name if isinstance(value, Path) else str(value)
            words += ["--" + key.replace("_", "-"), text]
    return " ".join(words)


def dump(found: dict[str, Any]) -> str:
    """Return JSON with one line for each pair."""
    head = {k: v for k, v in found.items() if k != "pairs"}
    rows = ",\n".join("  " + json.dumps(row) for row in found["pairs"])
    return json.dumps(head, indent=1)[:-2] + ',\n "pairs": [\n' + rows + "\n ]\n}\n"


def main() -> int:
    """Score the pairs and write the peer's scores."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--responses", type=Path, required=True, help="model, prompt_id, response")
    parser.add_argument("--pairs", type=Path, required=True, help="student,teacher,label")
    parser.add_argument("--out", type=Path, required=True, help="the scores, JSON")
    parser.add_argument("--prompt-ids", type=Path, help="use only these, one on a line")
    parser.add_argument("--max-prompts", type=int, help="use only so many, drawn by --seed")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--draws", type=int, help="add the spread over so many other draws")
    args = parser.parse_args()
    if version("knowlyr-modelaudit") != TESTED:
        parser.error(f"needs knowlyr-modelaudit {TESTED}")

    pairs = read_pairs(args.pairs)
    models = {m for p in pairs for m in (p.student, p.teacher)}
    wanted = set(args.prompt_ids.read_text().split()) if args.prompt_ids else None
    answers, used = read_answers(args.responses, models, wanted, args.max_prompts, args.seed)

    before = peak_mb()
    begun = time.perf_counter()
    engine = TextEngine(answers)
    extracted = time.perf_counter()
    rows = [engine.judge(pair) for pair in pairs]
    ended = time.perf_counter()

    peak = peak_mb()
    others = []
    for seed in range(args.seed + 1, args.seed + 1 + (args.draws or 0)):
        drawn, _ = read_answers(args.responses, models, None, len(used), seed)
        other = TextEngine(drawn)
        others.append(summary([other.judge(pair) for pair in pairs]))

    found = {
        "peer": f"knowlyr-modelaudit {TESTED}",
        "date": time.strftime("%Y-%m-%d"),
        "command": command(args),
        "prompts": len(used),
        "prompt_ids": sorted(used, key=lambda i: (len(i), i)) if len(used) <= 100 else "all",
        "models": len(models),
        "seconds": round(ended - begun, 3),
        "seconds_features": round(extracted - begun, 3),
        "seconds_pairs": round(ended - extracted, 3),
        "peak_rss_mb": peak,
        "peak_rss_mb_after_reading": before,
        "summary": summary(rows),
        "draws": {"draws": len(others), "least_mean_greatest": spread(others)} if others else None,
        "pairs": rows,
    }
    args.out.write_text(dump(found), encoding="utf-8")
    print(json.dumps({k: v for k, v in found.items() if k != "pairs"}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
