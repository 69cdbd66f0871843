"""A real LiteLLM proxy between clients and a local model server, the service beside it.

LiteLLM lives in a virtual environment of its own (`litellm/install.sh`), is pinned by hashes to a
release that is none of the backdoored ones, and is spoken to over HTTP alone.
"""

import json
import os
import secrets
import socket
import statistics
import subprocess
import sys
import threading
import time
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

pytestmark = pytest.mark.litellm

HERE = Path(__file__).parent / "litellm"
ROOT = Path(__file__).parents[3]
VENV = Path(os.environ.get("HYDROMETER_LITELLM_VENV", ROOT / "build" / "litellm-venv"))
TOKEN = "ingest-token-of-the-tests"
LIMIT = 0.020
"""Seconds that a watch which is broken may add. LiteLLM waits for ``timeout``, and takes
some more itself: it writes a log line with a traceback for each request that it lets pass."""
TRIES = 3
"""A busy machine may need more than one look."""

CONFIG = """
model_list:
  - model_name: teacher
    litellm_params:
      model: openai/teacher
      api_base: http://127.0.0.1:{upstream}/v1
      api_key: none
litellm_settings:
  callbacks: ["hydrometer"]
  num_retries: 0
callback_settings:
  hydrometer:
    callback_type: generic_api
    endpoint: {watch}/v1/ingest/litellm
    headers:
      Authorization: Bearer {token}
    log_format: {format}
    max_retries: 5
    timeout: 10
guardrails:
  - guardrail_name: hydrometer
    litellm_params:
      guardrail: generic_guardrail_api
      mode: pre_call
      api_base: {watch}
      api_key: {token}
      default_on: true
      unreachable_fallback: fail_open
      fail_on_error: false
      timeout: {timeout}
      extra_headers: [x-forwarded-for]
"""
CONFIG_AUTH = """
general_settings:
  custom_auth: auth.user_api_key_auth
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.fixture(scope="module")
def venv():
    done = subprocess.run(
        ["bash", str(HERE / "install.sh"), str(VENV)],
        env={**os.environ, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = f"LiteLLM cannot be installed: {done.stderr[-800:]}"
        if os.environ.get("CI"):
            pytest.fail(said)
        pytest.skip(said)
    return VENV


@pytest.fixture(scope="module")
def upstream():
    port = free_port()
    process = subprocess.Popen([sys.executable, str(HERE / "upstream.py"), str(port)])
    yield port
    process.kill()
    process.wait()


class Proxy:
    def __init__(self, port):
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30)

    def ask(self, key, text="Tell me of the river", **more):
        body = {"model": "teacher", "messages": [{"role": "user", "content": text}], **more}
        return self.http.post(
            "/v1/chat/completions", json=body, headers={"authorization": f"Bearer {key}"}
        )


@pytest.fixture
def proxy(venv, upstream, tmp_path):
    """Start proxies that speak to a service at a URL."""
    running = []

    def start(watch, format="json_array", timeout=1.0):
        port = free_port()
        config = tmp_path / f"config-{port}.yaml"
        told = CONFIG if watch else CONFIG[: CONFIG.index("litellm_settings")]
        told += CONFIG_AUTH
        config.write_text(
            told.format(
                upstream=upstream, watch=watch, token=TOKEN, format=format, timeout=timeout
            )
        )
        (tmp_path / "auth.py").write_text((HERE / "auth.py").read_text())
        log = tmp_path / f"proxy-{port}.log"
        with open(log, "wb") as out:
            process = subprocess.Popen(
                [str(venv / "bin" / "litellm"), "--config", str(config),
                 "--host", "127.0.0.1", "--port", str(port)],
                cwd=tmp_path,
                env={
                    **{k: v for k, v in os.environ.items() if not k.startswith("PYTHON")},
                    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
                    "LITELLM_MASTER_KEY": "sk-" + secrets.token_hex(32),
                    "DEFAULT_FLUSH_INTERVAL_SECONDS": "1",
                },
                stdout=out,
                stderr=out,
            )  # fmt: skip
        found = Proxy(port)
        running.append((process, found))
        end = time.monotonic() + 120
        while True:
            try:
                if found.http.get("/health/liveliness").status_code == 200:
                    return found
            except httpx.TransportError:
                pass
            assert process.poll() is None, log.read_text()[-3000:]
            assert time.monotonic() < end, log.read_text()[-3000:]
            time.sleep(0.3)

    yield start
    for process, found in running:
        found.http.close()
        process.kill()
        process.wait()


@pytest.fixture
def watched(serve, tmp_path):
    """A service that asks for a token, and blocks whom a test names."""

    def start(*blocked):
        state = tmp_path / "state"
        state.mkdir(exist_ok=True)
        if blocked:
            block(state, blocked)
        return serve(env={"HYDROMETER_WATCH_INGEST_TOKEN": TOKEN}, policy=None)

    return start


def block(state, keys):
    """Write the action to the ledger, as a policy would."""
    from hydrometer.watch.act.entry import Entry
    from hydrometer.watch.act.ledger import Ledger
    from hydrometer.watch.key import Key

    key = Key(bytes.fromhex("ab" * 32))
    now = time.time_ns() // 1000
    ledger = Ledger(state / "actions.jsonl", now=now)
    ledger.append(
        [
            Entry(
                "act",
                now,
                action="block",
                account=key.account(sha256(secret.encode()).hexdigest()),
                cluster="c-1",
                level="alarm",
                until=now + 3_600_000_000,
            )
            for secret in keys
        ]
    )


def test_the_release_is_none_of_the_backdoored_ones(venv):
    pins = (HERE / "requirements.txt").read_text()
    done = subprocess.run(
        [str(venv / "bin" / "python"), "-m", "pip", "show", "litellm"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    version = next(x.split()[1] for x in done.stdout.splitlines() if x.startswith("Version"))
    assert f"litellm=={version}" in pins
    assert version not in ("1.82.7", "1.82.8", "1.107.0")
    assert pins.count("--hash=sha256:") >= pins.count("==")


@pytest.mark.parametrize("format", ["json_array", "ndjson"])
def test_events_arrive_with_account_model_and_tokens(watched, proxy, format):
    service = watched()
    gateway = proxy(service.url, format)
    for n in range(6):
        answer = gateway.ask("sk-ann" if n % 2 else "sk-bob", f"What is {n} and {n}?")
        assert answer.status_code == 200, answer.text
        assert answer.json()["choices"][0]["message"]["content"] == "It is a river."
    said = gateway.ask("sk-ann", "As a stream", stream=True)
    assert said.text.rstrip().endswith("[DONE]")
    assert "river." in said.text
    service.until(lambda h: h["counts"]["stored"] == 7)
    assert service.health()["counts"]["rejected"] == 0
    assert service.stop() == 0

    from hydrometer.store.log import EventLog
    from hydrometer.watch.event import EVENTS, FLAGS
    from hydrometer.watch.key import Key

    key = Key(bytes.fromhex("ab" * 32))
    log = EventLog(service.state / "events.duckdb", EVENTS)
    rows = [r for _, b in log.tail() for r in b.to_pylist()]
    log.close()
    ann, bob = (key.account(sha256(s).hexdigest()) for s in (b"sk-ann", b"sk-bob"))
    accounts = [r["account"] for r in rows]
    assert (accounts.count(ann), accounts.count(bob)) == (4, 3)
    assert {r["model"] for r in rows} == {"teacher"}
    assert {(r["tokens_in"], r["tokens_out"]) for r in rows} == {(11, 4)}
    assert sum(bool(r["flags"] & FLAGS["stream"]) for r in rows) == 1
    assert all(r["words"] > 0 for r in rows)


def test_a_blocked_account_reads_why_and_another_passes(watched, proxy):
    service = watched("sk-bob")
    gateway = proxy(service.url)
    service.until(lambda h: h["decisions_in_force"] == 1)
    for stream in (False, True):
        told = gateway.ask("sk-bob", stream=stream)
        assert told.status_code == 400, told.text
        assert "Requests of this account are held back" in told.text
        assert gateway.ask("sk-ann", stream=stream).status_code == 200
    counts = service.health()["counts"]
    assert (counts["decisions"], counts["decided_block"]) == (4, 2)


class Hanging(threading.Thread):
    """Takes connections and never answers."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.held = []

    def run(self):
        while True:
            try:
                self.held.append(self.listener.accept()[0])
            except OSError:
                return

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)  # wakes the thread
        self.join()
        self.listener.close()
        for one in self.held:
            one.close()


