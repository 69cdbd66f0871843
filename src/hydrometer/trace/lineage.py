"""What is documented of each model, and who may serve as whose null.

A family is a vendor's snapshots and what was tuned from their weights, or the
releases of one project. Nothing about a suspect's family may be used to judge
that suspect.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hydrometer.errors import InputError

__all__ = ["KINDS", "Lineage", "Record", "family_stem", "read_lineage"]

KINDS = ("teacher", "student", "clean", "derived", "unknown")
_COLUMNS = ("model", "kind", "teacher_vendor", "teacher_models", "base_model", "source")
# Words that name a treatment, not a project.
_PREFIXES = re.compile(r"^(?:recycled|text|meta)[-_ ]+", re.IGNORECASE)


@dataclass(frozen=True)
class Record:
    """One model's documented lineage.

    ``kind`` is teacher (a vendor's own model), student (trained on a
    teacher's outputs), clean (trained on human text or its own), derived
    (tuned from another model's weights with no teacher text) or unknown.
    ``family`` is given where the name does not tell it.
    """

    model: str
    kind: str
    teacher_vendor: str = ""
    teacher_models: tuple[str, ...] = ()
    base_model: str = ""
    source: str = ""
    family: str = ""


def family_stem(model: str) -> str:
    """Return the project's name: the letters that a model's name begins with.

    Examples
    --------
    >>> family_stem("wizardlm-13b-v1.1"), family_stem("recycled-wizardlm-7b")
    ('wizardlm', 'wizardlm')
    """
    name = _PREFIXES.sub("", model.split("/")[-1].strip().lower())
    found = re.match(r"[^\W\d_]+", name)
    return found.group(0) if found else name


@dataclass(frozen=True)
class Lineage:
    """The records of a panel, by model."""

    records: Mapping[str, Record] = field(default_factory=dict)

    def __getitem__(self, model: str) -> Record:
        """Return the record of a model; an undocumented one is ``unknown``."""
        return self.records.get(model) or Record(model, "unknown")

    def vendor(self, model: str) -> str:
        """Return the vendor that a candidate teacher belongs to (itself, if none)."""
        record = self[model]
        return record.source if record.kind == "teacher" and record.source else model

    def family(self, model: str) -> str:
        """Return the family of a model; see the module's first paragraph."""
        record = self[model]
        if record.kind == "teacher":
            return "vendor:" + self.vendor(model)
        if record.kind == "derived":
            for parent in record.teacher_models:
                if parent in self.records:
                    return self.family(parent)
        return "project:" + (record.family or family_stem(model))

    def tuned_on(self, model: str) -> frozenset[str] | None:
        """Return the vendors whose text a model was tuned on; None where not documented.

        A vendor's model was tuned on its own vendor's text; a derived one
        carries what its parent carries.
        """
        record = self[model]
        if record.kind == "teacher":
            return frozenset([self.vendor(model)])
        if record.kind == "student":
            named = {self.vendor(t) for t in record.teacher_models if t in self.records}
            return frozenset(named | ({record.teacher_vendor} if record.teacher_vendor else set()))
        if record.kind == "clean":
            return frozenset()
        if record.kind == "derived":
            parents = [self.tuned_on(t) for t in record.teacher_models if t in self.records]
            known = [p for p in parents if p is not None]
            return frozenset().union(*known) if known and len(known) == len(parents) else None
        return None

    def is_null(self, model: str, vendor: str) -> bool:
        """Whether a model is documented as tuned without this vendor's text."""
        tuned = self.tuned_on(model)
        return tuned is not None and vendor not in tuned

    def without(self, models: Iterable[str]) -> Lineage:
        """Return the lineage without these models."""
        gone = set(models)
        return Lineage({k: v for k, v in self.records.items() if k not in gone})


def read_lineage(path: str | Path) -> Lineage:
    """Return the lineage of a CSV file; a column ``family`` may be added.

    Raises
    ------
    InputError
        If the file cannot be read, a column is missing, a kind is unknown, a
        model stands twice, or one is derived from itself.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
        rows = list(csv.DictReader(text.splitlines()))
    except (OSError, UnicodeError, csv.Error) as err:
        raise InputError(f"cannot read the lineage {path}", got=str(err)[:120]) from err
    if not rows or any(c not in rows[0] for c in ("model", "kind")):
        raise InputError(
            f"{path} is not a lineage table",
            got=", ".join(str(c) for c in rows[0])[:120] if rows else "no rows",
            wanted="columns " + ", ".join(_COLUMNS),
        )
    records: dict[str, Record] = {}
    for number, row in enumerate(rows, start=2):
        values = {c: (row.get(c) or "").strip() for c in _COLUMNS}
        if values["kind"] not in KINDS:
            raise InputError(
                f"{path}:{number}: unknown kind",
                got=repr(values["kind"])[:60],
                wanted=", ".join(KINDS),
            )
        if not values["model"] or values["model"] in records:
            raise InputError(f"{path}:{number}: a model needs one row", got=values["model"][:60])
        teachers = tuple(t.strip() for t in values["teacher_models"].split(";") if t.strip())
        records[values["model"]] = Record(
            values["model"],
            values["kind"],
            values["teacher_vendor"],
            teachers,
            values["base_model"],
            values["source"],
            (row.get("family") or "").strip(),
        )
    for model in records:
        _refuse_circle(records, model, path)
    return Lineage(records)


def _refuse_circle(records: Mapping[str, Record], model: str, path: str | Path) -> None:
    """Refuse a derived model among its own ancestors, however far back."""
    seen: set[str] = set()
    ahead = [model]
    while ahead:
        record = records.get(ahead.pop())
        for parent in record.teacher_models if record and record.kind == "derived" else ():
            if parent == model:
                raise InputError(
                    f"{path}: a model is derived from itself",
                    got=model[:60],
                    next_step="correct its teacher_models",
                )
            if parent not in seen:
                seen.add(parent)
                ahead.append(parent)
