"""The declared use: facts that only the user holds, signed by a person."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from hydrometer.errors import InputError
from hydrometer.terms.consent import Consent, parse_consent, read_consent
from hydrometer.terms.counsel import Override, read_override
from hydrometer.terms.names import read_names
from hydrometer.terms.toml import as_day, as_text, as_texts, check_keys, read_toml

__all__ = ["Use", "parse_use", "read_use"]

DECLARED = ("yes", "no", "undeclared")
CHOICES = {
    "competing": DECLARED,
    "similar": DECLARED,
    "commercial": DECLARED,
    "collection": ("automated", "manual", "undeclared"),
    "student_kind": ("generative", "classifier", "embedding", "undeclared"),
    "distribution": ("internal", "hosted", "weights"),
}
VIEWS = frozenset({"competing", "similar", "commercial", "collection", "student_kind"})
"""Facts that nobody can look up: declared in the user's favour, they need a declarant."""

HOSTED_DAYS, WEIGHTS_DAYS = 30, 90
KEYS = (
    *("purpose", *CHOICES, "territory", "domicile", "revenue_usd", "monthly_active_users"),
    *("student_name", "used_at", "consents", "overrides", "declared_by", "licensee"),
    *("hosted_days", "weights_days"),
)


@dataclass(frozen=True, slots=True)
class Use:
    """What the outputs are to be used for; None means not declared.

    Parameters
    ----------
    purpose : str
        Such as ``train-model``. The catalogue reads what clauses say of
        training; every purpose is held to that.
    used_at : date
        The day of the use.
    declared_by : str or None
        The person who declares it. Without one, a view counts against the
        user and not for them.
    competing, similar, commercial : str or None
        ``yes`` or ``no``.
    collection : str or None
        ``automated`` or ``manual``.
    student_kind : str or None
        ``generative``, ``classifier`` or ``embedding``.
    territory : tuple of str
        Where it is used: ISO 3166 codes or ``EU``, ``EEA``.
    domicile : str or None
        Where the user has its seat.
    revenue_usd, monthly_active_users : float or None
        A year's revenue of the group; users of its products.
    distribution : str or None
        ``internal``, ``hosted`` or ``weights``.
    student_name, licensee : str or None
        Name of the model to be, and of the organisation.
    consents, overrides : tuple
        Attached files.
    hosted_days, weights_days : int
        Most days since a text was seen unchanged; at most 30 and 90.
    """

    purpose: str
    used_at: date
    declared_by: str | None = None
    competing: str | None = None
    similar: str | None = None
    commercial: str | None = None
    collection: str | None = None
    student_kind: str | None = None
    territory: tuple[str, ...] = ()
    domicile: str | None = None
    revenue_usd: float | None = None
    monthly_active_users: float | None = None
    distribution: str | None = None
    student_name: str | None = None
    licensee: str | None = None
    consents: tuple[Consent, ...] = ()
    overrides: tuple[Override, ...] = ()
    hosted_days: int = HOSTED_DAYS
    weights_days: int = WEIGHTS_DAYS

    def signed(self, fact: str) -> bool:
        """Return whether a fact counts in the user's favour: matters of view need a name."""
        return fact not in VIEWS or self.declared_by is not None

    def record(self) -> dict[str, Any]:
        """Return what JSON shows."""
        made: dict[str, Any] = json.loads(json.dumps(asdict(self), default=str))
        return made

    @property
    def sha256(self) -> str:
        """Return the hash of all that is declared and attached."""
        text = json.dumps(self.record(), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def _number(value: object, name: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e18:
        raise InputError(f"{name} is no amount", got=repr(value)[:40], wanted="a number from 0")
    return float(value)


def _days(value: object, name: str, most: int) -> int:
    if value is None:
        return most
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise InputError(
            f"{name} can only be made stricter",
            got=repr(value)[:40],
            wanted=f"a whole number of days from 0 to {most}",
        )
    return value


def _choice(raw: Mapping[str, Any], name: str) -> str | None:
    value = as_text(raw.get(name), name)
    if value is not None and value not in CHOICES[name]:
        raise InputError(
            f"{name} says nothing known", got=repr(value)[:40], wanted=" | ".join(CHOICES[name])
        )
    return None if value == "undeclared" else value


def parse_use(
    raw: Mapping[str, Any],
    *,
    consents: Sequence[Mapping[str, Any] | Consent] = (),
    overrides: Sequence[Override] = (),
    today: date | None = None,
) -> Use:
    """Return the use that a mapping declares.

    Parameters
    ----------
    raw : mapping
        As in the file. ``consents`` and ``overrides`` in it name files, and
        are read by `read_use` only.
    consents : sequence of mapping or Consent
        The consents themselves.
    overrides : sequence of Override
        What counsel said.
    today : date, optional
        Stands in for ``used_at`` where that is not given.

    Raises
    ------
    InputError
        If a key means nothing, a value is of the wrong kind, or the purpose
        or the day is missing.
    """
    check_keys(raw, KEYS, "use")
    names = read_names()
    purpose = as_text(raw.get("purpose"), "purpose")
    if purpose is None:
        raise InputError("the use has no purpose", wanted='purpose = "train-model"')
    if raw.get("used_at") is None and today is None:
        raise InputError("the use has no day", wanted="used_at = 2026-09-01")
    domicile = as_text(raw.get("domicile"), "domicile")
    return Use(
        purpose=purpose,
        used_at=as_day(raw.get("used_at", today), "used_at"),
        declared_by=as_text(raw.get("declared_by"), "declared_by"),
        **{name: _choice(raw, name) for name in CHOICES},
        territory=tuple(names.place(p) for p in as_texts(raw.get("territory"), "territory")),
        domicile=None if domicile is None else names.place(domicile),
        revenue_usd=_number(raw.get("revenue_usd"), "revenue_usd"),
        monthly_active_users=_number(raw.get("monthly_active_users"), "monthly_active_users"),
        student_name=as_text(raw.get("student_name"), "student_name"),
        licensee=as_text(raw.get("licensee"), "licensee"),
        consents=tuple(c if isinstance(c, Consent) else parse_consent(c) for c in consents),
        overrides=tuple(overrides),
        hosted_days=_days(raw.get("hosted_days"), "hosted_days", HOSTED_DAYS),
        weights_days=_days(raw.get("weights_days"), "weights_days", WEIGHTS_DAYS),
    )


def read_use(path: Path, *, today: date | None = None) -> Use:
    """Return the use in a file, with the consents and overrides that it names.

    Their paths are taken from the folder of the file.

    Raises
    ------
    InputError
        If any of the files cannot be read or is not what it should be.
    """
    raw, _ = read_toml(path, "use")
    attached = {n: as_texts(raw.get(n), n) for n in ("consents", "overrides")}
    try:
        use = parse_use(raw, today=today)
    except InputError as err:
        raise InputError(
            f"{path}: {err.what}", got=err.got, wanted=err.wanted, next_step=err.next_step
        ) from err
    return replace(
        use,
        consents=tuple(read_consent(path.parent / p) for p in attached["consents"]),
        overrides=tuple(read_override(path.parent / p) for p in attached["overrides"]),
    )
