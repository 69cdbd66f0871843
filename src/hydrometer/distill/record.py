"""What a run leaves for whoever asks later: provenance by the row, and the student's record."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hydrometer.distill.example import Example, examples_digest
from hydrometer.distill.files import file_digest
from hydrometer.exchange import Exchange
from hydrometer.terms.permit import Permit

__all__ = [
    "RECORD",
    "provenance_row",
    "sources",
    "student_record",
]

RECORD = "hydrometer.json"
"""Name of the record in the student's folder."""

FORMAT = "hydrometer student 1"

_HASHED = ("model", "surface", "provider", "host", "aggregator", "account")


def provenance_row(
    example: Example,
    answer: Exchange,
    line: int,
    texts: Sequence[str],
    *,
    score: float | None = None,
) -> dict[str, Any]:
    """Return where one example came from.

    Parameters
    ----------
    example : Example
        The row of the training set.
    answer : Exchange
        The teacher's answer that it was made of.
    line : int
        Its line in the log of answers, from 1.
    texts : sequence of str
        ``key@version`` of every text that the gate judged it by.
    score : float, optional
        What the judge gave it.
    """
    teacher = example.teacher
    return {
        "id": example.id,
        "content": example.content,
        "prompt_key": answer.key,
        "teacher": {k: teacher.get(k) for k in _HASHED},
        "answered_as": answer.model_answered or answer.model,
        "others": [
            {**{k: w.get(k) for k in _HASHED}, "role": w["role"]}
            for w in example.writers
            if w is not teacher
        ],
        "generated_at": teacher.get("generated_at"),
        "time": answer.time.isoformat() if answer.time is not None else None,
        "terms": list(texts),
        "sampling": dict(example.sampling),
        "tokens_in": example.tokens_in,
        "tokens_out": example.tokens_out,
        "engine": dict(answer.headers).get("engine"),
        "log": {"file": "answers.jsonl", "line": line},
        "source": example.source,
        "judge_score": score,
    }


def sources(provenance: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the counts of a training set by writer, host and version of the terms.

    Parameters
    ----------
    provenance : sequence of mapping
        From `provenance_row`.
    """
    count: dict[str, int] = defaultdict(int)
    days: dict[str, set[str]] = defaultdict(set)
    for row in provenance:
        written = [{**row["teacher"], "role": "answer"}, *row["others"]]
        for writer in written:
            key = json.dumps({**writer, "terms": row["terms"]}, sort_keys=True)
            count[key] += 1
            if writer["role"] == "answer" and row["generated_at"]:
                days[key].add(row["generated_at"])
    found = []
    for key in sorted(count, key=lambda k: (-count[k], json.loads(k)["role"] != "answer", k)):
        span = sorted(days[key])
        found.append(
            {
                **json.loads(key),
                "examples": count[key],
                "first": span[0] if span else None,
                "last": span[-1] if span else None,
            }
        )
    return found


def student_record(
    *,
    name: str,
    recipe_digest: str,
    making: Mapping[str, Any],
    examples: Sequence[Example],
    provenance: Sequence[Mapping[str, Any]],
    rejected: Mapping[str, int],
    permit: Permit,
    training: Mapping[str, Any],
    files: Mapping[str, Path],
    environment: Mapping[str, str],
    created: str,
    base_digest: str | None = None,
) -> dict[str, Any]:
    """Return the record of a student: every source by name, count and digest.

    Parameters
    ----------
    name : str
        The student.
    recipe_digest, making
        Of the recipe, see `Recipe.making`.
    examples : sequence of Example
        What it was trained on.
    provenance : sequence of mapping
        A row for each of them.
    rejected : mapping of str to int
        Answers that were left out, by reason.
    permit : Permit
        For exactly these examples.
    training : mapping
        The trainer's own record.
    files : mapping of str to Path
        Files of the run by their name in it; their digests are recorded.
    environment : mapping of str to str
        Versions.
    created : str
        ISO time.
    base_digest : str, optional
        Digest of the weights that it started from.
    """
    return {
        "format": FORMAT,
        "student": name,
        "created": created,
        "recipe": {"sha256": recipe_digest, "settings": dict(making)},
        "base": {**_base(making), "sha256": base_digest},
        "sources": sources(provenance),
        "examples": {
            "count": len(examples),
            "sha256": examples_digest(examples),
            "rejected": dict(rejected),
        },
        "permit": asdict(permit),
        "training": dict(training),
        "files": {k: file_digest(p) for k, p in sorted(files.items()) if p.exists()},
        "environment": dict(sorted(environment.items())),
    }


def _base(making: Mapping[str, Any]) -> dict[str, Any]:
    student = making["student"]
    return {k: student.get(k) for k in ("base", "new", "base_model")}
