"""The record of one version of one instrument: what it says of training on outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

__all__ = [
    "DUTIES",
    "EVIDENCE",
    "FACTS",
    "READINGS",
    "STATUSES",
    "SURFACES",
    "Clause",
    "Duty",
    "Instrument",
    "Predicate",
    "Source",
]

READINGS = (
    "permits",
    "permits-with-duties",
    "if-competing",
    "if-similar",
    "bars-any",
    "silent",
    "routes",
    "unknown",
)
"""What a clause says of training a model on outputs: the whole vocabulary."""

SURFACES = ("api", "consumer", "weights", "host", "aggregator", "dataset")
STATUSES = ("in-force", "retired", "bill", "guidance")
EVIDENCE = ("primary", "secondary", "none")
DUTIES = (
    "name-prefix",
    "display",
    "notice",
    "attribution",
    "share-alike",
    "pass-through",
    "licence-copy",
    "registration",
    "method",
)
FACTS = {
    "purpose": "text",
    "territory": "places",
    "domicile": "places",
    "distribution": "text",
    "commercial": "text",
    "collection": "text",
    "student_kind": "text",
    "revenue_usd": "number",
    "monthly_active_users": "number",
}
"""Facts of a declared use that a predicate may ask for, and their kind."""


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause that bears on training from outputs.

    Parameters
    ----------
    ref : str
        Where it stands, as the text numbers it.
    reading : str
        One of `READINGS`.
    quote : str
        At most 15 words of the text; empty where no text was read or nothing
        is said.
    sha256 : str or None
        Hash of the clause, lower case, white space folded to one space.
    excepts : tuple of mapping
        Uses that the clause leaves free: each maps facts to lists of values,
        all of which must hold.
    approval : bool
        Whether the text itself names prior approval as the way out.
    note : str
        What a reader must know beside the reading.
    """

    ref: str
    reading: str
    quote: str = ""
    sha256: str | None = None
    excepts: tuple[Mapping[str, tuple[str, ...]], ...] = ()
    approval: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Duty:
    """Something that the user of the outputs must do.

    ``when`` lists the kinds of distribution that bring it about (``internal``,
    ``hosted``, ``weights``); ``text`` is the name prefix, the string to show
    or what to pass on.
    """

    kind: str
    text: str
    clause: str
    quote: str = ""
    when: tuple[str, ...] = ("hosted", "weights")


@dataclass(frozen=True, slots=True)
class Predicate:
    """A fact of the use on which the text turns.

    Parameters
    ----------
    fact : str
        One of `FACTS`.
    test : str
        ``in``, ``not-in`` or ``over``.
    value : tuple of str, or float
        Values of the test; places are ISO 3166 codes or the groups of
        ``names/territories.toml``.
    then : str
        ``conditional``, ``prohibited`` or ``duty`` where the test holds.
        Where the fact is not declared the result is ``conditional``, or the
        duty.
    clause, quote, text, kind : str
        Where it stands; for a duty, what must be done and its kind.
    """

    fact: str
    test: str
    value: tuple[str, ...] | float
    then: str
    clause: str
    quote: str = ""
    text: str = ""
    kind: str = "display"


@dataclass(frozen=True, slots=True)
class Source:
    """Where the text was read.

    ``archive`` and ``path`` name it, ``commit`` or ``sha256`` pins it,
    ``recorded`` is the day on which the archive took that version.
    """

    archive: str
    path: str = ""
    commit: str = ""
    sha256: str = ""
    recorded: date | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class Instrument:
    """One version of one instrument.

    Parameters
    ----------
    key : str
        The same for every version of the instrument.
    version : date
        The date in the file's name.
    provider : str
        Whose it is, by the slug that rows use.
    title : str
        Its name.
    surface : tuple of str
        Which of `SURFACES` it governs.
    status : str
        ``in-force``, ``retired``, ``bill`` or ``guidance``. Only the first
        two enter a verdict.
    effective_from, effective_to : date
        Half-open interval; no end where it still stands.
    evidence : str
        ``primary`` (the text was read), ``secondary`` (somebody quotes it)
        or ``none``. Anything but ``primary`` is judged unknown.
    seen : date or None
        Last day on which the archive was seen to hold the text unchanged.
    read_on : date
        When it was read here.
    clauses, duties, predicates : tuple
        What it says.
    source : Source
        Where.
    language : str
        Of the authentic text.
    binds : tuple of str
        Domiciles that it binds; empty for all.
    accounts : tuple of str
        Kinds of account that it binds; empty for all.
    beside : bool
        True for a policy that stands beside the main terms: it can forbid,
        and saying nothing it adds nothing.
    note : str
        What a reader must know.
    """

    key: str
    version: date
    provider: str
    title: str
    surface: tuple[str, ...]
    status: str
    effective_from: date
    effective_to: date | None
    evidence: str
    seen: date | None
    read_on: date
    clauses: tuple[Clause, ...]
    duties: tuple[Duty, ...]
    predicates: tuple[Predicate, ...]
    source: Source
    language: str = "en"
    binds: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    beside: bool = False
    note: str = ""

    @property
    def name(self) -> str:
        """Return ``key@version``."""
        return f"{self.key}@{self.version.isoformat()}"

    def covers(self, day: date) -> bool:
        """Return whether this version was in effect on that day."""
        return self.effective_from <= day and (
            self.effective_to is None or day < self.effective_to
        )
