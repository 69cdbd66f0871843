"""The catalogue: every version of every instrument that is held, and nothing else."""

from __future__ import annotations

import difflib
import functools
import hashlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from importlib.resources import as_file, files
from pathlib import Path

from hydrometer.errors import InputError
from hydrometer.terms.instrument import Instrument, parse_instrument

__all__ = ["Catalogue", "add_instrument", "read_catalogue"]


class Catalogue:
    """Instruments by key, each with its versions in order.

    Parameters
    ----------
    held : sequence of (Instrument, str)
        Each with the SHA-256 of its file.

    Attributes
    ----------
    added : frozenset of str
        Names of the versions that did not come with Hydrometer.
    sha256 : str
        Of the names and digests of all files.

    Raises
    ------
    InputError
        If two versions of one key hold at the same time.
    """

    def __init__(self, held: Sequence[tuple[Instrument, str]]) -> None:
        self._versions: dict[str, tuple[Instrument, ...]] = {}
        for key in sorted({i.key for i, _ in held}):
            ordered = sorted((i for i, _ in held if i.key == key), key=lambda i: i.version)
            for a, b in itertools.pairwise(ordered):
                if a.version == b.version:
                    raise InputError(f"{a.name} is held twice")
                if a.effective_to is None or a.effective_to > b.effective_from:
                    raise InputError(
                        f"{a.name} and {b.name} hold at the same time",
                        next_step="give the older one the effective_to on which it ended",
                    )
            self._versions[key] = tuple(ordered)
        self._by_place: dict[tuple[str, str], tuple[str, ...]] = {}
        for key, versions in self._versions.items():
            for v in versions:
                if v.status in ("in-force", "retired"):
                    for surface in v.surface:
                        at = (v.provider, surface)
                        known = self._by_place.get(at, ())
                        self._by_place[at] = known if key in known else (*known, key)
        self.added = frozenset(i.name for i, d in held if d not in {x for _, x in _builtin()})
        lines = sorted(f"{i.name} {digest}\n" for i, digest in held)
        self.sha256 = hashlib.sha256("".join(lines).encode()).hexdigest()

    def __iter__(self) -> Iterator[Instrument]:
        for versions in self._versions.values():
            yield from versions

    def __len__(self) -> int:
        return sum(len(v) for v in self._versions.values())

    def keys(self) -> tuple[str, ...]:
        """Return the keys, in order."""
        return tuple(self._versions)

    def versions(self, key: str) -> tuple[Instrument, ...]:
        """Return the versions of a key, oldest first; none where it is not held."""
        return self._versions.get(key, ())

    def of(self, provider: str, surface: str) -> tuple[str, ...]:
        """Return the keys of a provider's instruments for a surface."""
        return self._by_place.get((provider, surface), ())

    def at(self, key: str, day: date) -> Instrument | None:
        """Return the version in effect on a day.

        None where none is held for it. A bill or a piece of guidance is held
        and never in effect.
        """
        for v in self._versions.get(key, ()):
            if v.covers(day) and v.status in ("in-force", "retired"):
                return v
        return None

    def over(self, key: str, day: date) -> bool:
        """Return whether an instrument had been retired by that day, with nothing after it."""
        last = self._versions[key][-1]
        return (
            last.status == "retired" and last.effective_to is not None and last.effective_to <= day
        )

    def find(self, name: str, day: date | None = None) -> Instrument:
        """Return an instrument by ``key@version``, by key (newest), or by key and day.

        Raises
        ------
        InputError
            If none is held by that name; the message names those that are near.
        """
        key, at, version = name.partition("@")
        versions = self._versions.get(key, ())
        if at:
            versions = tuple(v for v in versions if v.version.isoformat() == version)
        elif day is not None:
            versions = tuple(v for v in versions if v.covers(day))
        if versions:
            return versions[-1]
        near = difflib.get_close_matches(key, self._versions, 6, 0.5)
        raise InputError(
            f"no instrument {name!r}" + (f" on {day}" if day else ""),
            wanted=", ".join(near) or "one of those that `hydrometer terms list` shows",
        )


def _read(folder: Path) -> list[tuple[Instrument, str]]:
    held = []
    for path in sorted(folder.glob("*.toml")):
        try:
            raw = path.read_bytes()
            held.append(
                (parse_instrument(raw.decode("utf-8"), path.name), hashlib.sha256(raw).hexdigest())
            )
        except (OSError, UnicodeDecodeError) as err:
            raise InputError(f"cannot read {path}", got=str(err)) from err
    return held


@functools.cache
def _builtin() -> tuple[tuple[Instrument, str], ...]:
    with as_file(files("hydrometer.terms").joinpath("data")) as folder:
        return tuple(_read(folder))


def read_catalogue(*folders: Path) -> Catalogue:
    """Return the catalogue that comes with Hydrometer, and the instruments of more folders.

    Parameters
    ----------
    folders : Path
        Folders of ``<key>@<date>.toml`` files. They add; what is held stays.

    Raises
    ------
    InputError
        If a folder is missing, a file is no instrument, or a file says
        something else than the one of the same name that is held.
    """
    held = list(_builtin())
    for folder in folders:
        if not folder.is_dir():
            raise InputError(f"no folder {folder}", wanted="a folder of <key>@<date>.toml files")
        held += _read(folder)
    return Catalogue(_close(held))


def _close(held: list[tuple[Instrument, str]]) -> list[tuple[Instrument, str]]:
    """Drop repeated files, and end an open version where a later one of a folder begins.

    A version file never changes after it is written, so the day on which it
    ended may be known only to its successor.
    """
    unique: dict[tuple[str, str], Instrument] = {}
    for i, digest in held:
        unique.setdefault((i.name, digest), i)
    begins: dict[str, list[date]] = {}
    for i in unique.values():
        begins.setdefault(i.key, []).append(i.effective_from)
    closed = []
    for (_, digest), i in unique.items():
        later = [d for d in begins[i.key] if d > i.effective_from]
        if i.effective_to is None and later:
            end = min(later)
            seen = min(i.seen, end - timedelta(days=1)) if i.seen else None
            i = replace(i, effective_to=end, seen=seen)
        closed.append((i, digest))
    return closed


def add_instrument(path: Path, folder: Path) -> Instrument:
    """Put a version file into a folder of the user's own; what is there is never changed.

    Returns
    -------
    Instrument
        What was added.

    Raises
    ------
    InputError
        If it is no instrument, does not fit the versions that are held, or is
        there already.
    """
    try:
        raw = path.read_bytes()
        new = parse_instrument(raw.decode("utf-8"), path.name)
    except (OSError, UnicodeDecodeError) as err:
        raise InputError(f"cannot read {path}", got=str(err)) from err
    held = list(_builtin()) + (_read(folder) if folder.is_dir() else [])
    if any(i.name == new.name for i, _ in held):
        raise InputError(
            f"{new.name} is held already",
            wanted="a version file is never changed",
            next_step="give the new reading a version of its own date",
        )
    Catalogue(_close([*held, (new, hashlib.sha256(raw).hexdigest())]))
    target = folder / path.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as out:
            out.write(raw)
    except OSError as err:
        raise InputError(f"cannot write {target}", got=str(err)) from err
    return new
