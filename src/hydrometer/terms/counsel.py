"""What counsel said of a reading: a record of its own, beside the result and never in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from hydrometer.errors import InputError
from hydrometer.terms.toml import as_day, as_text, check_keys, read_toml
from hydrometer.terms.verdict import VERDICTS

__all__ = ["Override", "read_override"]

KEYS = ("instrument", "clause", "verdict", "by", "reason", "made_on", "expires")


@dataclass(frozen=True, slots=True)
class Override:
    """One counsel's view of one instrument.

    It is shown beside the results that cite the instrument, with name,
    reason and end. It changes no verdict, in either direction: who goes
    against the verdict does so in their own name.

    Parameters
    ----------
    instrument : str
        ``key`` or ``key@version``.
    clause : str or None
        The clause, where it is one.
    verdict : str
        What counsel would have said.
    by, reason : str
        Whose view it is, and why.
    made_on, expires : date
        From when until when it is shown.
    sha256 : str
        Hash of the file.
    """

    instrument: str
    clause: str | None
    verdict: str
    by: str
    reason: str
    made_on: date
    expires: date
    sha256: str = ""

    def concerns(self, instrument: str, day: date) -> bool:
        """Return whether it speaks of ``key@version`` on that day."""
        named = self.instrument in (instrument, instrument.partition("@")[0])
        return named and self.made_on <= day < self.expires


def read_override(path: Path) -> Override:
    """Return the override in a file.

    Raises
    ------
    InputError
        If it cannot be read, or lacks a name, a reason or an end.
    """
    raw, sha256 = read_toml(path, "override")
    check_keys(raw, KEYS, "override")
    text = {k: as_text(raw.get(k), f"{path}: {k}") for k in KEYS[:5]}
    missing = [k for k in ("instrument", "verdict", "by", "reason") if text[k] is None]
    if missing:
        raise InputError(f"{path} is no override", wanted=", ".join(missing))
    if text["verdict"] not in VERDICTS:
        raise InputError(
            f"{path}: no such verdict", got=repr(text["verdict"]), wanted=", ".join(VERDICTS)
        )
    return Override(
        instrument=str(text["instrument"]),
        clause=text["clause"],
        verdict=str(text["verdict"]),
        by=str(text["by"]),
        reason=str(text["reason"]),
        made_on=as_day(raw.get("made_on"), f"{path}: made_on"),
        expires=as_day(raw.get("expires"), f"{path}: expires"),
        sha256=sha256,
    )
