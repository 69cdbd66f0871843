"""What differs between two versions of an instrument, or between two folders of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hydrometer.terms.instrument import Instrument, read_instrument
from hydrometer.terms.record import instrument_record, worst_reading

__all__ = ["diff_folders", "diff_instruments"]

Change = dict[str, Any]


def _walk(old: object, new: object, where: str) -> list[Change]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        names = dict.fromkeys((*old, *new))
        return [c for n in names for c in _walk(old.get(n), new.get(n), f"{where}.{n}")]
    if isinstance(old, list) and isinstance(new, list) and (old or new):
        longest = max(len(old), len(new))
        pairs = [
            (old[n] if n < len(old) else None, new[n] if n < len(new) else None)
            for n in range(longest)
        ]
        return [c for n, (a, b) in enumerate(pairs, 1) for c in _walk(a, b, f"{where}[{n}]")]
    return [] if old == new else [{"where": where.lstrip("."), "old": old, "new": new}]


def diff_instruments(old: Instrument, new: Instrument) -> list[Change]:
    """Return the fields that differ, each with what it was and what it is.

    Parameters
    ----------
    old, new : Instrument
        Two versions of one key, or two instruments.

    Returns
    -------
    list of dict
        ``where``, ``old``, ``new``; clauses, duties and predicates are
        numbered as they stand in the file.
    """
    return _walk(instrument_record(old), instrument_record(new), "")


def diff_folders(old: Path, new: Path) -> list[Change]:
    """Return which version files two folders do not share, and which are not the same.

    Raises
    ------
    InputError
        If a file is no instrument.
    """
    names = sorted({p.name for f in (old, new) for p in f.glob("*.toml")})
    changes: list[Change] = []
    for name in names:
        a, b = old / name, new / name
        if a.exists() and b.exists():
            if a.read_bytes() != b.read_bytes():
                inner = diff_instruments(read_instrument(a), read_instrument(b))
                changes += [{**c, "where": f"{name}: {c['where']}"} for c in inner]
        elif a.exists():
            changes.append({"where": name, "old": worst_reading(read_instrument(a)), "new": None})
        else:
            changes.append({"where": name, "old": None, "new": worst_reading(read_instrument(b))})
    return changes
