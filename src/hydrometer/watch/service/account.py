"""Which account a request for a decision is about: by the same mapping as its events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from hydrometer.errors import InputError
from hydrometer.watch.middleware import account_of
from hydrometer.watch.sources.attribution import Attribution
from hydrometer.watch.sources.values import find, text_of

__all__ = ["Asked", "litellm_account", "plain_account"]


class Asked(NamedTuple):
    """Whom a guardrail request is about, and whether it shows an answer instead of a request."""

    account: str | None
    answer: bool


class _Guardrail(msgspec.Struct):
    """The parts of LiteLLM's guardrail request that name the account; texts are left unread."""

    request_data: dict[str, Any] = {}
    request_headers: dict[str, Any] | None = None
    input_type: str = "request"


class _Plain(msgspec.Struct):
    account: str | int | None = None
    headers: dict[str, Any] = {}


_GUARDRAIL = msgspec.json.Decoder(_Guardrail)
_PLAIN = msgspec.json.Decoder(_Plain)


def litellm_account(body: bytes, attribution: Attribution) -> Asked:
    """Return the raw account of a guardrail request, None if it names none.

    The request names the same fields as the payload of the callback, at other places; they are
    put where the mapping looks for them.

    Raises
    ------
    InputError
        If the body is no such request.

    Examples
    --------
    >>> litellm_account(b'{"request_data": {"user_api_key_hash": "h"}}', Attribution()).account
    'h'
    """
    try:
        asked = _GUARDRAIL.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as err:
        raise InputError(
            "not a guardrail request", got=str(err)[:120], wanted="LiteLLM's request_data"
        ) from err
    data, headers = asked.request_data, asked.request_headers or {}
    payload = {
        "metadata": {**data, "requester_custom_headers": headers, "headers": headers},
        "api_key": data.get("user_api_key_hash"),
        "user": data.get("user_api_key_user_id"),
        "end_user": data.get("user_api_key_end_user_id"),
        "team_id": data.get("user_api_key_team_id"),
        "organization_id": data.get("user_api_key_org_id"),
    }
    return Asked(_first(payload, attribution.litellm.account), asked.input_type == "response")


def plain_account(body: bytes, attribution: Attribution) -> str | None:
    """Return the raw account of a plain request: named, or from the headers of a request.

    Raises
    ------
    InputError
        If the body is no such request.

    Examples
    --------
    >>> plain_account(b'{"account": "alice"}', Attribution())
    'alice'
    """
    try:
        asked = _PLAIN.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as err:
        raise InputError(
            "not a request for a decision",
            got=str(err)[:120],
            wanted='{"account": "..."} or {"headers": {...}}',
        ) from err
    headers = {k.lower(): v for k, v in asked.headers.items()}
    account = asked.account
    if account is None and isinstance(headers.get("authorization"), str):
        account = account_of(headers["authorization"])
    row = {"account": account, "headers": headers}
    return _first(row, attribution.exchange.account)


def _first(row: Mapping[str, Any], paths: tuple[str, ...]) -> str | None:
    for path in paths:
        found = text_of(find(row, path))
        if found:
            return found
    return None
