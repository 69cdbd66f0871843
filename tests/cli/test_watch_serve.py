"""The command: what it refuses before anything runs, and a whole life of it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

import httpx
import pytest
from click.testing import CliRunner

from hydrometer.cli.watch_serve import serve
from hydrometer.errors import InputError

KEY = "ab" * 32
RUN = "from hydrometer.cli.watch_serve import serve; serve()"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--host", "0.0.0.0"], "can be reached by others"),
        (["--largest", "2", "--inflight", "1"], "larger than all together"),
        (["--ingest-token", "absent"], "cannot read the tokens"),
        (["--policy", "absent"], "absent"),
        (["--sample-key", "absent"], "not a public key"),
        (["--sample-key", "ab" * 32, "--no-text"], "left unread"),
    ],
)
def test_a_mistake_is_told(tmp_path, monkeypatch, arguments, said):
    monkeypatch.setenv("HYDROMETER_WATCH_KEY", KEY)
    told = CliRunner().invoke(serve, ["--state", str(tmp_path / "s"), *arguments])
    assert isinstance(told.exception, InputError)
    assert said in str(told.exception)


def test_without_a_key_nothing_starts(tmp_path, monkeypatch):
    monkeypatch.delenv("HYDROMETER_WATCH_KEY", raising=False)
    told = CliRunner().invoke(serve, ["--state", str(tmp_path / "s")])
    assert "no key" in str(told.exception)
    assert not (tmp_path / "s").exists()


def test_a_life_of_the_service(tmp_path):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, "--state", str(tmp_path / "s"), "--port", str(port), "--json"],
        env={**os.environ, "HYDROMETER_WATCH_KEY": KEY},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        url, end = f"http://127.0.0.1:{port}", time.monotonic() + 30
        while True:
            try:
                if httpx.get(url + "/healthz").json()["engine"] == "up":
                    break
            except httpx.TransportError:
                assert time.monotonic() < end
            time.sleep(0.1)
        row = {"id": "1", "account": "a", "time": time.time(), "model": "m", "prompt": "p"}
        told = httpx.post(url + "/v1/ingest/jsonl", json=row)
        assert told.json()["accepted"] == 1
    finally:
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=40)
    assert process.returncode == 0, err
    said = [json.loads(line)["said"] for line in out.splitlines()]
    assert said[0].startswith(f"listening on {url}")
    assert "the engine is up; the log holds 0 events" in said
