"""From request headers to links: which header says what, and which says nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from hydrometer.watch.sources.values import text_of

__all__ = ["HEADERS", "IGNORED", "HeaderRules", "clean"]

HEADERS: dict[str, tuple[str, ...]] = {
    "org": (
        "x-org*",
        "openai-organization",
        "openai-project",
        "x-team*",
        "x-tenant*",
        "x-project*",
        "x-workspace*",
    ),
    "payment": ("x-payment*", "x-billing*", "x-card*"),
    "signup": ("x-signup*", "x-sign-up*"),
    "email_domain": ("x-email*", "x-user-email*"),
    "ip": (
        "x-forwarded-for",
        "x-client-ip",
        "x-real-ip",
        "cf-connecting-ip",
        "true-client-ip",
        "fly-client-ip",
        "x-cluster-client-ip",
        "x-ip",
        "remote-addr",
        "client-address",
    ),
    "asn": ("x-asn*", "x-client-asn*", "cf-asn"),
    "tls": ("x-ja4*", "x-ja3*", "x-tls*", "cf-ja4*", "cf-ja3*"),
    "agent": ("user-agent", "x-user-agent"),
    "sdk": ("x-stainless-*", "x-sdk*", "x-goog-api-client"),
}
"""Patterns of header names by kind of link; the first pattern that is recorded wins. Names are
compared in lower case, with ``-`` for ``_``; an ``x-`` in front may be absent on either side."""

IGNORED = (
    # Of one request, not of a client.
    *("*request-id", "*trace-id", "*trace-context", "*span-id", "*call-id", "*correlation-id"),
    *("*message-id", "*session-id", "*conversation-id", "*thread-id", "*invocation-id"),
    *("*event-id", "*transaction-id", "traceparent", "tracestate", "baggage", "b3", "x-b3-*"),
    *("x-amzn-*", "x-datadog-*", "sentry-trace", "cf-ray", "x-cloud-trace-*", "*idempotency*"),
    *("x-stainless-retry-count", "*retry*", "*timestamp", "*-time", "date", "*nonce*"),
    *("x-ratelimit-*", "x-litellm-*", "x-request-start", "age", "expires", "etag", "if-*"),
    # The same for everybody, or of the transport.
    *("host", "accept", "accept-encoding", "connection", "keep-alive", "upgrade*", "te", "via"),
    *("content-*", "transfer-encoding", "cache-control", "pragma", "origin", "referer", "range"),
    *("x-forwarded-*", "forwarded", "sec-*", "priority", "expect"),
    # Secrets.
    *("authorization", "proxy-authorization", "cookie", "set-cookie", "*api-key*", "*token*"),
    *("*secret*", "*password*", "*signature*", "*credential*"),
)
"""Patterns of headers that are never a link, unless `HEADERS` names them."""

_LONGEST = 128
_MOST = 12
_REMEMBERED = 100_000
_UNNAMED = -1
"""Rank of a header that no pattern names."""
_VOLATILE = re.compile(
    r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}"  # a UUID
    r"|[-+]?[0-9]+(\.[0-9]+)?"  # a number
    r"|\d{4}-\d\d-\d\d[T ]\d\d:.*"  # a time
    r"|\[present\]",  # what LiteLLM puts in the place of a header that it does not pass on
    re.IGNORECASE,
)
_PORT = re.compile(r"\[([^\]]+)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+):\d+")


def clean(kind: str, value: str) -> str | None:
    """Return the value of a link as it is compared, or None if it says nothing.

    Of a list of addresses the first, without its port; of an e-mail address the part after
    the ``@``.

    Examples
    --------
    >>> clean("ip", "203.0.113.7:443, 10.0.0.1"), clean("email_domain", "Ann@Example.org")
    ('203.0.113.7', 'example.org')
    """
    value = value.strip()
    if value == "[present]":
        return None
    if kind == "ip":
        value = value.split(",", 1)[0].strip()
        match = _PORT.fullmatch(value)
        if match:
            value = match[1] or match[2]
    elif kind == "email_domain":
        value = value.rsplit("@", 1)[-1].lower()
    return value or None


class HeaderRules:
    """Turns the headers of a request into links.

    Parameters
    ----------
    kinds : mapping of str to sequence of str
        Patterns by kind of link, as `HEADERS`.
    ignored : iterable of str
        Patterns of headers that are no link.
    others : bool
        Whether other short headers become ``other:NAME``.

    Examples
    --------
    >>> HeaderRules()({"X-Forwarded-For": "192.0.2.1", "X-Pool": "eu-3", "X-Request-Id": "7"})
    {'ip': '192.0.2.1', 'other:x-pool': 'eu-3'}
    """

    def __init__(
        self,
        kinds: Mapping[str, Iterable[str]] = HEADERS,
        ignored: Iterable[str] = IGNORED,
        *,
        others: bool = True,
    ) -> None:
        self._kinds = [
            (pattern.lower().removeprefix("x-"), kind, rank)
            for kind, patterns in kinds.items()
            for rank, pattern in enumerate(patterns)
        ]
        self._ignored = [p.lower() for p in ignored]
        self._others = others
        self._names: dict[str, tuple[str, int, str] | None] = {}
        self._known: dict[tuple[str, str], tuple[str, int, str, str] | None] = {}

    def __call__(self, headers: Mapping[str, Any]) -> dict[str, str]:
        """Return the links of the headers by kind, in a fixed order."""
        return self.pairs(
            (k, v if type(v) is str else text_of(v) or "")
            for k, v in headers.items()
            if isinstance(k, str)
        )

    def pairs(self, pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
        """Return the links of pairs of name and value."""
        names, known = self._names, self._known
        rules = []
        for pair in pairs:
            name = pair[0]
            try:
                about = names[name]
            except KeyError:
                _bound(names)
                about = names[name] = self._about(name.lower().replace("_", "-"))
            if about is None:  # before its value is looked at: it differs with every request
                continue
            try:
                rule = known[pair]
            except KeyError:
                _bound(known)
                rule = known[pair] = self._rule(about, pair[1])
            if rule is not None:
                rules.append(rule)
        rules.sort()
        out: dict[str, str] = {}
        sdk: list[str] = []
        others = 0
        for kind, _, name, value in rules:
            if kind == "sdk":
                sdk.append(f"{name}={value}")
            elif kind not in out:
                if kind.startswith("other:"):
                    others += 1
                    if others > _MOST:  # a flood of invented headers stays small
                        continue
                out[kind] = value
        if sdk:
            out["sdk"] = ";".join(sdk)
        return out

    def _about(self, name: str) -> tuple[str, int, str] | None:
        """Return kind, rank and name of a header, or None if it never is a link."""
        if name == "x-stainless-retry-count":  # the one of them that is of the request
            return None
        bare = name.removeprefix("x-")
        for pattern, kind, rank in self._kinds:
            if fnmatchcase(bare, pattern):
                return kind, rank, name
        if not self._others or len(name) > _LONGEST:
            return None
        if any(fnmatchcase(name, p) for p in self._ignored):
            return None
        return f"other:{name}", _UNNAMED, name

    def _rule(self, about: tuple[str, int, str], value: str) -> tuple[str, int, str, str] | None:
        kind, rank, name = about
        if rank == _UNNAMED:
            value = value.strip()
            if not value or len(value) > _LONGEST or _VOLATILE.fullmatch(value):
                return None
            return kind, rank, name, value
        found = clean(kind, value)
        return None if found is None else (kind, rank, name, found)


def _bound(cache: dict[Any, Any]) -> None:
    if len(cache) >= _REMEMBERED:
        cache.clear()
