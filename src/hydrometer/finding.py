"""The record out: what was claimed, against which null, and how surely.

A finding carries everything that a report shows, so that a dossier can be
rendered and checked from the finding file alone. Its wire form is an in-toto
statement whose subjects are the digests of the inputs.
"""

from __future__ import annotations

import json
import math
import re
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from hydrometer.errors import InputError, SchemaError

__all__ = [
    "Assumption",
    "Attribution",
    "Candidate",
    "Digest",
    "Exhibit",
    "Finding",
    "Interval",
    "Multiplicity",
    "NullScore",
    "Verdict",
    "View",
    "finding_text",
    "read_finding",
    "write_finding",
]

VERSION = 1
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://hydrometer.dev/finding/v1"


def _finite(what: str, *values: float) -> None:
    """Refuse what JSON cannot hold: a number that must be there is finite."""
    for value in values:
        if not math.isfinite(value):
            raise SchemaError(f"{what} must be a finite number", got=repr(value))


class Verdict(StrEnum):
    """The three things a finding may say. Inconclusive is the default."""

    SUPPORTED = "supported"
    NOT_SUPPORTED = "not supported"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class Digest:
    """One input, by the hash of its bytes.

    ``rows`` were read, ``quarantined`` were set aside with their reasons.
    """

    name: str
    sha256: str
    role: str = "input"
    rows: int = 0
    quarantined: int = 0


@dataclass(frozen=True)
class Interval:
    """An interval and what its uncertainty is about: ``models`` or ``prompts``."""

    low: float
    high: float
    level: float
    about: str
    method: str = ""

    def __post_init__(self) -> None:
        _finite("an interval", self.low, self.high, self.level)


@dataclass(frozen=True)
class Multiplicity:
    """How many hypotheses were tested together and how that was paid for."""

    family: int
    correction: str
    adjusted: float | None = None


@dataclass(frozen=True)
class Assumption:
    """Something the verdict rests on.

    ``status`` is ``met``, ``not met`` or ``not checked``. A required one that
    is not ``met`` keeps the verdict inconclusive.
    """

    name: str
    status: str
    detail: str = ""
    required: bool = True


@dataclass(frozen=True)
class View:
    """One independent way of looking at the question, with its own numbers.

    Parameters
    ----------
    name : str
        Short name, e.g. ``contrast``.
    question : str
        What it measures, in one sentence.
    null : str
        Its null hypothesis.
    statistic, pvalue, evalue : float or None
        ``None`` where it gives none. A p-value is never 0.
    n : int
        Number of prompts that entered.
    agrees : bool or None
        Whether it points to the candidate; ``None`` where it cannot tell.
    weak : bool
        Shown, and never sufficient for a verdict.
    note : str
        What a reader must know before using the number.
    """

    name: str
    question: str
    null: str
    statistic: float | None = None
    pvalue: float | None = None
    evalue: float | None = None
    n: int = 0
    agrees: bool | None = None
    weak: bool = False
    note: str = ""


@dataclass(frozen=True)
class NullScore:
    """Score of one null model against one candidate."""

    model: str
    score: float
    stratum: str = ""

    def __post_init__(self) -> None:
        _finite(f"the score of {self.model}", self.score)


@dataclass(frozen=True)
class Candidate:
    """What was found about one candidate teacher.

    Parameters
    ----------
    teacher : str
        Name of the candidate.
    family : str
        Its vendor; snapshots of a vendor are one family.
    score : float or None
        Combined score of the suspect against this candidate.
    pvalue, evalue, adjusted : float or None
        Rank p-value among the null models, e-value, and the p-value after
        the correction over candidates.
    null : tuple of NullScore
        The null population for this candidate.
    views : tuple of View
        The views that went into the score.
    curve : tuple of (int, float)
        Number of prompts used, score after that many.
    verdict : Verdict
        For this candidate alone.
    interval : Interval or None
        Of the score; says whether it is about prompts or about models.
    """

    teacher: str
    family: str = ""
    score: float | None = None
    pvalue: float | None = None
    evalue: float | None = None
    adjusted: float | None = None
    null: tuple[NullScore, ...] = ()
    views: tuple[View, ...] = ()
    curve: tuple[tuple[int, float], ...] = ()
    verdict: Verdict = Verdict.INCONCLUSIVE
    interval: Interval | None = None


