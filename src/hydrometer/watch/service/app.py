"""The front: checks, hands over, answers. Nothing here decodes an event or touches the log."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from hydrometer.errors import InputError
from hydrometer.watch.act.decide import NOTHING, litellm_answer, plain_answer
from hydrometer.watch.act.throttle import Throttle
from hydrometer.watch.key import Key
from hydrometer.watch.service import otlp
from hydrometer.watch.service.account import litellm_account, plain_account
from hydrometer.watch.service.link import Answer, Link
from hydrometer.watch.service.problem import problem, problem_of
from hydrometer.watch.service.tokens import Tokens
from hydrometer.watch.sources.attribution import Attribution

__all__ = ["make_app"]

JSON = "application/json"
PROTOBUF = "application/x-protobuf"
_LINES = ("application/x-ndjson", "application/ndjson", "application/jsonl", "text/plain")
_TYPES = {
    "litellm": ("", JSON, *_LINES),
    "jsonl": ("", JSON, *_LINES),
    "otlp-traces": (JSON, PROTOBUF),
    "otlp-logs": (JSON, PROTOBUF),
}
_ENCODINGS = ("", "identity", "gzip", "deflate")
_RETRY = {429: "2", 503: "2"}

Handler = Callable[[Request], Awaitable[Response]]


class _RefusedError(Exception):
    """A request that is answered before its body is handed over."""

    def __init__(self, status: int, told: dict[str, Any]) -> None:
        self.answer = Answer(status, told)


class Front:
    """The handlers of the service.

    Parameters
    ----------
    link : Link
        To the engine.
    key : Key
        Turns the raw account of a request into its pseudonym.
    attribution : Attribution
    tokens : Tokens
    """

    def __init__(self, link: Link, key: Key, attribution: Attribution, tokens: Tokens) -> None:
        self._link, self._key, self._attribution = link, key, attribution
        self._tokens = tokens
        self._throttle = Throttle()
        self._asking = 0
        self.counts: Counter[str] = Counter()

    def ingest(self, format: str) -> Handler:
        """Return the handler that stores bodies of a format."""
        name, _, signal = format.partition("-")

        async def handle(request: Request) -> Response:
            kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            binary = kind == PROTOBUF
            try:
                answer = await self._take(request, format, kind)
            except _RefusedError as err:
                answer = err.answer
            self.counts["bodies"] += 1
            if answer.status != 200:
                self.counts[f"answered_{answer.status}"] += 1
            if name != "otlp":
                return _json(answer.status, answer.told)
            answer = _unread(answer)
            if answer.status == 200:
                rejected = int(answer.told["rejected"])
                why = "; ".join(answer.told.get("reasons", ()))
                body = otlp.success(signal, rejected, why, binary=binary)
            else:
                body = otlp.failure(answer.status, answer.told, binary=binary)
            return _raw(answer.status, body, PROTOBUF if binary else JSON)

        return handle

    async def _take(self, request: Request, format: str, kind: str) -> Answer:
        self._open(request)
        encoding = request.headers.get("content-encoding", "").strip().lower()
        if kind not in _TYPES[format]:
            wanted = ", ".join(t for t in _TYPES[format] if t)
            raise _RefusedError(415, problem("unknown content type", got=kind, wanted=wanted))
        if encoding not in _ENCODINGS:
            told = problem("unknown content encoding", got=encoding[:40], wanted="gzip, deflate")
            raise _RefusedError(415, told)
        dropped = request.headers.get("x-hydrometer-dropped", "")
        if dropped.isdecimal() and len(dropped) < 10:
            self.counts["dropped"] += int(dropped)
        # LiteLLM sends again after a 5xx alone; the others after a 429 too.
        busy = 503 if format == "litellm" else 429
        body = await self._body(request, busy, self._link.reserve, self._link.release)
        source = f"{request.url.path} from {request.client.host if request.client else '?'}"
        header = {"format": format, "source": source, "type": kind or JSON, "encoding": encoding}
        return await self._link.deliver(header, body)

    def _open(self, request: Request) -> None:
        if not self._tokens.ingest(request.headers.get("authorization")) and not (
            # LiteLLM's guardrail sends its api_key so.
            self._tokens.ingest(f"Bearer {request.headers.get('x-api-key', '')}")
        ):
            told = problem("no valid token", wanted="authorization: Bearer TOKEN")
            raise _RefusedError(401, told)

    def _reserve(self, size: int) -> bool:
        """Take bytes of the bound on bodies that ask for decisions: events have their own."""
        if self._asking + size > self._link.setup.inflight:
            return False
        self._asking += size
        return True

    def _release(self, size: int) -> None:
        self._asking -= size

    async def _body(
        self,
        request: Request,
        busy: int,
        reserve: Callable[[int], bool],
        release: Callable[[int], None],
    ) -> bytes:
        """Read a body within its limit and within the bound; its bytes stay reserved."""
        largest = self._link.setup.largest
        length = request.headers.get("content-length", "")
        if length.isdecimal() and int(length) > largest:
            raise _too_large(length, largest)
        parts: list[bytes] = []
        size = 0
        try:
            async for part in request.stream():
                if size + len(part) > largest:
                    raise _too_large(f"more than {size}", largest)
                if not reserve(len(part)):
                    self.counts["flooded"] += 1
                    told = problem(
                        "too many bytes wait here already",
                        wanted=f"at most {self._link.setup.inflight}",
                        next="send the same body again a little later",
                    )
                    raise _RefusedError(busy, told)
                size += len(part)
                parts.append(part)
        except (_RefusedError, ClientDisconnect) as err:
            release(size)
            if isinstance(err, ClientDisconnect):
                raise _RefusedError(400, problem("the client went away")) from err
            raise
        if not size:
            raise _RefusedError(400, problem("the body is empty", wanted="events"))
        return b"".join(parts)

    async def decide(self, request: Request) -> Response:
        """Answer the plain contract."""
        return await self._answer(
            request, lambda body: plain_answer(*self._look(plain_account(body, self._attribution)))
        )

    async def guardrail(self, request: Request) -> Response:
        """Answer LiteLLM's guardrail contract."""

        def answer(body: bytes) -> dict[str, Any]:
            asked = litellm_account(body, self._attribution)
            if asked.answer:  # an answer is never held back or altered here
                return litellm_answer(NOTHING)
            return litellm_answer(*self._look(asked.account))

        return await self._answer(request, answer)

    async def _answer(
        self, request: Request, answer: Callable[[bytes], dict[str, Any]]
    ) -> Response:
        try:
            self._open(request)
            body = await self._body(request, 503, self._reserve, self._release)
        except _RefusedError as err:
            return _json(*err.answer)
        try:
            return _json(200, answer(body))
        except InputError as err:
            return _json(400, problem_of(err))
        finally:
            self._release(len(body))

    def _look(self, raw: str | None) -> tuple[Any, float]:
        self.counts["decisions"] += 1
        if raw is None:
            self.counts["unattributed"] += 1
            return NOTHING, 0.0
        account, now = self._key.account(raw), self._link.clock()
        decision = self._link.decisions.look(account, now)
        wait = 0.0
        if decision.action == "throttle":
            wait = self._throttle.take(account, decision.rpm, now)
        if decision is not NOTHING:
            self.counts[f"decided_{decision.action}"] += 1
        return decision, wait

    async def health(self, request: Request) -> Response:
        """Say how the service is; it answers as long as decisions are made."""
        link = self._link
        told = {
            "status": "ok" if link.state == "up" else "degraded",
            "engine": link.state,
            "engine_pid": link.pid,
            "engine_starts": link.starts,
            "lag_seconds": round(link.lag, 3),
            "waiting_bytes": link.waiting,
            "log_rows": link.rows,
            "decisions_in_force": len(link.decisions),
            "scan": link.scan,
            "counts": {
                **_ZEROS,
                **link.totals(),
                **self.counts,
                "scans": link.scan.get("scans", 0),
            },
        }
        return _json(200, told)

    async def clusters(self, request: Request) -> Response:
        """Return the clusters of the last scan, to the administrator alone."""
        if not self._tokens.admin(request.headers.get("authorization")):
            told = problem("no valid token", wanted="authorization: Bearer ADMIN-TOKEN")
            return _json(401, told)
        try:
            body = await run_in_threadpool(self._link.setup.clusters.read_bytes)
        except FileNotFoundError:
            return _json(404, problem("no scan was made yet", next="ask again after the first"))
        return _raw(200, body, JSON)


