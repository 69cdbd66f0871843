"""A slow disk, a full disk, a flood: decisions go on, memory stays bounded, nothing is lost."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

SLOW = Path(__file__).with_name("slow_engine.py")


def decide(service, n=200):
    """Return the waits of decisions in seconds, sorted."""
    waits = []
    for _ in range(n):
        begun = time.perf_counter()
        assert service.http.post("/v1/decide", json={"account": "k1"}).json()["allow"]
        waits.append(time.perf_counter() - begun)
    return sorted(waits)


def test_a_slow_disk_does_not_slow_decisions(serve, event):
    service = serve(command=[sys.executable, str(SLOW), "1.5"])
    answers = []
    client = threading.Thread(target=lambda: answers.append(service.litellm([event(1)])))
    begun = time.monotonic()
    client.start()
    service.until(lambda h: h["waiting_bytes"] > 0)
    waits = decide(service)
    assert not answers, "the event was acknowledged before it was on the disk"
    client.join(30)
    assert time.monotonic() - begun >= 1.5
    assert answers[0].json()["accepted"] == 1
    # A commit takes 1.5 s; not one of 200 decisions waited for it.
    assert waits[-1] < 0.5
    assert waits[100] < 0.05


def test_a_client_that_waits_too_long_is_told_to_come_again(serve, event):
    service = serve(command=[sys.executable, str(SLOW), "1.0"], wait=0.2)
    answer = service.litellm([event(1)])
    assert answer.status_code == 503
    assert "not on the disk yet" in answer.json()["error"]["what"]
    service.until(lambda h: h["counts"]["stored"] == 1)
    service.http.post("/v1/ingest/litellm", json=[event(2)])
    assert service.until(lambda h: h["counts"]["stored"] == 2)["waiting_bytes"] == 0


def test_a_flood_is_refused_and_memory_stays_bounded(serve, event):
    service = serve(command=[sys.executable, str(SLOW), "0.3"], largest=1 << 20, inflight=2 << 20)
    statuses, most = [], []
    body = [event(n, text="word " * 400) for n in range(300)]  # 0.7 MB

    def client(k):
        with httpx.Client(base_url=service.url, timeout=60) as http:
            for path in ("/v1/ingest/litellm", "/v1/ingest/jsonl"):
                answer = http.post(path, json=[{**r, "id": f"{k}-{r['id']}"} for r in body])
                statuses.append((path, answer.status_code, answer.headers.get("retry-after")))

    clients = [threading.Thread(target=client, args=(k,)) for k in range(12)]
    for c in clients:
        c.start()
    while any(c.is_alive() for c in clients):
        most.append(service.health()["waiting_bytes"])
        assert service.http.post("/v1/decide", json={"account": "k1"}).status_code == 200
        time.sleep(0.02)
    assert max(most) <= 2 << 20
    refused = [s for s in statuses if s[1] != 200]
    assert refused, "the flood was no flood"
    # LiteLLM repeats after a 5xx alone.
    assert {(p, s) for p, s, _ in refused} <= {
        ("/v1/ingest/litellm", 503),
        ("/v1/ingest/jsonl", 429),
    }
    assert all(retry for _, _, retry in refused)
    assert any(s[1] == 200 for s in statuses)
    health = service.until(lambda h: h["waiting_bytes"] == 0)
    assert health["counts"]["flooded"] == len(refused)
    assert service.litellm([event(1)]).status_code == 200


def test_too_large_a_body_is_refused_before_and_while_it_is_read(serve):
    service = serve(largest=1 << 16, inflight=1 << 20)
    told = service.http.post("/v1/ingest/jsonl", content=b"x" * 70_000)
    assert told.status_code == 413
    assert told.json()["error"]["next"]
    # Without a length: found while it comes in.
    parts = (b"y" * 10_000 for _ in range(10))
    assert service.http.post("/v1/ingest/jsonl", content=parts).status_code == 413
    assert service.health()["waiting_bytes"] == 0


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 12 MB."""
    place = tmp_path / "small"
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(place)],
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip(f"cannot mount: {done.stderr.decode()[:80]}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(place):
    """Take all space that is left."""
    with open(place / "filler", "wb", buffering=0) as f:
        size = 1 << 16
        while size:
            try:
                f.write(os.urandom(size))
            except OSError:
                size //= 2


def test_a_full_disk_is_told_decisions_go_on_and_it_recovers(
    serve, event, small_disk, stored, request_ids
):
    service = serve(state=small_disk / "state")
    first = [event(n) for n in range(200)]
    assert service.litellm(first).status_code == 200
    fill(small_disk)
    more = [event(1000 + n, account=f"k{n}") for n in range(3000)]
    end = time.monotonic() + 30
    answer = service.litellm(more)
    while answer.status_code == 200 and time.monotonic() < end:  # what DuckDB had in reserve
        first += more
        more = [event(10_000 + len(first) + n) for n in range(3000)]
        answer = service.litellm(more)
    assert answer.status_code == 503, answer.text
    assert answer.headers["retry-after"]
    told = answer.json()["error"]
    assert "could not be written" in told["what"] or "engine" in told["what"], told
    assert service.http.post("/v1/decide", json={"account": "k1"}).json()["allow"]
    (small_disk / "filler").unlink()
    end = time.monotonic() + 30
    while (answer := service.litellm(more)).status_code != 200 and time.monotonic() < end:
        time.sleep(0.2)
    assert answer.json()["accepted"] == 3000
    assert service.stop() == 0
    found = stored(service.state).tolist()
    assert len(found) == len(set(found))
    assert set(found) == request_ids(first + more)
