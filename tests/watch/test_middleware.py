"""The middleware around a small OpenAI-compatible application, against the real service."""

import asyncio
import contextlib
import importlib.util
import json
import socket
import statistics
import sys
import time
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware

from hydrometer.watch.act.entry import Entry
from hydrometer.watch.act.ledger import Ledger
from hydrometer.watch.event import EVENTS, FLAGS
from hydrometer.watch.key import Key
from hydrometer.watch.middleware import WatchMiddleware, account_of
from hydrometer.watch.service import outbox

_name = "hydrometer_service_fixtures"
if _name not in sys.modules:
    _spec = importlib.util.spec_from_file_location(
        _name, Path(__file__).parent / "service" / "conftest.py"
    )
    sys.modules[_name] = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(sys.modules[_name])
serve = sys.modules[_name].serve
KEY = Key(bytes.fromhex("ab" * 32))
USAGE = {"prompt_tokens": 9, "completion_tokens": 3}
WHOLE = {"choices": [{"finish_reason": "length"}], "usage": USAGE}
STREAM = [
    b'data: {"choices": [{"delta": {"content": "It "}}]}\n\n',
    b'data: {"choices": [{"delta": {"content": "flows"}, "finish_reason": "stop"}]}\n\n',
    b'data: {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 3}}\n\n',
    b"data: [DONE]\n\n",
]


async def application(scope, receive, send):
    """Answer as an inference server does; a path of its own fails."""
    if scope["type"] == "lifespan":
        for kind in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{kind}.complete"})
        return
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message["body"], message.get("more_body", False)
    asked = json.loads(body)
    kind = b"text/event-stream" if asked.get("stream") else b"application/json"
    head = {"status": 200, "headers": [(b"content-type", kind)]}
    await send({"type": "http.response.start", **head})
    parts = STREAM if asked.get("stream") else [json.dumps(WHOLE).encode()]
    for n, part in enumerate(parts):
        last = n == len(parts) - 1
        await send({"type": "http.response.body", "body": part, "more_body": not last})


async def ask(app, body, *, headers=(), path="/v1/chat/completions", parts=1):
    """Send one request; return status, headers and the parts of the answer."""
    data = json.dumps(body).encode()
    step = -(-len(data) // parts)
    chunks = [data[i : i + step] for i in range(0, len(data), step)]
    given, out = iter(chunks), []

    async def receive():
        chunk = next(given)
        more = chunk is not chunks[-1]
        return {"type": "http.request", "body": chunk, "more_body": more}

    async def send(message):
        out.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "client": ("192.0.2.7", 4711),
        "headers": [(k.encode(), v.encode()) for k, v in dict(headers).items()],
    }
    await app(scope, receive, send)
    names = {k.decode(): v.decode() for k, v in out[0]["headers"]}
    return out[0]["status"], names, [m["body"] for m in out[1:]]


def play(watch, steps):
    """Run the steps of a test, and close the middleware in the same loop."""

    async def run():
        try:
            return await steps()
        finally:
            await watch.close()

    return asyncio.run(run())


def settings(url, **more):
    return {"HYDROMETER_WATCH_URL": url, **more}


BODY = {"model": "m", "messages": [{"role": "user", "content": "Where does it flow?"}]}
ANN = {"authorization": "Bearer sk-ann", "user-agent": "python/1", "cookie": "secret=1"}


def rows_of(service):
    from hydrometer.store.log import EventLog

    log = EventLog(service.state / "events.duckdb", EVENTS)
    try:
        return [r for _, b in log.tail() for r in b.to_pylist()]
    finally:
        log.close()


