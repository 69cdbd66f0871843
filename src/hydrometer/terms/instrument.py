"""From a file to one version of one instrument, everything in it checked."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

from hydrometer.errors import InputError
from hydrometer.terms.names import read_names
from hydrometer.terms.use import CHOICES
from hydrometer.terms.version import (
    DUTIES,
    EVIDENCE,
    FACTS,
    READINGS,
    STATUSES,
    SURFACES,
    Clause,
    Duty,
    Instrument,
    Predicate,
    Source,
)

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

TESTS = {"text": ("in", "not-in"), "places": ("in", "not-in"), "number": ("over",)}
OUTCOMES = ("conditional", "prohibited", "duty")
MOST_WORDS = 15
HEX = re.compile(r"[0-9a-f]{64}")
KEY = re.compile(r"[a-z0-9][a-z0-9.-]*")


class _Problems:
    """What is wrong with one file, gathered so that all of it is told at once."""

    def __init__(self, where: str) -> None:
        self.where, self.found = where, list[str]()

    def table(self, raw: object, kind: type, at: str) -> dict[str, Any]:
        if not isinstance(raw, dict):
            self.found.append(f"{at} must be a table")
            return {}
        known = {f.name for f in fields(kind)} - {"clauses", "duties", "predicates", "source"}
        self.found += [f"{at}: unknown key {k!r}" for k in raw if k not in known]
        return {k: v for k, v in raw.items() if k in known}

    def tables(self, raw: object, at: str) -> list[Any]:
        """Return the tables; a single one would else be read as none, and its bar be lost."""
        if isinstance(raw, list):
            return raw
        self.found.append(f"{at} must be a list of tables: [[{at}]]")
        return []

    def texts(self, value: object, at: str, *, optional: bool = False) -> tuple[str, ...]:
        sound = isinstance(value, list) and all(isinstance(v, str) and v.strip() for v in value)
        if not sound or not (value or optional):
            self.found.append(f"{at} must be a list of texts")
            return ()
        assert isinstance(value, list)
        return tuple(value)

    def fact(self, fact: str, values: tuple[str, ...], at: str) -> None:
        """Refuse a value that no use can have: its test would never hold."""
        if FACTS.get(fact) == "places":
            self.places(values, at)
        elif fact in CHOICES:
            for v in values:
                self.one_of(v, CHOICES[fact], f"{at}: {fact}")

    def places(self, values: tuple[str, ...], at: str) -> None:
        for v in values:
            try:
                sound = read_names().place(v) == v
            except InputError:
                sound = False
            if not sound:
                self.found.append(f"{at}: {v!r} is no place: wanted an ISO code such as DE, or EU")

    def kinds(self, table: Mapping[str, Any], at: str, **kinds: type) -> None:
        for name, kind in kinds.items():
            if name in table and type(table[name]) is not kind:
                self.found.append(f"{at}: {name} must be of the kind {kind.__name__}")

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


def _clauses(raw: object, bad: _Problems) -> tuple[Clause, ...]:
    made = []
    for n, item in enumerate(bad.tables(raw, "clause"), 1):
        at = f"clause {n}"
        t = bad.table(item, Clause, at)
        bad.kinds(t, at, approval=bool, note=str)
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
        made.append((t, tuple(_case(e, f"{at}: excepts", bad) for e in excepts)))
    return () if bad.found else tuple(Clause(**t, excepts=e) for t, e in made)


def _case(raw: Mapping[str, Any], at: str, bad: _Problems) -> dict[str, tuple[str, ...]]:
    if not raw:
        bad.found.append(f"{at}: a case without a fact would hold for every use")
    made = {}
    for fact, values in raw.items():
        if FACTS.get(fact) != "text":
            bad.found.append(f"{at}: {fact!r} is no fact that is told in words")
        made[fact] = bad.texts(values, f"{at}: {fact}")
        bad.fact(fact, made[fact], at)
    return made


def _duties(raw: object, bad: _Problems) -> tuple[Duty, ...]:
    made = []
    for n, item in enumerate(bad.tables(raw, "duty"), 1):
        at = f"duty {n}"
        t = bad.table(item, Duty, at)
        bad.text(t, ("kind", "text", "clause"), at)
        bad.one_of(t.get("kind"), DUTIES, f"{at}: kind")
        bad.quote(t.get("quote", ""), at)
        if "when" in t:
            t["when"] = bad.texts(t["when"], f"{at}: when")
            for w in t["when"]:
                bad.one_of(w, ("internal", "hosted", "weights"), f"{at}: when")
        made.append(t)
    return () if bad.found else tuple(Duty(**t) for t in made)


def _predicates(raw: object, bad: _Problems) -> tuple[Predicate, ...]:
    made = []
    for n, item in enumerate(bad.tables(raw, "predicate"), 1):
        at = f"predicate {n}"
        t = bad.table(item, Predicate, at)
        bad.kinds(t, at, text=str, kind=str)
        bad.text(t, ("fact", "test", "then", "clause"), at)
        bad.one_of(t.get("fact"), tuple(FACTS), f"{at}: fact")
        bad.one_of(t.get("then"), OUTCOMES, f"{at}: then")
        bad.quote(t.get("quote", ""), at)
        kind = FACTS.get(str(t.get("fact")), "text")
        bad.one_of(t.get("test"), TESTS[kind], f"{at}: test")
        value = t.get("value")
        if kind == "number":
            if type(value) not in (int, float) or not 0 <= (value or 0) < 1e18:
                bad.found.append(f"{at}: value must be a number from 0")
            else:
                t["value"] = float(value or 0)
        else:
            t["value"] = bad.texts(value, f"{at}: value")
            bad.fact(str(t.get("fact")), t["value"], at)
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
    except (ValueError, RecursionError) as err:
        raise InputError(f"cannot read {where}", got=str(err), wanted="TOML") from err
    clauses = _clauses(raw.pop("clause", []), bad)
    duties = _duties(raw.pop("duty", []), bad)
    predicates = _predicates(raw.pop("predicate", []), bad)
    source = bad.table(raw.pop("source", {}), Source, "source")
    texts = ("archive", "path", "commit", "sha256", "url")
    bad.kinds(source, "source", **dict.fromkeys(texts, str), recorded=date)
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
    bad.kinds(t, "the file", language=str, note=str, beside=bool)
    for name in ("surface", "binds", "accounts"):
        t[name] = bad.texts(t.get(name, []), name, optional=name != "surface")
    for s in t["surface"]:
        bad.one_of(s, SURFACES, "surface")
    bad.places(t["binds"], "binds")
    bad.text(source, ("archive",), "source")
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
    if read_names().provider(t["provider"]) != t["provider"]:
        bad.found.append(f"provider must be the slug {read_names().provider(t['provider'])!r}")
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