@dataclass(frozen=True)
class Attribution:
    """Which candidates cannot be excluded as the source.

    ``members`` may be empty (*none of these*). ``coverage`` is the level at
    which a set built this way holds the true source.
    """

    level: str
    members: tuple[str, ...]
    best: str | None
    coverage: float
    none_of_these: bool
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Span:
    """A marked stretch of a text, character offsets, and its weight in nats."""

    start: int
    end: int
    weight: float


@dataclass(frozen=True)
class Exhibit:
    """A pair of answers side by side, the words that carry the evidence marked."""

    prompt: str
    left_label: str
    left: str
    right_label: str
    right: str
    left_spans: tuple[Span, ...] = ()
    right_spans: tuple[Span, ...] = ()
    weight: float = 0.0
    note: str = ""


@dataclass(frozen=True)
class Finding:
    """One question asked of data, and the answer that can be defended.

    Parameters
    ----------
    kind : str
        ``trace`` or ``served``; later verbs add their own.
    title : str
        One line for a person.
    claim, null : str
        What is claimed, and the hypothesis it was tested against.
    verdict : Verdict
        ``supported`` only where every required assumption is met.
    summary : str
        The verdict in two or three plain sentences.
    method, method_version : str
        Name and version of the procedure.
    statistic, pvalue, evalue : float or None
        Of the main test; a p-value is never 0.
    statistic_name : str
        What the statistic is, with its unit.
    alpha : float
        The level the user asked for.
    interval : Interval or None
        Of the statistic.
    n : mapping of str to int
        Counts: prompts, answers, null models, quarantined, ...
    suspect : str
        Name of the model under examination.
    candidates : tuple of Candidate
        Every candidate considered, the strongest first.
    attribution : Attribution or None
        Which candidate, or none of these.
    views : tuple of View
        Views that belong to no candidate (self-identification, ...).
    multiplicity : Multiplicity or None
        Over the candidates.
    assumptions : tuple of Assumption
        Each with its status.
    alternatives : tuple of str
        Other explanations that the data cannot exclude.
    settle : tuple of str
        What would settle an open question.
    caveats : tuple of str
        What a reader must not conclude.
    exhibits : tuple of Exhibit
        The most telling answer pairs.
    seed : int or None
        Seed of every random choice.
    inputs : tuple of Digest
        What was read.
    command : str
        The line that computes it again.
    environment : mapping of str to str
        Versions of the software.
    created : str
        Time, ISO 8601 with zone, as passed in by the caller.
    details : mapping
        Further numbers of the method, plain JSON values.

    Raises
    ------
    SchemaError
        If a p-value is not in (0, 1], an e-value is negative, or the verdict
        is ``supported`` while a required assumption is not met.
    """

    kind: str
    title: str
    claim: str
    null: str
    verdict: Verdict = Verdict.INCONCLUSIVE
    summary: str = ""
    method: str = ""
    method_version: str = ""
    statistic: float | None = None
    statistic_name: str = ""
    pvalue: float | None = None
    evalue: float | None = None
    alpha: float = 0.01
    interval: Interval | None = None
    n: Mapping[str, int] = field(default_factory=dict)
    suspect: str = ""
    candidates: tuple[Candidate, ...] = ()
    attribution: Attribution | None = None
    views: tuple[View, ...] = ()
    multiplicity: Multiplicity | None = None
    assumptions: tuple[Assumption, ...] = ()
    alternatives: tuple[str, ...] = ()
    settle: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    exhibits: tuple[Exhibit, ...] = ()
    seed: int | None = None
    inputs: tuple[Digest, ...] = ()
    command: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    created: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    version: int = VERSION

    def __post_init__(self) -> None:
        pairs = [(self.pvalue, self.evalue)]
        pairs += [(c.pvalue, c.evalue) for c in self.candidates]
        pairs += [(v.pvalue, v.evalue) for v in self.views]
        for p, e in pairs:
            if p is not None and not 0 < p <= 1:
                raise SchemaError("a p-value must lie in (0, 1]", got=repr(p))
            if e is not None and not 0 <= e < math.inf:
                raise SchemaError("an e-value must be finite and not negative", got=repr(e))
        unmet = [a.name for a in self.assumptions if a.required and a.status != "met"]
        if self.verdict is Verdict.SUPPORTED and unmet:
            raise SchemaError(
                "a finding cannot be supported while a required assumption is open",
                got=", ".join(unmet),
            )

    def to_statement(self) -> dict[str, Any]:
        """Return the finding as an in-toto statement of plain JSON values."""
        return {
            "_type": STATEMENT,
            "subject": [{"name": d.name, "digest": {"sha256": d.sha256}} for d in self.inputs],
            "predicateType": PREDICATE,
            "predicate": _plain(self),
        }


