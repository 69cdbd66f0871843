"""Any OpenAI-compatible endpoint, asked over HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import numpy as np

from hydrometer.errors import InputError, ModelError
from hydrometer.exchange import Exchange
from hydrometer.models.model import Query
from hydrometer.models.rate import Limiter, backoff, wait_asked
from hydrometer.models.wire import (
    Answered,
    Dialect,
    chat_body,
    read_answer,
    read_sse,
    server_says,
)

if TYPE_CHECKING:
    import httpx

__all__ = ["RETRIED", "OpenAIModel", "Transport", "decode"]

RETRIED = (408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529)
"""Statuses of failures that may pass."""


@dataclass(frozen=True)
class Transport:
    """How hard and how patiently to ask.

    Parameters
    ----------
    concurrency : int
        Requests under way at once.
    rpm : float or None
        Requests a minute.
    retries : int
        Further attempts after a failure that may pass.
    timeout : float
        Seconds for one request, from the first byte sent to the last received.
    base : float
        Seconds: the range of the first back-off.
    max_wait : float
        Longest wait, in seconds, that a server may ask for before the run stops.
    """

    concurrency: int = 4
    rpm: float | None = None
    retries: int = 6
    timeout: float = 120.0
    base: float = 0.5
    max_wait: float = 120.0

    def __post_init__(self) -> None:
        if self.concurrency < 1:
            raise InputError("nothing can be asked", got=f"--concurrency {self.concurrency}")
        if self.retries < 0 or not self.timeout > 0:
            raise InputError(
                "nothing can be asked", got=f"retries {self.retries}, timeout {self.timeout}"
            )


class OpenAIModel:
    """A model behind ``/chat/completions``.

    Parameters
    ----------
    name : str
        Name of the model as the endpoint knows it.
    base_url : str
        Address up to and with ``/v1``.
    clock : callable
        Returns the present, timezone-aware.
    rng : numpy.random.Generator
        Jitter of the back-off.
    api_key : str or None
        Sent as a bearer token; never recorded, and cut out of what the
        server says.
    dialect : Dialect, optional
        What the endpoint understands.
    transport : Transport, optional
        How hard and how patiently to ask.

    Raises
    ------
    InputError
        If the address is not one.
    """

    path = "chat/completions"

    def __init__(
        self,
        name: str,
        base_url: str,
        *,
        clock: Callable[[], datetime],
        rng: np.random.Generator,
        api_key: str | None = None,
        dialect: Dialect | None = None,
        transport: Transport | None = None,
    ) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InputError(
                "not the address of an endpoint", got=base_url[:80], wanted="http://host/v1"
            )
        if parts.username or parts.password:
            raise InputError(
                "an address must not hold a password: it would be recorded",
                next_step="put the key into an environment variable and name it",
            )
        self.name = name
        self.endpoint = urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))
        self.dialect = dialect or Dialect()
        self.prefill = self.dialect.prefill != "none"
        self.transport = transport or Transport()
        self._clock, self._rng, self._key = clock, rng, api_key or None
        self._answered = False

    def answer(self, queries: Sequence[Query]) -> list[Exchange]:
        """Return one exchange for each query, in order.

        Raises
        ------
        ModelError
            If the endpoint cannot be reached, or refuses the key or the model.
        InputError
            If a prompt ends with the assistant's text and the endpoint
            cannot continue it.
        """
        found: dict[int, Exchange] = {}
        self.stream(queries, admit=lambda _: True, done=found.__setitem__)
        return [found[i] for i in range(len(queries))]

    def stream(
        self,
        queries: Sequence[Query],
        *,
        admit: Callable[[int], bool],
        done: Callable[[int, Exchange], None],
    ) -> None:
        """Ask several at once; see `hydrometer.models.model.StreamingModel`.

        Raises
        ------
        ModelError
            If the endpoint cannot be reached, or refuses the key or the model.
        InputError
            If a prompt cannot be put to this endpoint.
        """
        for q in queries:
            self._body(q)  # a prompt that cannot be asked is told before anything is
        asyncio.run(self._ask_all(queries, admit, done))

    async def _ask_all(
        self,
        queries: Sequence[Query],
        admit: Callable[[int], bool],
        done: Callable[[int, Exchange], None],
    ) -> None:
        limiter = Limiter(self.transport.rpm)
        running: set[asyncio.Task[None]] = set()

        async with self._client() as client:

            async def one(i: int) -> None:
                done(i, await self._ask(client, limiter, queries[i]))

            async def settle(*, everything: bool) -> None:
                nonlocal running
                when = asyncio.ALL_COMPLETED if everything else asyncio.FIRST_COMPLETED
                finished, running = await asyncio.wait(running, return_when=when)
                # Several may fail at once: each exception is taken, the first is told.
                failures = [f for f in (task.exception() for task in finished) if f is not None]
                if failures:
                    raise failures[0]

            try:
                for i in range(len(queries)):
                    while not admit(i):
                        if not running:
                            return
                        await settle(everything=False)
                    if len(running) >= self.transport.concurrency:
                        await settle(everything=False)
                    running.add(asyncio.create_task(one(i)))
                while running:
                    await settle(everything=False)
            finally:
                for task in running:
                    task.cancel()
                await asyncio.gather(*running, return_exceptions=True)
                await asyncio.gather(*running, return_exceptions=True)

    def _client(self) -> httpx.AsyncClient:
        import httpx

        headers = {"accept": "application/json, text/event-stream"}
        if self._key:
            headers["authorization"] = f"Bearer {self._key}"
        n = self.transport.concurrency
        return httpx.AsyncClient(
            headers=headers,
            timeout=httpx.Timeout(self.transport.timeout, connect=10.0),
            limits=httpx.Limits(max_connections=n, max_keepalive_connections=n),
            follow_redirects=False,
        )

    def _body(self, query: Query) -> dict[str, Any]:
        return chat_body(self.name, query, self.dialect)

    async def _ask(self, client: httpx.AsyncClient, limiter: Limiter, query: Query) -> Exchange:
        """Ask one query until it is answered or the attempts are used up."""
        answered = Answered("error", error="never asked")
        prefix = query.prompt[-1].content if query.prompt[-1].role == "assistant" else ""
        attempt = 0
        while attempt <= self.transport.retries:
            await limiter.acquire()
            try:
                code, headers, text = await self._post(client, self._body(query))
            except TimeoutError:
                answered = Answered("error", error="timed out")
                headers = {}
            except ConnectionError as err:
                if not self._answered or attempt == self.transport.retries:
                    raise ModelError(
                        f"cannot reach {self.endpoint}",
                        got=str(err)[:160] or "no connection",
                        next_step="check the address and that the server runs; then run the "
                        "same command again: what is recorded is not asked twice",
                    ) from err
                answered = Answered("error", error=f"connection lost: {err}"[:200])
                headers = {}
            else:
                if code == 200:
                    answered = read_answer(decode(text, headers), headers, prefix)
                    if answered.status != "error" or "no text" in (answered.error or ""):
                        self._answered = True
                        wait = wait_asked(headers, now=self._clock())
                        if wait and attempt < self.transport.retries:
                            limiter.pause(min(wait, self.transport.max_wait))
                        break
                else:
                    said = self._scrub(server_says(decode(text, headers) or text))
                    if code == 400 and self.dialect.learn(said):
                        continue
                    answered = self._refused(code, said)
                    if code not in RETRIED:
                        break
            wait = wait_asked(headers, now=self._clock())
            if wait is not None and wait > self.transport.max_wait:
                raise ModelError(
                    f"{self.endpoint} asks to wait",
                    got=f"{wait:.0f} s",
                    wanted=f"at most {self.transport.max_wait:.0f} s",
                    next_step="run the same command again later: what is recorded is not "
                    "asked twice",
                )
            attempt += 1
            if attempt <= self.transport.retries:
                pause = backoff(attempt - 1, rng=self._rng, base=self.transport.base)
                if wait is not None and answered.status == "throttled":
                    limiter.pause(wait)  # the quota is everybody's
                await asyncio.sleep(pause if wait is None else wait + pause)
        return self._exchange(query, answered)

    async def _post(
        self, client: httpx.AsyncClient, body: dict[str, Any]
    ) -> tuple[int, dict[str, str], str]:
        import httpx

        content = json.dumps(body, ensure_ascii=True).encode("ascii")
        try:
            async with asyncio.timeout(self.transport.timeout):
                got = await client.post(
                    f"{self.endpoint}/{self.path}",
                    content=content,
                    headers={"content-type": "application/json"},
                )
        except (httpx.TimeoutException, TimeoutError) as err:
            if isinstance(err, httpx.ConnectTimeout):
                raise ConnectionError("no connection within 10 s") from err
            raise TimeoutError from err
        except httpx.ConnectError as err:
            raise ConnectionError(str(err)) from err
        except httpx.HTTPError as err:  # broke off, or not HTTP
            return 502, {}, f"{type(err).__name__}: {err}"
        raw = got.content
        return got.status_code, {k.lower(): v for k, v in got.headers.items()}, _text(raw)

    def _refused(self, code: int, said: str) -> Answered:
        """Return what a status other than 200 means for the query, or stop the run.

        Raises
        ------
        ModelError
            If no query can be answered.
        """
        stops = {
            401: ("refuses the key", "set the key's environment variable (--api-key-env)"),
            402: ("wants to be paid", "check the account, then run the same command again"),
            403: ("refuses access", "check that the key may use this model"),
            404: (
                "knows no such model or path",
                "check the model's name; does the URL end in /v1?",
            ),
        }
        if code == 429 and "insufficient_quota" in said:
            code = 402
        if code in stops:
            what, step = stops[code]
            raise ModelError(
                f"{self.endpoint} {what} (model {self.name!r}, HTTP {code})",
                got=said,
                next_step=step,
            )
        if "content_filter" in said or "content management policy" in said:
            return Answered("filtered", error=f"HTTP {code}: {said}")
        status = "throttled" if code in (429, 529) else "error"
        return Answered(status, error=f"HTTP {code}: {said}")

    def _scrub(self, text: str) -> str:
        return text.replace(self._key, "[key]") if self._key else text

    def _exchange(self, query: Query, got: Answered) -> Exchange:
        return Exchange(
            prompt=query.prompt,
            response=got.response,
            model=self.name,
            model_answered=got.model_answered,
            status=got.status,
            error=got.error,
            time=self._clock(),
            sampling=query.sampling,
            draw=query.draw,
            tokens_in=got.tokens_in,
            tokens_out=got.tokens_out,
            logprobs=got.logprobs,
            headers={**got.headers, "endpoint": self.endpoint},
            source=f"request:{got.request}" if got.request else None,
        )


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def decode(text: str, headers: Mapping[str, str]) -> object:
    """Return the decoded body, of one object or of a stream; None for garbage.

    Parameters
    ----------
    text : str
        The body.
    headers : mapping of str to str
        Names in lower case.

    Returns
    -------
    object
        What the JSON says.
    """
    if "event-stream" in headers.get("content-type", "") or text.startswith("data:"):
        return read_sse(text)
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
