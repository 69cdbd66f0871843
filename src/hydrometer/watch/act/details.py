"""The part of a watch finding that is its own: accounts, signals, days; to and from JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from hydrometer.errors import SchemaError
from hydrometer.finding import Finding

__all__ = ["Details", "Listed", "Member", "Said", "details_of"]


class Member(msgspec.Struct, frozen=True):
    """One account: its pseudonym, its share of the cluster's evidence, its score in the scan."""

    account: str
    membership: float
    score: float | None = None


class Listed(msgspec.Struct, frozen=True):
    """One signal as a finding keeps it; what was not measured is None."""

    name: str
    weight: float
    strength: float | None = None
    log_e: float | None = None
    detail: str = ""
    measures: dict[str, float | None] = {}


class Said(msgspec.Struct, frozen=True):
    """One harmless explanation and whether the data exclude it."""

    name: str
    status: str
    detail: str = ""


class Details(msgspec.Struct, frozen=True):
    """What `Finding.details` holds in a finding of kind ``watch``.

    Times are ISO 8601 in UTC. ``objects`` are keyed hashes behind their kind,
    ``timeline`` holds days and exchanges, ``budget`` false alarms for each 30 days.
    """

    cluster: str
    level: str
    score: float
    log_e: float | None
    first: str
    last: str
    events: int
    window: tuple[str, str]
    window_events: int
    window_accounts: int
    tested: int
    budget: float
    accounts: tuple[Member, ...]
    signals: tuple[Listed, ...] = ()
    explanations: tuple[Said, ...] = ()
    objects: tuple[str, ...] = ()
    timeline: tuple[tuple[str, int], ...] = ()
    aisvs: dict[str, Any] = {}
    atlas: tuple[dict[str, str], ...] = ()
    settings: dict[str, Any] = {}

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values, for `Finding.details`."""
        made: dict[str, Any] = _finite(msgspec.to_builtins(self))
        return made


def details_of(finding: Finding) -> Details:
    """Return the details of a watch finding.

    Raises
    ------
    SchemaError
        If it is a finding of another kind, or not as `Details` promises.
    """
    if finding.kind != "watch":
        raise SchemaError(
            "not a finding of watch",
            got=repr(finding.kind)[:40],
            wanted="kind 'watch'",
            next_step="hydrometer watch scan writes them",
        )
    try:
        return msgspec.convert(dict(finding.details), Details)
    except (msgspec.ValidationError, RecursionError) as err:
        raise SchemaError("the finding's details cannot be read", got=str(err)[:160]) from err


def _finite(value: Any) -> Any:
    """Replace what JSON cannot hold: NaN and infinities become None."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(v) for v in value]
    return value
