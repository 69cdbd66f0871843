"""What others claim of a model's licence and base: model cards and SPDX expressions.

A claim is no fact. It can make a result worse (it may name a licence that
bars the use) and never better.
"""

from __future__ import annotations

import functools
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from license_expression import ExpressionError, get_spdx_licensing

from hydrometer.errors import InputError

__all__ = ["Claim", "claimed_keys", "parse_spdx", "read_card"]

FRONT = re.compile(r"\A---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
COMMENT = re.compile(r"(^|[ \t])#.*$")
LINE = re.compile(r"^([A-Za-z_]+):[ \t]*(.*)$")


@dataclass(frozen=True, slots=True)
class Claim:
    """What a card says.

    Parameters
    ----------
    model : str
        The model it is about.
    licences : tuple of str
        Identifiers, in lower case; all of them may bind.
    base_models : tuple of str
        Models that it says it was built on.
    source : str
        The file.
    unread : tuple of str
        Parts of the licence field that are no known identifier.
    """

    model: str
    licences: tuple[str, ...]
    base_models: tuple[str, ...]
    source: str
    unread: tuple[str, ...] = ()


@functools.cache
def _known() -> dict[str, str]:
    text = files("hydrometer.terms").joinpath("names/claims.toml").read_text(encoding="utf-8")
    table: dict[str, str] = tomllib.loads(text)["licences"]
    return table


@functools.cache
def _spdx() -> Any:
    return get_spdx_licensing()


def parse_spdx(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the licences that an expression names, and what in it is no licence.

    Examples
    --------
    >>> parse_spdx("Apache-2.0 AND cc-by-nc-4.0")
    (('apache-2.0', 'cc-by-nc-4.0'), ())
    >>> parse_spdx("llama3.1")
    (('llama3.1',), ())
    >>> parse_spdx("my own")
    ((), ('my own',))
    """
    text = text.strip()
    if text.casefold() in _known():
        return (text.casefold(),), ()
    try:
        parsed = _spdx().parse(text, validate=False)
    except (ExpressionError, ValueError, TypeError, AttributeError):
        return (), (text,)
    if parsed is None:
        return (), ()
    keys = sorted({str(s.key) for s in parsed.symbols})  # a set, in no order of its own
    known = set(_spdx().known_symbols)
    lower = {k.casefold() for k in known} | set(_known())
    return (
        tuple(k.casefold() for k in keys if k.casefold() in lower),
        tuple(k for k in keys if k.casefold() not in lower),
    )


def claimed_keys(claim: Claim) -> tuple[str, ...]:
    """Return the keys of the instruments whose text a claim names, as far as they are known."""
    return tuple(_known()[name] for name in claim.licences if name in _known())


def _front(text: str, path: Path) -> dict[str, list[str]]:
    """Return the plain fields of a card's front matter: scalars and lists of scalars.

    Only that much of YAML, because nothing else in a card is read here.
    """
    match = FRONT.match(text)
    if match is None:
        raise InputError(f"{path} has no front matter", wanted="a model card that begins with ---")
    found: dict[str, list[str]] = {}
    name = None
    for line in match[1].splitlines():
        if start := LINE.match(line):
            name, value = start[1].casefold(), COMMENT.sub("", start[2]).strip()
            inner = value[1:-1].split(",") if value[:1] == "[" and value[-1:] == "]" else [value]
            found[name] = [v.strip().strip("'\"") for v in inner if v.strip()]
        elif name and (item := re.match(r"^\s*-\s+(.*)$", line)):
            found[name].append(COMMENT.sub("", item[1]).strip().strip("'\""))
    return found


def read_card(path: Path, model: str | None = None) -> Claim:
    """Return what a model card, or the JSON of a model's metadata, claims.

    Parameters
    ----------
    path : Path
        A Markdown card with front matter, or JSON with ``license`` and
        ``base_model`` (at the top or under ``cardData``).
    model : str, optional
        Which model it is about; otherwise what the file says (``id``,
        ``model_name``, ``name``).

    Returns
    -------
    Claim
        Never a fact.

    Raises
    ------
    InputError
        If it cannot be read, or does not say which model it is about.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as err:
        raise InputError(f"cannot read the card {path}", got=str(err)) from err
    fields: Mapping[str, Any]
    if path.suffix == ".json":
        try:
            raw = json.loads(text)
        except (ValueError, RecursionError) as err:
            raise InputError(f"cannot read the card {path}", got=str(err), wanted="JSON") from err
        raw = raw if isinstance(raw, dict) else {}
        card = raw.get("cardData") if isinstance(raw.get("cardData"), dict) else {}
        fields = {**raw, **(card or {})}
    else:
        fields = _front(text, path)

    def listed(name: str) -> list[str]:
        value = fields.get(name)
        items = value if isinstance(value, list) else [value]
        return [v for v in items if isinstance(v, str) and v.strip()]

    about = [model] if model else [n for k in ("id", "model_name", "name") for n in listed(k)]
    if not about or about[0] is None:
        raise InputError(
            f"{path} does not say which model it is about", next_step="--card MODEL=FILE"
        )
    parsed = [parse_spdx(v) for v in (*listed("license"), *listed("license_name"))]
    return Claim(
        model=about[0].casefold(),
        licences=tuple(dict.fromkeys(k for known, _ in parsed for k in known)),
        base_models=tuple(listed("base_model")),
        source=path.name,
        unread=tuple(dict.fromkeys(k for _, other in parsed for k in other)),
    )
