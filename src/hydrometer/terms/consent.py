"""A written consent: who lets whom do what, with which student, where and until when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydrometer.errors import InputError
from hydrometer.terms.names import Names, read_names
from hydrometer.terms.toml import as_day, as_text, as_texts, check_keys, read_toml

if TYPE_CHECKING:
    from hydrometer.terms.use import Use

__all__ = ["Consent", "parse_consent", "read_consent"]

KEYS = (
    "licensor",
    "licensee",
    "models",
    "instruments",
    "scope",
    "purpose",
    "student_name",
    "territory",
    "valid_from",
    "expires",
    "signed_by",
    "signed_on",
    "document_sha256",
)


@dataclass(frozen=True, slots=True)
class Consent:
    """What a consent file says.

    Parameters
    ----------
    licensor, licensee : str or None
        Who gives it, and to whom.
    models, instruments : tuple of str
        What it covers: models by name, instruments by key or ``key@version``.
    scope, purpose, student_name : str or None
        What may be done, with which student. Every one must be there for the
        consent to open anything.
    territory : tuple of str
        ISO codes or groups.
    valid_from, expires : date or None
        Half-open interval of days.
    signed_by, signed_on : str and date, or None
        A consent without both opens nothing.
    document_sha256 : str or None
        Hash of the signed paper.
    sha256 : str
        Hash of this file.
    """

    licensor: str | None
    licensee: str | None
    models: tuple[str, ...]
    instruments: tuple[str, ...]
    scope: str | None
    purpose: str | None
    student_name: str | None
    territory: tuple[str, ...]
    valid_from: date | None
    expires: date | None
    signed_by: str | None
    signed_on: date | None
    document_sha256: str | None = None
    sha256: str = ""

    def lacks(self, use: Use, names: Names) -> str | None:
        """Return why this consent opens nothing for a use; None where it opens something.

        Parameters
        ----------
        use : Use
            What is declared.
        names : Names
            For places.
        """
        missing = [
            name
            for name in ("licensor", "licensee", "scope", "purpose", "student_name")
            if getattr(self, name) is None
        ]
        if missing:
            return f"it does not say: {', '.join(missing)}"
        if self.signed_by is None or self.signed_on is None:
            return "it is not signed (signed_by and signed_on)"
        if not (self.models or self.instruments):
            return "it names no model and no instrument"
        if self.valid_from is None or self.expires is None:
            return "it does not say from when until when (valid_from and expires)"
        if self.signed_on > use.used_at:
            return f"it was signed on {self.signed_on}, after the use on {use.used_at}"
        if use.used_at < self.valid_from:
            return f"it begins on {self.valid_from}"
        if use.used_at >= self.expires:
            return f"it expired on {self.expires}"
        if self.purpose != use.purpose:
            return f"it is for the purpose {self.purpose!r}"
        if self.student_name != use.student_name:
            return f"it is for the student {self.student_name!r}"
        if use.licensee is not None and self.licensee != use.licensee:
            return f"it is given to {self.licensee!r}"
        if not self.territory:
            return "it names no territory"
        if not use.territory:
            return "the use names no territory, and the consent is for some"
        outside = names.codes(use.territory) - names.codes(self.territory)
        if outside:
            return f"it does not reach {', '.join(sorted(outside))}"
        return None


def parse_consent(raw: Mapping[str, Any], *, sha256: str = "") -> Consent:
    """Return the consent that a mapping holds.

    Raises
    ------
    InputError
        If a value is of the wrong kind, or a key means nothing. What is
        missing is no error: such a consent opens nothing.
    """
    check_keys(raw, KEYS, "consent")
    names = read_names()

    def day(name: str) -> date | None:
        value = raw.get(name)
        return None if value in (None, "") else as_day(value, f"the consent's {name}")

    document = as_text(raw.get("document_sha256"), "the consent's document_sha256")
    if document is not None and (len(document) != 64 or set(document) - set("0123456789abcdef")):
        raise InputError(
            "the consent's document_sha256 is no SHA-256",
            got=document[:70],
            wanted="64 hexadecimal digits",
        )
    text = {
        name: as_text(raw.get(name), f"the consent's {name}")
        for name in ("licensor", "licensee", "scope", "purpose", "student_name", "signed_by")
    }
    return Consent(
        **text,
        models=tuple(m.casefold() for m in as_texts(raw.get("models"), "the consent's models")),
        instruments=as_texts(raw.get("instruments"), "the consent's instruments"),
        territory=tuple(
            names.place(p) for p in as_texts(raw.get("territory"), "the consent's territory")
        ),
        valid_from=day("valid_from"),
        expires=day("expires"),
        signed_on=day("signed_on"),
        document_sha256=document,
        sha256=sha256,
    )


def read_consent(path: Path) -> Consent:
    """Return the consent in a file.

    Raises
    ------
    InputError
        If it cannot be read, or is no consent.
    """
    raw, sha256 = read_toml(path, "consent")
    try:
        return parse_consent(raw, sha256=sha256)
    except InputError as err:
        raise InputError(
            f"{path}: {err.what}", got=err.got, wanted=err.wanted, next_step=err.next_step
        ) from err
