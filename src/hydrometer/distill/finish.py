"""The end of a run: the student in its folder, evaluated, with record, card and notice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydrometer.distill.assess import assess, limits
from hydrometer.distill.card import duty_states, write_card
from hydrometer.distill.files import read_json, write_json
from hydrometer.distill.record import RECORD, student_record
from hydrometer.distill.stages import Selected, Setting, place_student
from hydrometer.distill.train.record import Trained
from hydrometer.distill.train.weights import weights_digest
from hydrometer.errors import InputError

__all__ = ["Done", "finish"]

KEPT = ("recipe.json", "answers.jsonl", "held-out.jsonl", "judge.jsonl", "examples.jsonl",
        "provenance.jsonl", "rejected.jsonl", "permit.json", "evaluation.json")  # fmt: skip
"""Files of a run whose digests the student's record holds."""


@dataclass(frozen=True)
class Done:
    """A finished run.

    Parameters
    ----------
    folder : Path
        Of the run; the student is in ``student``.
    record : mapping
        The student's record.
    evaluation : mapping
        ``rows`` (one for each measure) and ``sizes``; empty where nothing was
        evaluated.
    limits : tuple of str
        What the evaluation does not show.
    curve : tuple of mapping
        The learning curve.
    """

    folder: Path
    record: Mapping[str, Any]
    evaluation: Mapping[str, Any]
    limits: tuple[str, ...]
    curve: tuple[Mapping[str, Any], ...]

    @property
    def rows(self) -> list[Mapping[str, Any]]:
        """The measures of the evaluation."""
        return list(self.evaluation.get("rows", []))

    def summary(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        r = self.record
        return {
            "student": str(self.folder / "student"),
            "report": str(self.folder / "report.html"),
            "examples": r["examples"],
            "verdict": r["permit"]["verdict"],
            "duties": duty_states(r["permit"]["duties"]),
            "training": r["training"],
            "evaluation": self.rows,
        }

    def page(self) -> dict[str, Any]:
        """Return what the report is made of: plain values."""
        r = self.record
        return {
            "student": r["student"],
            "created": r["created"],
            "base": dict(r["base"]),
            "recipe": r["recipe"],
            "sources": list(r["sources"]),
            "examples": dict(r["examples"]),
            "permit": {k: v for k, v in r["permit"].items() if k != "duties"},
            "duties": duty_states(r["permit"]["duties"]),
            "training": dict(r["training"]),
            "curve": [dict(p) for p in self.curve],
            "evaluation": self.rows,
            "sizes": list(self.evaluation.get("sizes", [])),
            "size_measure": self.evaluation.get("size_measure"),
            "limits": list(self.limits),
            "files": dict(r["files"]),
            "environment": dict(r["environment"]),
        }


def finish(
    s: Setting,
    chosen: Selected,
    trained: Trained,
    *,
    environment: Mapping[str, str],
    evaluate: bool = True,
    again: bool = False,
) -> Done:
    """Evaluate the student, and write its folder.

    Parameters
    ----------
    s : Setting
        Of the run.
    chosen, trained
        From `work`.
    environment : mapping of str to str
        Versions, for the record.
    evaluate : bool
        Whether to evaluate where no evaluation is recorded yet.
    again : bool
        Evaluate even where one is.

    Raises
    ------
    InputError
        If a file cannot be written.
    """
    student = s.folder / "student"
    place_student(trained, student)
    path = s.folder / "evaluation.json"
    asked = {"fingerprint": trained.fingerprint, "settings": s.recipe.values()["evaluate"]}
    found: dict[str, Any] = {}
    if path.exists() and not again:
        found = read_json(path)
        if evaluate and any(found.get(k) != v for k, v in asked.items()):
            found = {}
    if evaluate and not found:
        found = {**assess(s, trained, chosen.examples), **asked}
        write_json(found, path)
    record = student_record(
        name=s.recipe.student.name,
        recipe_digest=s.recipe.digest,
        making=s.recipe.making(),
        examples=chosen.examples,
        provenance=chosen.provenance,
        rejected=chosen.rejected,
        permit=chosen.permit,
        training={**trained.to_record(), "student_sha256": weights_digest(trained.folder)},
        files={name: s.folder / name for name in KEPT},
        environment={**environment, **trained.versions},
        created=s.clock().isoformat(timespec="seconds"),
        base_digest=_base_digest(s),
    )
    write_json(record, student / RECORD)
    told = tuple(limits(record, found.get("rows", [])))
    write_card(student, record, found.get("rows", []), told)
    return Done(s.folder, record, found, told, tuple(trained.curve))


def _base_digest(s: Setting) -> str | None:
    base = s.recipe.student.base
    if base is None:
        return None
    try:
        return weights_digest(s.recipe.place(base.partition(":")[2]))
    except InputError:
        return None
