"""Which field of a log names the account, and which ones link accounts.

No standard says it: OpenTelemetry has no account attribute, and a gateway may know a key, a
user, a team and the customer's own end user. The mapping is a file that the site owns.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from hydrometer.errors import InputError
from hydrometer.watch.observation import LINKS
from hydrometer.watch.sources.headers import HEADERS, IGNORED, HeaderRules

__all__ = ["BY", "FORMATS", "Attribution", "Paths", "load_attribution", "parse_attribution"]

FORMATS = ("litellm", "otlp", "langfuse", "exchange")

BY = ("key", "user", "end_user", "team")
"""What an account may be, by the option ``by``."""


@dataclass(frozen=True)
class Paths:
    """Where a format keeps the account, the links and the headers.

    Parameters
    ----------
    account : tuple of str
        Dotted paths; the first that is recorded wins.
    links : tuple of (str, tuple of str)
        Kind of link, and paths; the first that is recorded wins.
    headers : tuple of str
        Paths of objects that hold request headers.
    """

    account: tuple[str, ...]
    links: tuple[tuple[str, tuple[str, ...]], ...] = ()
    headers: tuple[str, ...] = ()


_M = "metadata."
_KEY = _M + "user_api_key_"
_BY: dict[str, dict[str, tuple[str, ...]]] = {
    "litellm": {
        "key": (_KEY + "hash", "api_key", _KEY + "user_id", "user", "end_user"),
        "user": (_KEY + "user_id", "user"),
        "end_user": ("end_user", _KEY + "end_user_id"),
        "team": (_KEY + "team_id", "team_id"),
    },
    "otlp": {
        "key": (
            *("user.id", "enduser.id", "enduser.pseudo.id", _KEY + "hash", _KEY + "user_id"),
            *(_M + "user_id", "client.address", "session.id"),
        ),
        "user": ("user.id", "enduser.id", _KEY + "user_id"),
        "end_user": ("enduser.id", "enduser.pseudo.id", _KEY + "end_user_id", "llm.user"),
        "team": (_KEY + "team_id", "organization.id", "tenant.id"),
    },
    "langfuse": {
        "key": (_KEY + "hash", "user_id", _KEY + "user_id", "session_id"),
        "user": ("user_id", _KEY + "user_id"),
        "end_user": (_KEY + "end_user_id", "user_id"),
        "team": (_KEY + "team_id", "project_id"),
    },
    "exchange": {
        "key": ("account",),
        "user": ("headers.x-user-id", "headers.x-user"),
        "end_user": ("headers.x-end-user-id", "headers.x-end-user"),
        "team": ("headers.x-team-id", "headers.x-team"),
    },
}
_LINKS: dict[str, dict[str, tuple[str, ...]]] = {
    "litellm": {
        "org": (_KEY + "org_id", _KEY + "team_id", "organization_id", "team_id"),
        "email_domain": (_KEY + "user_email",),
        "ip": (_M + "requester_ip_address", "requester_ip_address"),
        "agent": (_M + "user_agent", "user_agent"),
    },
    "otlp": {
        "org": ("organization.id", "tenant.id", _KEY + "org_id", _KEY + "team_id"),
        "email_domain": ("user.email", _KEY + "user_email"),
        "ip": (
            *("client.address", "http.client_ip", "source.address", "net.sock.peer.addr"),
            *("network.peer.address", _M + "requester_ip_address"),
        ),
        "tls": ("tls.client.ja4", "tls.client.ja3"),
        "agent": ("user_agent.original", "http.user_agent", _M + "user_agent"),
    },
    "langfuse": {
        "org": (_KEY + "org_id", _KEY + "team_id"),
        "email_domain": (_KEY + "user_email",),
        "ip": (_M + "requester_ip_address",),
        "agent": (_M + "user_agent",),
    },
    "exchange": {},
}
_HEADERS = {
    "litellm": (_M + "requester_custom_headers", _M + "headers"),
    "otlp": ("http.request.header", _M + "requester_custom_headers"),
    "langfuse": (_M + "requester_custom_headers",),
    "exchange": ("headers",),
}


def _default(name: str) -> Paths:
    return Paths(_BY[name]["key"], tuple(_LINKS[name].items()), _HEADERS[name])


@dataclass(frozen=True)
class Attribution:
    """The whole mapping; without arguments the default one.

    Parameters
    ----------
    litellm, otlp, langfuse, exchange : Paths
        By format of the log.
    kinds : tuple of (str, tuple of str)
        Patterns of header names by kind of link.
    ignored : tuple of str
        Patterns of headers that are no link.
    others : bool
        Whether other short headers become links ``other:NAME``.

    Examples
    --------
    >>> Attribution().exchange.account
    ('account',)
    """

    litellm: Paths = field(default_factory=lambda: _default("litellm"))
    otlp: Paths = field(default_factory=lambda: _default("otlp"))
    langfuse: Paths = field(default_factory=lambda: _default("langfuse"))
    exchange: Paths = field(default_factory=lambda: _default("exchange"))
    kinds: tuple[tuple[str, tuple[str, ...]], ...] = tuple(HEADERS.items())
    ignored: tuple[str, ...] = IGNORED
    others: bool = True

    @cached_property
    def rules(self) -> HeaderRules:
        """The rules for headers, with their memory of headers seen."""
        return HeaderRules(dict(self.kinds), self.ignored, others=self.others)


def load_attribution(path: Path | None) -> Attribution:
    """Return the mapping of a TOML file; None gives the default.

    Raises
    ------
    InputError
        If the file cannot be read, or names an unknown key.
    """
    if path is None:
        return Attribution()
    try:
        return parse_attribution(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as err:
        raise InputError(f"cannot read the mapping {path}", got=str(err)[:120]) from err


def parse_attribution(text: str) -> Attribution:
    """Return the mapping of a TOML text; what it does not name stays as by default.

    Raises
    ------
    InputError
        If it is not TOML, or names an unknown key.

    Examples
    --------
    >>> parse_attribution('by = "end_user"').litellm.account
    ('end_user', 'metadata.user_api_key_end_user_id')
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as err:
        raise InputError("the mapping is not TOML", got=str(err)[:120]) from err
    _known("the mapping", tables, ("by", "headers", *FORMATS))
    by = tables.get("by", "key")
    if by not in BY:
        raise InputError("unknown value of 'by'", got=repr(by)[:60], wanted=", ".join(BY))
    found: dict[str, Any] = {name: _paths(name, by, tables.get(name, {})) for name in FORMATS}
    return Attribution(**found, **_headers(tables.get("headers", {})))