def test_requests_are_seen_and_answers_pass_as_they_come(serve):
    service = serve()
    watch = WatchMiddleware(application, environment=settings(service.url))

    async def run():
        status, _, parts = await ask(watch, {**BODY, "max_tokens": 5, "n": 2}, headers=ANN)
        assert (status, parts) == (200, [json.dumps(WHOLE).encode()])
        _, _, parts = await ask(watch, {**BODY, "stream": True}, headers=ANN, parts=7)
        assert parts == STREAM
        await ask(watch, {**BODY, "tools": [{}]}, headers={"x-api-key": "sk-bob"})
        await ask(watch, BODY)
        await ask(watch, BODY, path="/v1/other")
        await watch.outbox.flush()

    play(watch, run)
    assert (watch.outbox.sent, watch.outbox.dropped) == (4, 0)
    service.until(lambda h: h["counts"]["stored"] == 4)
    service.stop()
    rows = rows_of(service)
    by = [KEY.account(account_of(s)) for s in ("sk-ann", "sk-ann", "sk-bob", "address 192.0.2.7")]
    assert sorted(r["account"] for r in rows) == sorted(by)
    assert all((r["tokens_in"], r["tokens_out"]) == (9, 3) for r in rows)
    assert all(r["words"] > 0 and r["turns"] == 1 for r in rows)
    whole = next(r for r in rows if r["max_tokens"] == 5)
    assert whole["flags"] & FLAGS["truncated"]
    assert whole["flags"] & FLAGS["choices"]
    assert sum(bool(r["flags"] & FLAGS["stream"]) for r in rows) == 1
    assert sum(bool(r["flags"] & FLAGS["tools"]) for r in rows) == 1


def test_each_part_reaches_the_client_before_the_next_is_made():
    seen = []

    async def slow(scope, receive, send):
        head = {"status": 200, "headers": [(b"content-type", b"text/event-stream")]}
        await send({"type": "http.response.start", **head})
        for n in range(3):
            await send({"type": "http.response.body", "body": b"%d" % n, "more_body": n < 2})
            assert seen[-1]["body"] == b"%d" % n, "a part was held back"

    async def send(message):
        seen.append(message)

    watch = WatchMiddleware(slow, environment=settings("http://127.0.0.1:9"))

    async def run():
        scope = {"type": "http", "method": "POST", "path": "/v1/completions", "headers": []}
        await watch(scope, None, send)

    play(watch, run)
    assert [m.get("body") for m in seen] == [None, b"0", b"1", b"2"]


def test_no_secret_and_no_text_of_the_answer_leaves():
    watch = WatchMiddleware(application, environment=settings("http://127.0.0.1:9"))

    async def run():
        await ask(watch, BODY, headers=ANN)
        (sight,) = watch.outbox._waiting
        return json.dumps(sight.record())

    told = play(watch, run)
    assert "sk-ann" not in told
    assert "secret=1" not in told
    assert "Where does it flow?" in told
    assert json.loads(told)["headers"] == {"user-agent": "python/1", "x-client-ip": "192.0.2.7"}

    quiet = WatchMiddleware(
        application,
        environment=settings("http://127.0.0.1:9", HYDROMETER_WATCH_TEXT="0"),
    )

    async def again():
        await ask(quiet, BODY, headers=ANN)
        return json.dumps(quiet.outbox._waiting[0].record())

    assert "flow" not in play(quiet, again)


def hold(state, secret, action, rpm=0):
    now = time.time_ns() // 1000
    account = KEY.account(account_of(secret))
    act = Entry(
        "act", now, action=action, account=account, cluster="c-1", level="alarm",
        until=now + 3_600_000_000, rpm=rpm,
    )  # fmt: skip
    Ledger(state / "actions.jsonl", now=now).append([act])


def test_a_blocked_account_reads_why_in_the_words_of_the_api(serve, tmp_path):
    state = tmp_path / "held"
    state.mkdir()
    hold(state, "sk-bob", "block")
    hold(state, "sk-eve", "throttle", rpm=1)
    service = serve(state=state)
    service.until(lambda h: h["decisions_in_force"] == 2)
    watch = WatchMiddleware(
        application, environment=settings(service.url, HYDROMETER_WATCH_TIMEOUT_MS="2000")
    )

    async def run():
        status, _, parts = await ask(watch, BODY, headers={"authorization": "Bearer sk-bob"})
        error = json.loads(parts[0])["error"]
        assert (status, error["code"], error["type"]) == (
            403, "account_held_back", "permission_error",
        )  # fmt: skip
        assert "held back after an automatic check" in error["message"]
        eve = {"authorization": "Bearer sk-eve"}
        assert (await ask(watch, BODY, headers=eve))[0] == 200
        status, headers, parts = await ask(watch, BODY, headers=eve)
        assert status == 429
        assert 1 <= int(headers["retry-after"]) <= 60
        assert json.loads(parts[0])["error"]["code"] == "rate_limit_exceeded"
        assert (await ask(watch, BODY, headers=ANN))[0] == 200
        await watch.outbox.flush()

    play(watch, run)
    assert watch.counts["refused"] == 2
    service.until(lambda h: h["counts"]["stored"] == 4)


