"""One version of one instrument: what a licence or a contract says of training on outputs."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

from hydrometer.errors import InputError

__all__ = [
    "FACTS",
    "READINGS",
    "SURFACES",
    "Clause",
    "Duty",
    "Instrument",
    "Predicate",
    "Source",
    "parse_instrument",
    "read_instrument",
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

TESTS = {"text": ("in", "not-in"), "places": ("in", "not-in"), "number": ("over",)}
OUTCOMES = ("conditional", "prohibited", "duty")
MOST_WORDS = 15
HEX = re.compile(r"[0-9a-f]{64}")
KEY = re.compile(r"[a-z0-9][a-z0-9.-]*")


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


class _Problems:
    """What is wrong with one file, gathered so that all of it is told at once."""

    def __init__(self, where: str) -> None:
        self.where, self.found = where, list[str]()

    def table(self, raw: object, kind: type, at: str) -> dict[str, Any]:
        if not isinstance(raw, dict):
            self.found.append(f"{at} must be a table")
            return {}
        known = {f.name for f in fields(kind)}
        self.found += [f"{at}: unknown key {k!r}" for k in raw if k not in known]
        return {k: v for k, v in raw.items() if k in known}

    def one_of(self, value: object, allowed: tuple[str, ...], at: str) -> None:
        if value not in allowed:
            self.found.append(f"{at} is {value!r}, not one of {', '.join(allowed)}")

    def text(self, table: Mapping[str, Any], names: tuple[str, ...], at: str) -> None:
        for name in names:
            value = table.get(name)
            if not isinstance(value, str) or not value.strip():
                self.found.append(f"{at}: {name} must be text")

    def day(self, table: Mapping[str, Any], name: str, *, optional: bool) -> None:
        value = table.get(name)
        if not (optional and value is None) and type(value) is not date:
            self.found.append(f"{name} must be a date such as 2026-08-14")

    def quote(self, quote: object, at: str) -> None:
        if not isinstance(quote, str) or len(quote.split()) > MOST_WORDS:
            self.found.append(f"{at}: a quote is text of at most {MOST_WORDS} words")


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(v) for v in value) if isinstance(value, list) else ()


def _clauses(raw: object, bad: _Problems) -> tuple[Clause, ...]:
    made = []
    for n, item in enumerate(raw if isinstance(raw, list) else [], 1):
        at = f"clause {n}"
        t = bad.table(item, Clause, at)
        bad.text(t, ("ref", "reading"), at)
        bad.one_of(t.get("reading"), READINGS, f"{at}: reading")
        bad.quote(t.get("quote", ""), at)
        sha = t.get("sha256")
        if sha is not None and not (isinstance(sha, str) and HEX.fullmatch(sha)):
            bad.found.append(f"{at}: sha256 must be 64 hexadecimal digits")
        excepts = t.pop("excepts", [])
        if not isinstance(excepts, list) or not all(isinstance(e, dict) for e in excepts):
            bad.found.append(f"{at}: excepts must be a list of tables")
            excepts = []
        for e in excepts:
            bad.found += [f"{at}: excepts: unknown fact {f!r}" for f in e if f not in FACTS]
        made.append((t, tuple({k: _texts(v) for k, v in e.items()} for e in excepts)))
    return () if bad.found else tuple(Clause(**t, excepts=e) for t, e in made)


def _duties(raw: object, bad: _Problems) -> tuple[Duty, ...]:
    made = []
    for n, item in enumerate(raw if isinstance(raw, list) else [], 1):
        at = f"duty {n}"
        t = bad.table(item, Duty, at)
        bad.text(t, ("kind", "text", "clause"), at)
        bad.one_of(t.get("kind"), DUTIES, f"{at}: kind")
        bad.quote(t.get("quote", ""), at)
        if "when" in t:
            t["when"] = _texts(t["when"])
            for w in t["when"]:
                bad.one_of(w, ("internal", "hosted", "weights"), f"{at}: when")
        made.append(t)
    return () if bad.found else tuple(Duty(**t) for t in made)


def _predicates(raw: object, bad: _Problems) -> tuple[Predicate, ...]:
    made = []
    for n, item in enumerate(raw if isinstance(raw, list) else [], 1):
        at = f"predicate {n}"
        t = bad.table(item, Predicate, at)
        bad.text(t, ("fact", "test", "then", "clause"), at)
        bad.one_of(t.get("fact"), tuple(FACTS), f"{at}: fact")
        bad.one_of(t.get("then"), OUTCOMES, f"{at}: then")
        bad.quote(t.get("quote", ""), at)
        kind = FACTS.get(str(t.get("fact")), "text")
        bad.one_of(t.get("test"), TESTS[kind], f"{at}: test")
        value = t.get("value")
        if kind == "number":
            if isinstance(value, bool) or not isinstance(value, int | float):
                bad.found.append(f"{at}: value must be a number")
            else:
                t["value"] = float(value)
        elif not isinstance(value, list) or not value:
            bad.found.append(f"{at}: value must be a list of texts")
        else:
            t["value"] = _texts(value)
        if t.get("then") == "duty":
            bad.text(t, ("text",), at)
            bad.one_of(t.get("kind", "display"), DUTIES, f"{at}: kind")
        made.append(t)
    return () if bad.found else tuple(Predicate(**t) for t in made)


def parse_instrument(text: str, where: str) -> Instrument:
    """Return the instrument that a TOML text holds.

    Parameters
    ----------
    text : str
        The file.
    where : str
        Its name, ``<key>@<date>.toml``, which must agree with what it says.

    Returns
    -------
    Instrument
        Every field checked.

    Raises
    ------
    InputError
        With everything that is wrong, in one message.
    """
    bad = _Problems(where)
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as err:
        raise InputError(f"cannot read {where}", got=str(err), wanted="TOML") from err
    clauses = _clauses(raw.pop("clause", []), bad)
    duties = _duties(raw.pop("duty", []), bad)
    predicates = _predicates(raw.pop("predicate", []), bad)
    source = bad.table(raw.pop("source", {}), Source, "source")
    t = bad.table(raw, Instrument, "the file")
    bad.text(t, ("key", "provider", "title", "status", "evidence"), "the file")
    for name, optional in (
        ("version", False),
        ("effective_from", False),
        ("effective_to", True),
        ("seen", True),
        ("read_on", False),
    ):
        bad.day(t, name, optional=optional)
    bad.one_of(t.get("status"), STATUSES, "status")
    bad.one_of(t.get("evidence"), EVIDENCE, "evidence")
    for name in ("surface", "binds", "accounts"):
        t[name] = _texts(t.get(name, []))
    for s in t["surface"] or ("",):
        bad.one_of(s, SURFACES, "surface")
    if "archive" not in source:
        bad.found.append("source: archive must be text")
    if not bad.found:
        _consistent(t, clauses, source, where, bad)
    if bad.found:
        raise InputError(
            f"{where} is no instrument",
            got="; ".join(bad.found),
            next_step="see docs/reference/terms.md for the format",
        )
    return Instrument(
        **{"effective_to": None, "seen": None, **t},
        clauses=clauses,
        duties=duties,
        predicates=predicates,
        source=Source(**source),
    )


def _consistent(
    t: Mapping[str, Any],
    clauses: tuple[Clause, ...],
    source: Mapping[str, Any],
    where: str,
    bad: _Problems,
) -> None:
    """Check what no single field shows."""
    if not KEY.fullmatch(t["key"]):
        bad.found.append("key must be lower case letters, digits, dots and hyphens")
    if Path(where).name != f"{t['key']}@{t['version'].isoformat()}.toml":
        bad.found.append(f"the file must be called {t['key']}@{t['version'].isoformat()}.toml")
    if not clauses:
        bad.found.append("at least one clause (reading 'silent' or 'unknown' if need be)")
    end = t.get("effective_to")
    if end is not None and end <= t["effective_from"]:
        bad.found.append("effective_to must be later than effective_from")
    if t["evidence"] == "primary":
        if t.get("seen") is None:
            bad.found.append("a text that was read needs the day on which it was seen")
        if not (source.get("commit") or source.get("sha256")):
            bad.found.append("a text that was read needs source.commit or source.sha256")
        for c in clauses:
            if c.reading not in ("silent", "unknown", "routes") and not (c.quote and c.sha256):
                bad.found.append(f"clause {c.ref}: a reading needs its quote and sha256")
    elif any(c.reading != "unknown" for c in clauses):
        bad.found.append("what was not read in the text has the reading 'unknown'")


def read_instrument(path: Path) -> Instrument:
    """Return the instrument in a file.

    Raises
    ------
    InputError
        If it cannot be read or is not one.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as err:
        raise InputError(f"cannot read {path}", got=str(err)) from err
    return parse_instrument(text, path.name)