def _known(where: str, table: object, keys: tuple[str, ...]) -> Mapping[str, Any]:
    if not isinstance(table, Mapping):
        raise InputError(f"{where} is not a table", got=type(table).__name__, wanted="a table")
    unknown = sorted(set(table) - set(keys))
    if unknown:
        raise InputError(
            f"{where} has unknown keys", got=", ".join(unknown)[:120], wanted=", ".join(keys)
        )
    return table


def _list(where: str, value: object) -> tuple[str, ...]:
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(v, str) and v for v in values):
        raise InputError(f"{where} is no list of names", got=repr(value)[:60])
    return tuple(values)


def _kind(where: str, kind: str) -> str:
    if kind in LINKS[:-1] or (kind.startswith("other:") and len(kind) > len("other:")):
        return kind
    wanted = ", ".join((*LINKS[:-1], "other:NAME"))
    raise InputError(f"{where} has an unknown kind of link", got=kind[:60], wanted=wanted)


def _paths(name: str, by: str, table: object) -> Paths:
    table = _known(f"[{name}]", table, ("account", "links", "headers"))
    out = replace(_default(name), account=_BY[name][by])
    if "account" in table:
        out = replace(out, account=_list(f"[{name}] account", table["account"]))
        if not out.account:
            raise InputError(f"[{name}] account is empty", wanted="at least one path")
    if "headers" in table:
        out = replace(out, headers=_list(f"[{name}] headers", table["headers"]))
    links = dict(out.links)
    where = f"[{name}.links]"
    asked = table.get("links", {})
    for kind, paths in _known(where, asked, tuple(asked)).items():
        links[_kind(where, kind)] = _list(f"{where} {kind}", paths)
    return replace(out, links=tuple(links.items()))


def _headers(table: object) -> dict[str, Any]:
    keys = tuple(table) if isinstance(table, Mapping) else ()
    table = _known("[headers]", table, keys)
    kinds = dict(HEADERS)
    out: dict[str, Any] = {}
    for key, value in table.items():
        if key == "others":
            if not isinstance(value, bool):
                raise InputError("[headers] others is no truth value", got=repr(value)[:60])
            out["others"] = value
        elif key == "ignored":
            out["ignored"] = (*IGNORED, *_list("[headers] ignored", value))
        else:
            kinds[_kind("[headers]", key)] = _list(f"[headers] {key}", value)
    return {**out, "kinds": tuple(kinds.items())}
