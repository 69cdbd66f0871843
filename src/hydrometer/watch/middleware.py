"""ASGI middleware: observes OpenAI-compatible requests and asks whether an account may go on.

For vLLM: ``vllm serve MODEL --middleware hydrometer.watch.middleware.WatchMiddleware``, and for
any other ASGI server. Answers are passed on as they come, byte for byte.

Settings, from the environment:

=================================  ==============================================================
``HYDROMETER_WATCH_URL``           the service; ``http://127.0.0.1:8790``
``HYDROMETER_WATCH_INGEST_TOKEN``  its token
``HYDROMETER_WATCH_ACCOUNT``       headers that name the account, the first that is there counts;
                                   ``authorization,x-api-key``; without any of them the address
``HYDROMETER_WATCH_HEADERS``       further headers that link accounts, with commas
``HYDROMETER_WATCH_TIMEOUT_MS``    how long a decision may take; ``20``
``HYDROMETER_WATCH_TEXT``          ``0`` sends no prompts
=================================  ==============================================================
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from hashlib import sha256
from typing import Any

import msgspec

from hydrometer.watch.service.client import Client
from hydrometer.watch.service.outbox import Outbox
from hydrometer.watch.service.sight import PATHS, Sight

__all__ = ["WatchMiddleware", "account_of"]

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

TRIES = 3
"""Failures in a row after which the service is left alone for a while."""
REST = 1.0
"""Seconds that it is left alone: a service that hangs costs few requests their 20 ms."""


def account_of(value: str) -> str:
    """Return the account of a secret: its SHA-256, as LiteLLM has it too; the secret stays here.

    Examples
    --------
    >>> account_of("Bearer sk-1") == account_of("sk-1"), account_of("sk-1")[:8]
    (True, '0f2c10bf')
    """
    scheme, _, rest = value.strip().partition(" ")
    secret = rest.strip() if scheme.lower() == "bearer" and rest else value.strip()
    return sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


class WatchMiddleware:
    """Wraps an ASGI application.

    Parameters
    ----------
    app : callable
        The application.
    environment : mapping, optional
        Settings; the process's own by default.
    clock : callable, optional
        Nanoseconds since 1970 UTC.

    Attributes
    ----------
    counts : Counter
        ``asked``, ``refused``, ``open`` (let pass because no decision came in time), ``seen``.

    Raises
    ------
    InputError
        If the URL is none.
    """

    def __init__(
        self,
        app: App,
        *,
        environment: Mapping[str, str] | None = None,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        env = os.environ if environment is None else environment
        self.app, self._clock = app, clock
        url = env.get("HYDROMETER_WATCH_URL", "http://127.0.0.1:8790")
        self._client = Client(url, env.get("HYDROMETER_WATCH_INGEST_TOKEN", ""))
        names = env.get("HYDROMETER_WATCH_ACCOUNT", "authorization,x-api-key")
        self._names = [n.strip().lower() for n in names.split(",") if n.strip()]
        more = env.get("HYDROMETER_WATCH_HEADERS", "")
        self._more = frozenset(n.strip().lower() for n in more.split(",") if n.strip())
        self._timeout = float(env.get("HYDROMETER_WATCH_TIMEOUT_MS", "20")) / 1000
        self._text = env.get("HYDROMETER_WATCH_TEXT", "1") != "0"
        self.outbox = Outbox(self._client)
        self.counts: Counter[str] = Counter()
        self._failed = 0
        self._rested = 0.0

    async def __call__(
        self, scope: MutableMapping[str, Any], receive: Receive, send: Send
    ) -> None:
        """Serve one connection."""
        if scope["type"] == "lifespan":
            await self.app(scope, self._closing(receive), send)
            return
        watched = scope["type"] == "http" and scope["method"] == "POST"
        if not watched or not scope["path"].endswith(PATHS):
            await self.app(scope, receive, send)
            return
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        account = self._account(headers, scope.get("client"))
        sight = Sight(
            account, headers, scope.get("client"), self._clock() // 1000,
            more=self._more, text=self._text,
        )  # fmt: skip
        decision = await self._decide(account)
        if decision.get("status", 200) in (403, 429):
            self.counts["refused"] += 1
            await _refuse(decision, send)
            sight.status = decision["status"]
        else:
            try:
                await self.app(scope, sight.receiving(receive), sight.sending(send))
            finally:
                self.outbox.put(sight)
                self.counts["seen"] += 1
            return
        self.outbox.put(sight)

    def _account(self, headers: Mapping[str, str], client: Any) -> str:
        for name in self._names:
            if headers.get(name):
                return account_of(headers[name])
        return account_of(f"address {client[0] if client else ''}")

    async def _decide(self, account: str) -> dict[str, Any]:
        """Return the decision, or an empty one when it does not come in time."""
        if self._failed >= TRIES and time.monotonic() < self._rested:
            self.counts["open"] += 1
            return {}
        self.counts["asked"] += 1
        body = msgspec.json.encode({"account": account})
        try:
            async with asyncio.timeout(self._timeout):
                status, answer = await self._client.post("/v1/decide", body)
            decision: dict[str, Any] = msgspec.json.decode(answer) if status == 200 else {}
        except (OSError, msgspec.MsgspecError):  # a time-out is an OSError
            status, decision = 0, {}
        if status == 200:
            self._failed = 0
        else:
            self._failed += 1
            self._rested = time.monotonic() + REST
            self.counts["open"] += 1
        return decision

    async def close(self) -> None:
        """Send what waits, for two seconds at most, and close the connections."""
        await self.outbox.close(2.0)
        await self._client.close()

    def _closing(self, receive: Receive) -> Receive:
        async def closing() -> Message:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                await self.close()
            return message

        return closing


async def _refuse(decision: Mapping[str, Any], send: Send) -> None:
    """Answer as OpenAI's API refuses, with the policy's own words."""
    slow = decision["status"] == 429
    error = {
        "message": decision.get("reason") or "Requests of this account are held back.",
        "type": "rate_limit_error" if slow else "permission_error",
        "param": None,
        "code": "rate_limit_exceeded" if slow else "account_held_back",
    }
    body = msgspec.json.encode({"error": error})
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    for name, value in decision.get("headers", {}).items():
        headers.append((name.encode("latin-1"), str(value).encode("latin-1")))
    await send({"type": "http.response.start", "status": decision["status"], "headers": headers})
    await send({"type": "http.response.body", "body": body})
