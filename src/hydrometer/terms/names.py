"""What names mean: models, data sets, providers and places, from dated tables."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any

from hydrometer.errors import InputError

__all__ = ["DatasetName", "ModelName", "Names", "read_names"]


@dataclass(frozen=True, slots=True)
class ModelName:
    """What a model's name means.

    ``weights`` is the key of the licence of its published weights, None where
    none are published; ``built_on`` the models whose terms it carries;
    ``read`` whether the publisher's own text was read for it; ``since`` the
    day from which it is known to hold, None where from the beginning.
    """

    maker: str
    weights: str | None
    built_on: tuple[str, ...]
    read: bool
    source: str
    since: date | None = None


@dataclass(frozen=True, slots=True)
class DatasetName:
    """What a data set's name means: the key of its licence and who wrote into it."""

    licence: str | None
    generated_by: tuple[Mapping[str, Any], ...]
    read: bool
    source: str


class _Table:
    """Names and prefixes; an exact name beats a prefix, a longer prefix a shorter one."""

    def __init__(self) -> None:
        self.exact: dict[str, Any] = {}
        self.prefixes: dict[str, Any] = {}

    def add(self, name: str, value: object, where: str) -> None:
        name = name.casefold().strip()
        kept, name = (self.prefixes, name[:-1]) if name.endswith("*") else (self.exact, name)
        if "*" in name or not name:
            raise InputError(
                f"{where}: {name!r} is no name", wanted="* as the last character only"
            )
        if name in kept:
            raise InputError(f"{where}: {name!r} stands there twice")
        kept[name] = value

    def find(self, name: str) -> Any:
        name = name.casefold().strip()
        if name in self.exact:
            return self.exact[name]
        for end in range(len(name), 0, -1):
            if name[:end] in self.prefixes:
                return self.prefixes[name[:end]]
        return None


class Names:
    """The tables of names.

    Parameters
    ----------
    models, datasets, providers, territories : mapping
        What the four TOML files hold.

    Raises
    ------
    InputError
        If a name stands in a table twice.
    """

    def __init__(
        self,
        models: Mapping[str, Any],
        datasets: Mapping[str, Any],
        providers: Mapping[str, Any],
        territories: Mapping[str, Any],
    ) -> None:
        self._models, self._datasets = _Table(), _Table()
        for m in models.get("model", []):
            named = ModelName(
                maker=m["maker"],
                weights=m.get("weights"),
                built_on=tuple(m.get("built_on", ())),
                read=m.get("evidence") == "primary",
                source=m.get("source", ""),
                since=m.get("since"),
            )
            for name in m["names"]:
                self._models.add(name, named, "models.toml")
        for d in datasets.get("dataset", []):
            held = DatasetName(
                licence=d.get("licence"),
                generated_by=tuple(d.get("generated_by", ())),
                read=d.get("evidence") == "primary",
                source=d.get("source", ""),
            )
            for name in d["names"]:
                self._datasets.add(name, held, "datasets.toml")
        self._slugs = {
            alias: slug for slug, known in providers["aliases"].items() for alias in known
        }
        self._hosts = frozenset(providers["serves_others"]["providers"])
        self._groups = {k: frozenset(v) for k, v in territories["groups"].items()}
        self._place_aliases = dict(territories["aliases"])
        self._codes = frozenset(territories["codes"]["all"].split())

    def provider(self, name: str) -> str:
        """Return the slug of a provider, whatever it was called.

        Examples
        --------
        >>> read_names().provider("MistralAI")
        'mistral'
        """
        name = " ".join(name.casefold().split())
        slug: str = self._slugs.get(name, name)
        return slug

    def serves_others(self, slug: str) -> bool:
        """Return whether that provider runs weights of other makers."""
        return slug in self._hosts

    def makers(self) -> frozenset[str]:
        """Return every party that is known to have made a model."""
        tables = (self._models.exact, self._models.prefixes)
        return frozenset(m.maker for kept in tables for m in kept.values())

    def model(self, name: str) -> ModelName | None:
        """Return what a model's name means, None where no table knows it."""
        found: ModelName | None = self._models.find(name)
        return found

    def dataset(self, name: str) -> DatasetName | None:
        """Return what a data set's name means, None where no table knows it."""
        found: DatasetName | None = self._datasets.find(name)
        return found

    def place(self, code: str) -> str:
        """Return the ISO code, or the group, that a text means.

        Raises
        ------
        InputError
            If it is neither.
        """
        code = code.strip().upper()
        code = self._place_aliases.get(code, code)
        if code not in self._codes and code not in self._groups:
            raise InputError(
                "no such place",
                got=repr(code)[:40],
                wanted="an ISO 3166 code such as DE, or EU or EEA",
            )
        return code

    def codes(self, places: tuple[str, ...]) -> frozenset[str]:
        """Return the ISO codes of places and groups."""
        return frozenset(c for p in places for c in self._groups.get(p, frozenset((p,))))


@functools.cache
def read_names() -> Names:
    """Return the tables that come with Hydrometer."""
    folder = files("hydrometer.terms").joinpath("names")

    def table(name: str) -> dict[str, Any]:
        return tomllib.loads(folder.joinpath(f"{name}.toml").read_text(encoding="utf-8"))

    return Names(table("models"), table("datasets"), table("providers"), table("territories"))
