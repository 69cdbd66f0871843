"""A service in processes of its own, spoken to over HTTP: what the tests of this folder share."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

DRIVER = Path(__file__).with_name("driver.py")
KEY = "ab" * 32
ADMIN = "admin-token-of-the-tests"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Service:
    """One running service."""

    def __init__(self, state, *, command=None, env=(), port=None, **setup):
        self.state, self.port = Path(state), port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.admin = {"authorization": f"Bearer {ADMIN}"}
        told = {"port": self.port, "setup": {"state": str(state), **setup}}
        if command:
            told["command"] = command
        self.log = self.state.with_name(self.state.name + ".log")
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(DRIVER), json.dumps(told)],
                env={
                    **os.environ,
                    "HYDROMETER_WATCH_KEY": KEY,
                    "HYDROMETER_WATCH_ADMIN_TOKEN": ADMIN,
                    **dict(env),
                },
                stderr=log,
            )
        self.http = httpx.Client(base_url=self.url, timeout=30)

    def wait(self, what="engine", value="up", seconds=30.0):
        """Wait until /healthz says so."""
        return self.until(lambda h: h.get(what) == value, seconds)

    def until(self, true, seconds=30.0):
        end = time.monotonic() + seconds
        told = None
        while time.monotonic() < end:
            try:
                told = self.health()
                if true(told):
                    return told
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"{told}\n{self.log.read_text()[-3000:]}")

    def health(self):
        return self.http.get("/healthz").json()

    def litellm(self, rows, **more):
        return self.http.post("/v1/ingest/litellm", json=rows, **more)

    def tree(self):
        """The processes of the service, the front first."""
        found = [self.process.pid]
        for pid in found:
            try:
                children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            except OSError:
                continue
            found += [int(c) for c in children]
        return found

    def kill(self):
        """End every process at once, as a power cut would."""
        for pid in self.tree():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(10)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(40)
        self.http.close()
        return self.process.returncode


@pytest.fixture
def serve(tmp_path):
    """Start services; each is stopped at the end."""
    running = []

    def start(name="state", **more):
        more.setdefault("every", 3600.0)
        found = Service(more.pop("state", tmp_path / name), **more)
        running.append(found)
        found.wait()
        return found

    yield start
    for one in running:
        if one.process.poll() is None:
            one.kill()
        one.http.close()


@pytest.fixture
def event():
    """Make a LiteLLM payload."""

    def make(number, account="k1", text=None, ago=1.0, **more):
        begun = time.time() - ago
        asked = text or f"Question {number} of somebody about the river and the boat"
        return {
            "id": f"r{number}",
            "startTime": begun,
            "endTime": begun + 0.5,
            "model": "m",
            "status": "success",
            "metadata": {"user_api_key_hash": account},
            "messages": [{"role": "user", "content": asked}],
            **more,
        }

    return make


@pytest.fixture
def stored():
    """Read the ids that a log holds; the service must be down."""
    import numpy as np

    from hydrometer.store.log import EventLog
    from hydrometer.watch.event import EVENTS

    def read(state):
        log = EventLog(Path(state) / "events.duckdb", EVENTS)
        try:
            parts = [b.column("id").to_numpy() for _, b in log.tail()]
        finally:
            log.close()
        return np.concatenate(parts) if parts else np.zeros(0, np.uint64)

    return read


@pytest.fixture
def request_ids():
    """The ids under which the log holds LiteLLM payloads."""
    from hydrometer.watch.key import Key
    from hydrometer.watch.sources.build import request_id
    from hydrometer.watch.sources.values import micros

    key = Key(bytes.fromhex(KEY))

    def ids(rows):
        return {
            key.hash(
                "request",
                request_id(r["id"], r["metadata"]["user_api_key_hash"], micros(r["startTime"])),
            )
            for r in rows
        }

    return ids