@contextlib.contextmanager
def hanging():
    """A server that takes connections and never answers."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()


def test_a_watch_that_hangs_costs_20_ms_and_then_less():
    async def run(url, n):
        watch = WatchMiddleware(application, environment=settings(url))
        waits = []
        for _ in range(n):
            begun = time.perf_counter()
            assert (await ask(watch, BODY, headers=ANN))[0] == 200
            waits.append(time.perf_counter() - begun)
        assert watch.counts["open"] == n
        await watch.close()
        return waits

    with hanging() as url:
        waits = asyncio.run(run(url, 40))
    # Three run into the time-out, with some grace for a busy machine; the rest do not ask.
    assert statistics.median(waits[:3]) < 0.020 + 0.030, waits[:3]
    assert statistics.median(waits[3:]) < 0.005
    gone = asyncio.run(run("http://127.0.0.1:9", 40))
    assert statistics.median(gone) < 0.010


def test_the_queue_is_bounded_and_the_oldest_go_first(serve, monkeypatch):
    monkeypatch.setattr(outbox, "MOST", 5)
    service = serve()
    watch = WatchMiddleware(application, environment=settings(service.url))

    async def run():
        for n in range(8):
            body = {**BODY, "max_tokens": n + 1}
            await ask(watch, body, headers=ANN)
        await watch.outbox.flush()

    play(watch, run)
    assert (watch.outbox.sent, watch.outbox.dropped) == (5, 3)
    health = service.until(lambda h: h["counts"]["stored"] == 5)
    assert health["counts"]["dropped"] == 3
    service.stop()
    assert sorted(r["max_tokens"] for r in rows_of(service)) == [4, 5, 6, 7, 8]


def test_what_the_service_did_not_take_is_sent_again_once(serve, tmp_path):
    service = serve()
    url, state = service.url, service.state
    watch = WatchMiddleware(application, environment=settings(url))

    async def run():
        await ask(watch, BODY, headers=ANN)
        service.kill()
        await watch.outbox.flush()
        assert watch.outbox.sent == 0
        again = await asyncio.to_thread(serve, state=state, port=service.port)
        await watch.outbox.flush()
        assert watch.outbox.sent == 1
        await asyncio.to_thread(again.until, lambda h: h["log_rows"] == 1)

    play(watch, run)


def test_it_fits_a_framework_and_sends_what_is_left_at_the_end(serve, monkeypatch):
    service = serve()
    monkeypatch.setenv("HYDROMETER_WATCH_URL", service.url)

    async def endpoint(scope, receive, send):
        await application(scope, receive, send)

    app = Starlette(middleware=[Middleware(WatchMiddleware)])
    app.mount("/v1", endpoint)
    shut = asyncio.Event()

    async def receive():
        if not receive.begun:
            receive.begun = True
            return {"type": "lifespan.startup"}
        await shut.wait()
        return {"type": "lifespan.shutdown"}

    receive.begun = False

    async def send(message):
        pass

    async def run():
        life = asyncio.create_task(app({"type": "lifespan", "app": app}, receive, send))
        await asyncio.sleep(0)
        assert (await ask(app, BODY, headers=ANN))[0] == 200
        shut.set()
        await life

    asyncio.run(run())
    assert service.until(lambda h: h["counts"]["stored"] == 1)


@pytest.mark.parametrize("scope", [{"type": "websocket"}, {"type": "http", "method": "GET"}])
def test_everything_else_passes_untouched(scope):
    seen = []

    async def app(*given):
        seen.append(given)

    watch = WatchMiddleware(app, environment={})
    given = ({**scope, "path": "/v1/chat/completions"}, object(), object())
    asyncio.run(watch(*given))
    assert seen == [given]
