"""What is done at each level of alert: a dated file that people write and review.

No action changes an answer. ``mark`` hands the account to ``shield``, which serves answers that
could have been served anyway; blocking, throttling and challenges refuse a request openly.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hydrometer.errors import InputError
from hydrometer.terms.toml import as_text, as_texts, check_keys, read_toml
from hydrometer.watch.event import Kind
from hydrometer.watch.key import Key
from hydrometer.watch.result import LEVELS

__all__ = ["ACTIONS", "Policy", "Rule", "load_policy", "parse_policy"]

VERSION = 1

ACTIONS = ("none", "review", "mark", "throttle", "challenge", "block")
"""From the mildest to the hardest. Where several are in force, the hardest counts."""

MEANS = {
    "none": "nothing is done",
    "review": "listed for people to look at; requests pass",
    "mark": "handed to shield as a marked account; requests pass",
    "throttle": "held to {rpm} requests per minute",
    "challenge": "refused with a message that says how to verify the account",
    "block": "refused",
}

LONGEST = 90 * 86_400
"""Seconds after which any action lapses at the latest: nobody is shut out for good by a score."""

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_KEYS = ("version", "dry_run", "max_accounts_per_hour", "message", "appeal", "allow", *LEVELS[1:])
_MESSAGE = "Requests of this account are held back after an automatic check of its use."


@dataclass(frozen=True)
class Rule:
    """What is done to the members of a cluster of one level.

    Parameters
    ----------
    action : str
        One of `ACTIONS`.
    ttl : int
        Seconds until it lapses; 0 for ``none``.
    min_membership : float
        Members below are left alone.
    rpm : int
        Requests per minute, for ``throttle`` alone.
    """

    action: str = "none"
    ttl: int = 0
    min_membership: float = 0.0
    rpm: int = 0


@dataclass(frozen=True)
class Policy:
    """A policy file, checked.

    Parameters
    ----------
    rules : mapping of str to Rule
        For each level above ``none``.
    dry_run : bool
        Whether actions are only written down.
    max_accounts_per_hour : int
        Most accounts on which actions may start within an hour; more stops and asks a person.
    message, appeal : str
        What a refused user reads, and whom to write to.
    allow_accounts, allow_orgs : frozenset of int
        Keyed pseudonyms of accounts, and links of organisations, that are never acted on.
    digest : str
        SHA-256 of the file.
    """

    rules: Mapping[str, Rule] = field(default_factory=dict)
    dry_run: bool = True
    max_accounts_per_hour: int = 100
    message: str = _MESSAGE
    appeal: str = ""
    allow_accounts: frozenset[int] = frozenset()
    allow_orgs: frozenset[int] = frozenset()
    digest: str = ""

    @property
    def text(self) -> str:
        """What a refused user reads."""
        return self.message + (f" To appeal, write to {self.appeal}." if self.appeal else "")

    def describe(self) -> list[str]:
        """Return in words what this policy would do."""
        out = []
        for level in LEVELS[1:]:
            rule = self.rules.get(level, Rule())
            does = MEANS[rule.action].format(rpm=rule.rpm)
            if rule.action != "none":
                who = "every member"
                if rule.min_membership > 0:
                    who = f"members of at least {rule.min_membership:g}"
                does = f"{rule.action}: {who} {does}, for {_span(rule.ttl)}"
            out.append(f"{level}: {does}")
        out.append(
            "dry run: actions are written to the ledger and not carried out"
            if self.dry_run
            else f"live; stops and asks beyond {self.max_accounts_per_hour:,} accounts in an hour"
        )
        out.append(
            f"never acted on: {len(self.allow_accounts):,} accounts, "
            f"{len(self.allow_orgs):,} organisations"
        )
        out.append(f"a refused user reads: {self.text}")
        out.append("no action changes an answer")
        return out


def load_policy(path: Path, key: Key | None = None) -> Policy:
    """Read and check a policy file.

    Parameters
    ----------
    path : Path
        TOML.
    key : Key or None
        Turns raw identifiers of the allow-list into pseudonyms; needed if it holds any.

    Raises
    ------
    InputError
        If it cannot be read, has a key that means nothing, or breaks a rule.
    """
    raw, digest = read_toml(path, "policy")
    return parse_policy(raw, digest=digest, key=key)


def parse_policy(raw: Mapping[str, Any], *, digest: str, key: Key | None) -> Policy:
    """Return the policy of a table.

    Raises
    ------
    InputError
        As in `load_policy`.

    Examples
    --------
    >>> p = parse_policy({"version": 1, "alarm": {"action": "block", "ttl": "7d"}},
    ...                  digest="", key=None)
    >>> p.rules["alarm"].ttl, p.dry_run
    (604800, True)
    """
    check_keys(raw, _KEYS, "policy")
    if raw.get("version") != VERSION or isinstance(raw.get("version"), bool):
        raise InputError(
            "unknown version of the policy",
            got=repr(raw.get("version"))[:40],
            wanted=f"version = {VERSION}",
        )
    allow = _table(raw.get("allow", {}), "allow")
    check_keys(allow, ("accounts", "raw", "orgs"), "allow-list of the policy")
    most = _whole(raw.get("max_accounts_per_hour", 100), "max_accounts_per_hour", low=1)
    dry = raw.get("dry_run", True)
    if not isinstance(dry, bool):
        raise InputError("dry_run is neither true nor false", got=repr(dry)[:40])
    policy = Policy(
        rules={level: _rule(raw[level], level) for level in LEVELS[1:] if level in raw},
        dry_run=dry,
        max_accounts_per_hour=most,
        message=as_text(raw.get("message"), "message") or _MESSAGE,
        appeal=as_text(raw.get("appeal"), "appeal") or "",
        allow_accounts=_accounts(allow, key),
        allow_orgs=frozenset(
            _keyed(key).link(Kind.ORG, "org", o) for o in as_texts(allow.get("orgs"), "allow.orgs")
        ),
        digest=digest,
    )
    refuses = any(r.action in ("block", "challenge") for r in policy.rules.values())
    if refuses and not dry and not policy.appeal:
        raise InputError(
            "a policy that refuses requests names nobody to appeal to",
            wanted='appeal = "an address"',
        )
    return policy


def _rule(value: object, level: str) -> Rule:
    table = _table(value, level)
    check_keys(table, ("action", "ttl", "min_membership", "rpm"), f"rule for {level}")
    action = as_text(table.get("action"), f"{level}.action")
    if action not in ACTIONS:
        raise InputError(
            f"unknown action for {level}", got=repr(action)[:40], wanted=", ".join(ACTIONS)
        )
    if action == "block" and level != "alarm":
        raise InputError(
            f"block stands at level {level}",
            wanted="block at level alarm only: nothing below it counts against the budget",
            next_step="throttle, challenge or review there",
        )
    if (action == "throttle") != ("rpm" in table):
        raise InputError(
            f"{level}: rpm belongs to throttle, and throttle needs it", got=f"action {action}"
        )
    if action == "none":
        if len(table) > 1:
            raise InputError(f"{level}: action none takes no further settings")
        return Rule()
    share = table.get("min_membership", 0.0)
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        raise InputError(
            f"{level}.min_membership is no share", got=repr(share)[:40], wanted="0 to 1"
        )
    rpm = _whole(table.get("rpm", 0), f"{level}.rpm", low=1 if action == "throttle" else 0)
    return Rule(action, _seconds(table.get("ttl"), f"{level}.ttl"), float(share), rpm)


def _accounts(allow: Mapping[str, Any], key: Key | None) -> frozenset[int]:
    shown = as_texts(allow.get("accounts"), "allow.accounts")
    for name in shown:
        if not re.fullmatch(r"a:[0-9a-f]{16}", name):
            raise InputError(
                "an account of the allow-list is no pseudonym",
                got=repr(name)[:40],
                wanted="a: and 16 hexadecimal digits; raw identifiers go into allow.raw",
            )
    raw = as_texts(allow.get("raw"), "allow.raw")
    return frozenset(int(n[2:], 16) for n in shown) | {_keyed(key).account(r) for r in raw}


def _keyed(key: Key | None) -> Key:
    if key is None:
        raise InputError(
            "the allow-list holds raw identifiers and there is no key",
            wanted="the key of the pseudonyms",
            next_step="pass --key FILE",
        )
    return key


def _table(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InputError(f"{what} is no table", got=repr(value)[:40], wanted=f"[{what}]")
    return value


def _whole(value: object, what: str, *, low: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value < 2**31:
        raise InputError(
            f"{what} is no whole number", got=repr(value)[:40], wanted=f"{low} or more"
        )
    return value


def _seconds(value: object, what: str) -> int:
    found = (
        re.fullmatch(r"(\d{1,8})\s*([smhd])", value.strip()) if isinstance(value, str) else None
    )
    seconds = int(found[1]) * _UNITS[found[2]] if found else 0
    if not 0 < seconds <= LONGEST:
        raise InputError(
            f"{what} is no span of time",
            got=repr(value)[:40],
            wanted=f"30m, 12h or 7d, up to {LONGEST // 86_400}d: every action lapses",
        )
    return seconds


def _span(seconds: int) -> str:
    for unit, size in reversed(_UNITS.items()):
        if seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
