"""The gate before the still: the rows of a training set judged, and the permit for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from hydrometer.distill.recipe import Recipe
from hydrometer.errors import InputError, NotPermitted
from hydrometer.terms.catalogue import Catalogue, read_catalogue
from hydrometer.terms.gate import Gate
from hydrometer.terms.permit import Permit, issue
from hydrometer.terms.row import parse_row
from hydrometer.terms.use import Use, read_use
from hydrometer.terms.verdict import Result, rank, worst

__all__ = ["Ruling", "judge_rows", "open_terms"]


@dataclass(frozen=True)
class Ruling:
    """What the gate says of some rows.

    Parameters
    ----------
    verdict : str
        The worst of all rows.
    counts : dict of str to int
        Rows by verdict.
    reasons : tuple of dict
        Each with the number of rows that it holds for, the worst first.
    duties : tuple of dict
        What is owed.
    permit : Permit or None
        None where there is none.
    refusal : str or None
        Why there is no permit, in words.
    texts : dict of str to tuple of str
        Row to the ``key@version`` of every text that it rests on.
    """

    verdict: str
    counts: Mapping[str, int]
    reasons: tuple[dict[str, Any], ...]
    duties: tuple[dict[str, Any], ...]
    permit: Permit | None
    refusal: NotPermitted | None
    texts: Mapping[str, tuple[str, ...]]

    def require(self) -> Permit:
        """Return the permit.

        Raises
        ------
        NotPermitted
            If there is none, with the reasons.
        """
        if self.permit is None:
            raise self.refusal or NotPermitted("no permit")
        return self.permit

    def to_record(self) -> dict[str, Any]:
        """Return what JSON shows."""
        p = self.permit
        return {
            "verdict": self.verdict,
            "rows": dict(self.counts),
            "reasons": list(self.reasons),
            "duties": list(self.duties),
            "permitted": p is not None,
            "expires": p.expires if p else None,
            "instruments": list(p.instruments) if p else sorted(
                {t for texts in self.texts.values() for t in texts}
            ),
            "refusal": str(self.refusal) if self.refusal else None,
        }  # fmt: skip


def open_terms(recipe: Recipe, *, at: datetime) -> tuple[Use, Catalogue]:
    """Return the declared use of a recipe and the texts that it is judged by.

    Parameters
    ----------
    recipe : Recipe
        Its ``[use]``.
    at : datetime
        The present: the day of use, where the file names none.

    Raises
    ------
    InputError
        If a file cannot be read, or the use is declared for another student.
    """
    path = recipe.place(recipe.use.file)
    use = read_use(path, today=at.date())
    if use.student_name is None:
        use = replace(use, student_name=recipe.student.name)
    if use.student_name != recipe.student.name:
        raise InputError(
            f"{path} declares the use of another student",
            got=repr(use.student_name),
            wanted=f"student_name = {recipe.student.name!r}",
            next_step="let recipe and use agree on the name",
        )
    return use, read_catalogue(*(recipe.place(f) for f in recipe.use.catalogue))


def judge_rows(
    rows: Sequence[Mapping[str, Any]], use: Use, catalogue: Catalogue, *, at: datetime
) -> Ruling:
    """Return what the gate says of rows, with the permit where it gives one.

    Parameters
    ----------
    rows : sequence of mapping
        In the row format of ``hydrometer terms``.
    use, catalogue
        From `open_terms`.
    at : datetime
        The present: a permit that has run out by then is none.

    Raises
    ------
    InputError
        If a row is none, or was written after the day of use.
    """
    gate = Gate(catalogue, use)
    results: list[Result] = []
    texts: dict[str, tuple[str, ...]] = {}
    for row in rows:
        result = gate.judge(row)
        results.append(result)
        texts[parse_row(row)[0]] = tuple(
            sorted({r.instrument for r in result.reasons if r.instrument})
        )
    held = Counter(results)
    reasons = Counter[str]()
    shown: dict[str, dict[str, Any]] = {}
    for result, n in held.items():
        for reason in result.reasons:
            record = reason.record()
            key = repr(sorted(record.items()))
            shown[key] = record
            reasons[key] += n
    listed = sorted(shown, key=lambda k: (-rank(shown[k]["verdict"]), -reasons[k], k))
    permit, refusal = None, None
    try:
        permit = issue(rows, use, catalogue, at=at)
        if at.date().isoformat() >= permit.expires:
            raise NotPermitted(
                "the permit would have run out already",
                got=f"{at.date()}, and the texts were seen for a use before {permit.expires}",
                next_step="declare the day of the use, and read the texts again",
            )
    except NotPermitted as err:
        permit, refusal = None, err
    duties = dict.fromkeys(d for r in held for d in r.duties)
    return Ruling(
        worst(r.verdict for r in held),
        dict(sorted(Counter(r.verdict for r in results).items())),
        tuple({**shown[k], "rows": reasons[k]} for k in listed),
        tuple(d.record() for d in duties),
        permit,
        refusal,
        texts,
    )