_ZEROS = dict.fromkeys(
    (
        *("received", "stored", "replays", "rejected", "skipped", "skewed", "unreadable"),
        *("unstored", "dropped", "decisions", "bodies"),
    ),
    0,
)


def make_app(link: Link, key: Key, attribution: Attribution, tokens: Tokens) -> Starlette:
    """Return the ASGI application of the service.

    Parameters
    ----------
    link : Link
        Started and stopped with the application.
    key : Key
    attribution : Attribution
    tokens : Tokens
    """
    front = Front(link, key, attribution, tokens)

    @asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        link.start()
        yield
        await link.stop()

    async def unknown(request: Request, err: Exception) -> Response:
        known = ", ".join(r.path for r in routes)
        return _json(404, problem("no such address", got=request.url.path[:80], wanted=known))

    async def wrong(request: Request, err: Exception) -> Response:
        return _json(405, problem("the method is another one", got=request.method))

    routes = [
        Route("/beta/litellm_basic_guardrail_api", front.guardrail, methods=["POST"]),
        Route("/v1/decide", front.decide, methods=["POST"]),
        Route("/v1/ingest/litellm", front.ingest("litellm"), methods=["POST"]),
        Route("/v1/ingest/jsonl", front.ingest("jsonl"), methods=["POST"]),
        Route("/v1/traces", front.ingest("otlp-traces"), methods=["POST"]),
        Route("/v1/logs", front.ingest("otlp-logs"), methods=["POST"]),
        Route("/v1/clusters", front.clusters, methods=["GET"]),
        Route("/healthz", front.health, methods=["GET"]),
    ]
    return Starlette(routes=routes, lifespan=life, exception_handlers={404: unknown, 405: wrong})


def _unread(answer: Answer) -> Answer:
    """Return a 400 where nothing of a request could be read: to send it again is vain."""
    told = answer.told
    if answer.status != 200 or told["accepted"] or told["skipped"] or told["rejected"] != 1:
        return answer
    why = str(told["reasons"][0])
    if not why.startswith(("not JSON", "not OTLP", "the document")):
        return answer
    return Answer(400, problem(why.split("; ")[0], wanted="an OTLP request"))


def _too_large(got: str, largest: int) -> _RefusedError:
    told = problem(
        "the body is too large",
        got=f"{got} bytes",
        wanted=f"at most {largest}",
        next="send smaller batches",
    )
    return _RefusedError(413, told)


def _json(status: int, told: dict[str, Any]) -> Response:
    return _raw(status, msgspec.json.encode(told), JSON)


def _raw(status: int, body: bytes, kind: str) -> Response:
    headers = {"retry-after": _RETRY[status]} if status in _RETRY else {}
    return Response(body, status, headers, kind)