def _plain(value: Any) -> Any:
    """Return plain JSON values; NaN and infinities become ``None``."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, StrEnum):
        return str(value)
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if hasattr(value, "item") and not isinstance(value, (str, bytes)):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _build(kind: Any, value: Any, where: str) -> Any:
    """Return ``value`` as ``kind``, a type used in a field of this file."""
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in args:
            return None
        kind = next(a for a in args if a is not type(None))
        return _build(kind, value, where)
    if kind is Any:
        return value
    if is_dataclass(kind):
        if not isinstance(value, Mapping):
            raise SchemaError(f"{where} is not an object", got=type(value).__name__)
        hints = typing.get_type_hints(kind)
        known = {f.name for f in fields(kind)}
        unknown = sorted(str(k) for k in set(value) - known)
        if unknown:
            raise SchemaError(f"{where} has unknown fields", got=", ".join(unknown)[:120])
        try:
            built: Any = kind
            return built(**{k: _build(hints[k], v, f"{where}.{k}") for k, v in value.items()})
        except TypeError as err:
            raise SchemaError(f"{where} lacks a field", got=str(err)[:120]) from err
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        try:
            return kind(value)
        except ValueError as err:
            raise SchemaError(f"{where} has an unknown value", got=repr(value)[:60]) from err
    if origin is tuple:
        if not isinstance(value, (list, tuple)):
            raise SchemaError(f"{where} is not a list", got=type(value).__name__)
        if len(args) == 2 and args[1] is Ellipsis:
            return tuple(_build(args[0], v, f"{where}[{i}]") for i, v in enumerate(value))
        if len(value) != len(args):
            raise SchemaError(f"{where} has the wrong length", got=str(len(value)))
        return tuple(_build(a, v, where) for a, v in zip(args, value, strict=True))
    if origin is not None:  # Mapping[str, X]
        if not isinstance(value, Mapping):
            raise SchemaError(f"{where} is not an object", got=type(value).__name__)
        return {str(k): _build(args[1], v, f"{where}.{k}") for k, v in value.items()}
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError as err:
            raise SchemaError(f"{where} is too large") from err
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise SchemaError(
            f"{where} is of the wrong kind", got=type(value).__name__, wanted=kind.__name__
        )
    return value


def from_statement(statement: Mapping[str, Any]) -> Finding:
    """Return the finding held by an in-toto statement.

    Raises
    ------
    SchemaError
        If it is not a statement of this predicate type and version.
    """
    if not isinstance(statement, Mapping) or statement.get("predicateType") != PREDICATE:
        raise SchemaError("not a finding", wanted=f"predicateType {PREDICATE}")
    predicate = statement.get("predicate")
    if not isinstance(predicate, Mapping) or predicate.get("version") != VERSION:
        raise SchemaError("unknown finding version", wanted=str(VERSION))
    finding = _build(Finding, predicate, "finding")
    assert isinstance(finding, Finding)
    return finding


def finding_text(finding: Finding) -> str:
    """Return what `write_finding` writes: keys sorted, so that equal findings are equal text."""
    text = json.dumps(finding.to_statement(), sort_keys=True, indent=1, ensure_ascii=False)
    # Half a surrogate pair may stand in JSON as an escape, and in UTF-8 not at all.
    return re.sub("[\ud800-\udfff]", lambda m: f"\\u{ord(m.group()):04x}", text) + "\n"


def write_finding(finding: Finding, path: str | Path) -> None:
    """Write the finding as JSON.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    try:
        Path(path).write_text(finding_text(finding), encoding="utf-8")
    except OSError as err:
        raise InputError(f"cannot write the finding {path}", got=str(err)[:120]) from err


def read_finding(path: str | Path) -> Finding:
    """Return the finding of a file written by `write_finding`.

    Raises
    ------
    InputError
        If the file cannot be read or is not JSON.
    SchemaError
        If the JSON is not a finding.
    """
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as err:
        raise InputError(f"cannot read the finding {path}", got=str(err)[:120]) from err
    return from_statement(data)