def test_a_broken_watch_fails_open_within_20_ms(watched, proxy, record_property):
    hanging = Hanging()
    hanging.start()
    service = watched()
    try:
        gateways = {
            "without": proxy(None),
            "up": proxy(service.url, timeout=0.005),
            "hangs": proxy(hanging.url, timeout=0.005),
        }
        compare(gateways, "hangs", record_property)
        assert len(hanging.held) > 1, "nobody asked the watch that hangs"
        service.kill()
        gateways["gone"] = gateways.pop("up")
        compare(gateways, "gone", record_property)
    finally:
        hanging.close()


def compare(gateways, broken, record_property):
    """Check what a broken watch adds; the gateways are asked in turn, so that noise is shared."""
    for _ in range(TRIES):
        waits = {name: [] for name in gateways}
        for turn in range(40):
            for name, gateway in gateways.items():
                begun = time.perf_counter()
                assert gateway.ask("sk-ann").status_code == 200
                if turn >= 10:  # warm
                    waits[name].append(time.perf_counter() - begun)
        found = {name: round(1e3 * statistics.median(w), 2) for name, w in waits.items()}
        print(json.dumps(found))
        record_property("median_ms", json.dumps(found))
        if found[broken] - found["without"] < 1e3 * LIMIT:
            return
    raise AssertionError(f"a watch that is {broken} adds more than {LIMIT} s: {found}")
