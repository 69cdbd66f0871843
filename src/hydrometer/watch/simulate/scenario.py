"""The scenario: what stream is to be made, as a TOML file says it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hydrometer.errors import InputError
from hydrometer.watch.simulate.dice import Range

__all__ = [
    "FAMILIES",
    "SEEDS",
    "TEMPLATE_NAMES",
    "Benign",
    "Campaign",
    "Lookalike",
    "Scenario",
    "Stream",
    "load_scenario",
    "read_scenario",
]

FAMILIES = (
    "eval_harness",
    "batch_labelling",
    "template_saas",
    "class_assignment",
    "agent_fleet",
    "public_framework",
    "reseller",
    "rag_indexing",
    "own_synthetic_data",
    "viral_prompt",
    "multilingual",
)
TEMPLATE_NAMES = (
    "reasoning",
    "analyst",
    "rubric",
    "agentic",
    "rewrite",
    "alpaca",
    "evolve",
    "persona",
)
SEEDS = ("alpaca", "maths", "code", "analysis", "agentic", "rewrite")
CHOICES: dict[str, tuple[str, ...]] = {
    "family": FAMILIES,
    "rotation": ("none", "account", "prompt", "day"),
    "placement": ("user", "system", "mixed"),
    "paraphrase": ("none", "account", "prompt"),
    "timing": ("queue", "jitter", "human"),
    "headers": ("one", "account", "request"),
    "addresses": ("cloud", "pool", "residential"),
    "sampling": ("pinned", "swept", "unset"),
}
"""Keys with a closed list of values."""


@dataclass(frozen=True)
class Stream:
    """The table ``[stream]``: the length of the stream and what happens to everybody."""

    name: str = "stream"
    days: float = 14.0
    start: datetime = datetime(2026, 3, 2, tzinfo=UTC)
    scale: float = 1.0
    data: str = "../shared/data/traffic"
    text: bool = True
    release_day: float = -1.0
    surge_day: float = -1.0
    surge: float = 2.0
    drift: float = 0.0


@dataclass(frozen=True)
class Benign:
    """The table ``[benign]``: accounts that belong to nothing in particular."""

    accounts: int = 1000
    events: float = 40.0
    business: float = 0.02
    largest: int = 4000


@dataclass(frozen=True)
class Lookalike:
    """One table ``[[lookalike]]``: innocent accounts that resemble each other."""

    family: str
    instances: int = 1
    accounts: Range = 0.0
    events: Range = 0.0
    start: Range = -1.0
    days: Range = 0.0


@dataclass(frozen=True)
class Campaign:
    """One table ``[[campaign]]``: accounts that one distiller steers, and how it hides."""

    name: str
    kind: str = ""
    accounts: int = 200
    per_day: float = 26.0
    start: float = 5.0
    days: float = 2.0
    seeds: tuple[str, ...] = ("alpaca", "maths", "code", "analysis")
    templates: tuple[str, ...] = ("reasoning",)
    rotation: str = "none"
    placement: str = "user"
    paraphrase: str = "none"
    worklist: bool = True
    cover: float = 0.0
    warmup: float = 0.0
    timing: str = "queue"
    slow_start: bool = False
    pivot: bool = False
    headers: str = "one"
    addresses: str = "cloud"
    proxies: int = 20
    payments: int = 0
    signup_batches: int = 0
    mail_domains: int = 0
    lifetime: float = 0.0
    relay: bool = False
    multilingual: float = 0.0
    sampling: str = "pinned"


@dataclass(frozen=True)
class Scenario:
    """A whole scenario."""

    stream: Stream = Stream()
    benign: Benign = Benign()
    lookalikes: tuple[Lookalike, ...] = ()
    campaigns: tuple[Campaign, ...] = field(default=())


MOST = 20_000_000
"""Exchanges of one campaign; a stream is held in memory."""
LIMITS: dict[str, tuple[float, float]] = {
    "days": (0.0, 400.0),
    "scale": (1e-4, 1e4),
    "surge": (1.0, 100.0),
    "drift": (0.0, 1.0),
    "accounts": (0, 5_000_000),
    "events": (0.0, 1e7),
    "business": (0.0, 1.0),
    "largest": (1, 1e8),
    "instances": (0, 10_000),
    "per_day": (1e-3, 1e5),
    "cover": (0.0, 0.99),
    "warmup": (0.0, 400.0),
    "lifetime": (0.0, 400.0),
    "multilingual": (0.0, 1.0),
    "proxies": (1, 1e6),
    "payments": (0, 1e7),
    "signup_batches": (0, 1e6),
    "mail_domains": (0, 1e6),
}


def _bad(where: str, key: str, got: Any, wanted: str) -> InputError:
    return InputError(
        f"scenario: {where} {key}",
        got=repr(got)[:80],
        wanted=wanted,
        next_step="see docs/reference/scenario.md",
    )


def _number(where: str, key: str, value: Any, *, whole: bool) -> float | int:
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        raise _bad(where, key, value, "a whole number" if whole else "a number")
    low, high = LIMITS.get(key, (-1.0, 1e9))
    if not low <= value <= high:
        raise _bad(where, key, value, f"{low:g} to {high:g}")
    return value if whole else float(value)


def _fit(where: str, key: str, kind: str, value: Any) -> Any:
    """Return the value in the type of its field."""
    if kind == "bool":
        if not isinstance(value, bool):
            raise _bad(where, key, value, "true or false")
        return value
    if kind == "str":
        if not isinstance(value, str) or not value:
            raise _bad(where, key, value, "a text")
        if key in CHOICES and value not in CHOICES[key]:
            raise _bad(where, key, value, ", ".join(CHOICES[key]))
        return value
    if kind == "datetime":
        if not isinstance(value, datetime) or value.tzinfo is None:
            raise _bad(where, key, value, "a time with its zone, as 2026-03-02T00:00:00Z")
        return value.astimezone(UTC)
    if kind == "tuple[str, ...]":
        if not isinstance(value, list) or not value:
            raise _bad(where, key, value, "a list of names")
        return tuple(_fit(where, key, "str", v) for v in value)
    if kind == "Range" and isinstance(value, list):
        if len(value) != 2:
            raise _bad(where, key, value, "a number, or [lowest, highest]")
        low, high = (float(_number(where, key, v, whole=False)) for v in value)
        if low > high:
            raise _bad(where, key, value, "the lower end first")
        return (low, high)
    return _number(where, key, value, whole=kind == "int")


def _read(cls: Any, where: str, table: Any) -> Any:
    if not isinstance(table, dict):
        raise _bad(where, "", table, "a table")
    known = {f.name: str(f.type) for f in fields(cls)}
    for key in table:
        if key not in known:
            raise _bad(where, f"has an unknown key {key!r}", key, ", ".join(known))
    try:
        return cls(**{k: _fit(where, k, known[k], v) for k, v in table.items()})
    except TypeError as err:
        raise _bad(where, "lacks a key", sorted(table), str(err)[-60:]) from err


def _tables(raw: dict[str, Any], key: str) -> list[Any]:
    found = raw.get(key, [])
    if not isinstance(found, list):
        raise _bad(f"[[{key}]]", "", found, f"a list of tables: write [[{key}]]")
    return found


def read_scenario(raw: dict[str, Any]) -> Scenario:
    """Return the scenario of the tables of a TOML file.

    Raises
    ------
    InputError
        If a table or a key is unknown, or a value cannot be used.

    Examples
    --------
    >>> read_scenario({"benign": {"accounts": 7}}).benign.accounts
    7
    """
    for key in raw:
        if key not in ("stream", "benign", "lookalike", "campaign"):
            raise _bad("file", "has an unknown table", key, "stream, benign, lookalike, campaign")
    stream = _read(Stream, "[stream]", raw.get("stream", {}))
    if stream.days <= 0.0:
        raise _bad("[stream]", "days", stream.days, "more than 0")
    campaigns = [
        _read(Campaign, f"[[campaign]] {i}", t) for i, t in enumerate(_tables(raw, "campaign"), 1)
    ]
    names = [c.name for c in campaigns]
    if len(set(names)) < len(names):
        raise _bad("[[campaign]]", "name", names, "a name of its own for each")
    for c in campaigns:
        _check_campaign(c, stream)
    looks = [
        _read(Lookalike, f"[[lookalike]] {i}", t)
        for i, t in enumerate(_tables(raw, "lookalike"), 1)
    ]
    for look in looks:
        latest = look.start[1] if isinstance(look.start, tuple) else look.start
        if latest >= stream.days:
            within = f"a day within the stream, 0 to {stream.days:g}"
            raise _bad(f"[[lookalike]] {look.family}", "start", look.start, within)
    return Scenario(
        stream=stream,
        benign=_read(Benign, "[benign]", raw.get("benign", {})),
        lookalikes=tuple(looks),
        campaigns=tuple(campaigns),
    )


def _check_campaign(c: Campaign, stream: Stream) -> None:
    where = f"[[campaign]] {c.name}"
    for seed in c.seeds:
        if seed not in SEEDS:
            raise _bad(where, "seeds", seed, ", ".join(SEEDS))
    for name in c.templates:
        if name not in TEMPLATE_NAMES:
            raise _bad(where, "templates", name, ", ".join(TEMPLATE_NAMES))
    if c.accounts < 1 or c.days <= 0.0:
        raise _bad(where, "accounts, days", (c.accounts, c.days), "more than 0")
    if not 0.0 <= c.start < stream.days:
        raise _bad(where, "start", c.start, f"a day within the stream, 0 to {stream.days:g}")
    if c.accounts * c.per_day * c.days > MOST:
        raise _bad(where, "accounts, per_day, days", c, f"at most {MOST:,} exchanges")
    if c.pivot and stream.release_day < 0.0:
        raise _bad(where, "pivot", True, "[stream] release_day")


def load_scenario(path: str | Path) -> Scenario:
    """Read a scenario file.

    Raises
    ------
    InputError
        If it cannot be read, is no TOML, or says something unknown.
    """
    try:
        raw = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as err:
        raise InputError(f"cannot read the scenario {path}", got=str(err)[:120]) from err
    return read_scenario(raw)
