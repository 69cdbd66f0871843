"""A real HTTP server on this machine that behaves as badly as it is told to."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def ok(body: dict[str, Any], text: str | None = None, finish: str = "stop", **more: Any) -> dict:
    """Return a chat answer; its text repeats the prompt."""
    if text is None:
        text = "echo " + body["messages"][-1]["content"]
    choice = {"index": 0, "message": {"role": "assistant", "content": text},
              "finish_reason": finish}  # fmt: skip
    choice.update(more.pop("choice", {}))
    return {"id": f"cmpl-{text[:40]}", "model": "m-2026", "system_fingerprint": "fp1",
            "choices": [choice], "usage": {"prompt_tokens": 5, "completion_tokens": 3},
            **more}  # fmt: skip


class Endpoint:
    """What the server does: ``act(body, n)`` returns (status, headers, body) for the n-th ask."""

    def __init__(self, act: Callable[[dict[str, Any], int], Any] | None = None) -> None:
        self.act = act or (lambda body, n: (200, {}, ok(body)))
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.times: list[float] = []
        self.paths: list[str] = []
        self.now = self.most = 0
        self.lock = threading.Lock()
        self.url = ""

    def counts(self) -> Counter[str]:
        return Counter(b["messages"][-1]["content"] for b in self.asked)


@contextmanager
def serve(act: Callable[[dict[str, Any], int], Any] | None = None):
    """Run an endpoint in a thread."""
    endpoint = Endpoint(act)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            sent = self.rfile.read(length)
            if len(sent) < length:  # the client was killed between its headers and its body
                self.close_connection = True
                return
            body = json.loads(sent)
            with endpoint.lock:
                endpoint.asked.append(body)
                endpoint.headers.append({k.lower(): v for k, v in self.headers.items()})
                endpoint.times.append(time.monotonic())
                endpoint.paths.append(self.path)
                n = len(endpoint.asked)
                endpoint.now += 1
                endpoint.most = max(endpoint.most, endpoint.now)
            try:
                status, headers, answer = endpoint.act(body, n)
            finally:
                with endpoint.lock:
                    endpoint.now -= 1
            raw = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            try:
                self.send_response(status)
                for k, v in {"content-type": "application/json", **headers}.items():
                    self.send_header(k, v)
                self.send_header("content-length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)
            except OSError:
                self.close_connection = True

        def log_message(self, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            # A client that was killed is no news; and a traceback printed by this thread parses
            # source while the main thread may be doing so, see tests/conftest.py.
            if not isinstance(sys.exception(), OSError):
                super().handle_error(request, client_address)

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    endpoint.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield endpoint
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
