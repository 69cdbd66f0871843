"""Real processes, real HTTP: what was acknowledged is in the log, once, whatever is killed."""

import os
import signal
import threading
import time

import httpx
import pytest


def send_until_acknowledged(url, batches, acknowledged, stop):
    """A client that repeats what was not acknowledged, as gateways do."""
    with httpx.Client(base_url=url, timeout=10) as http:
        for batch in batches:
            while not stop.is_set():
                try:
                    answer = http.post("/v1/ingest/litellm", json=batch)
                except httpx.TransportError:
                    time.sleep(0.05)
                    continue
                if answer.status_code == 200:
                    acknowledged.append((batch, answer.json()["accepted"]))
                    break
                assert answer.status_code in (429, 503), answer.text
                time.sleep(0.05)


def test_events_arrive_once_and_replays_are_counted(serve, event):
    service = serve()
    rows = [event(n) for n in range(50)]
    answer = service.litellm(rows)
    assert (answer.status_code, answer.json()["accepted"]) == (200, 50)
    assert service.litellm(rows[::-1]).json()["accepted"] == 50
    health = service.until(lambda h: h["counts"]["received"] == 100)
    assert health["counts"]["stored"] == 50
    assert health["counts"]["replays"] == 50
    assert health["log_rows"] == 50


@pytest.mark.parametrize("what", ["engine", "front", "every process"])
def test_kill_in_the_middle_loses_nothing_and_counts_nothing_twice(
    serve, event, stored, request_ids, what
):
    service = serve()
    batches = [[event(100 * c + n) for n in range(20)] for c in range(60)]
    acknowledged, stop = [], threading.Event()
    clients = [
        threading.Thread(
            target=send_until_acknowledged,
            args=(service.url, batches[i::3], acknowledged, stop),
        )
        for i in range(3)
    ]
    for c in clients:
        c.start()
    try:
        for round in range(2):
            while len(acknowledged) < 8 * (round + 1):
                time.sleep(0.01)
            if what != "engine":
                if what == "front":  # what it started must end by itself, and let go of the log
                    service.process.kill()
                    service.process.wait(10)
                else:
                    service.kill()
                service = serve(port=service.port)
            else:
                os.kill(service.health()["engine_pid"], signal.SIGKILL)
                service.until(lambda h, n=round: h["engine_starts"] == n + 2)
        for c in clients:
            c.join(60)
        assert not any(c.is_alive() for c in clients)
    finally:
        stop.set()
    assert len(acknowledged) == len(batches)
    assert all(n == 20 for _, n in acknowledged)
    assert service.stop() == 0
    found = stored(service.state)
    assert len(found) == len(set(found.tolist())), "an event is there twice"
    assert set(found.tolist()) == request_ids([r for b in batches for r in b])


def test_without_its_engine_the_front_decides_and_says_come_again(serve, event):
    # An engine that ends as soon as it starts: python -c exits.
    service = serve()
    health = service.health()
    os.kill(health["engine_pid"], signal.SIGSTOP)  # hangs: nothing is acknowledged
    try:
        begun = time.monotonic()
        answer = service.http.post("/v1/decide", json={"account": "k1"})
        assert answer.json()["allow"] is True
        assert time.monotonic() - begun < 1.0
    finally:
        os.kill(health["engine_pid"], signal.SIGKILL)
    service.until(lambda h: h["engine"] != "up" or h["engine_starts"] == 2)
    answer = service.litellm([event(1)])
    while answer.status_code == 503:
        assert answer.headers["retry-after"]
        assert "engine" in answer.json()["error"]["what"]
        assert service.http.post("/v1/decide", json={"account": "k1"}).status_code == 200
        time.sleep(0.05)
        answer = service.litellm([event(1)])
    assert answer.json()["accepted"] == 1
    assert service.health()["engine_starts"] == 2


def test_sigterm_stores_what_was_taken(serve, event, stored, request_ids):
    service = serve()
    rows = [event(n) for n in range(4000)]
    answers = []
    client = threading.Thread(target=lambda: answers.append(service.litellm(rows)))
    client.start()
    service.until(lambda h: h["waiting_bytes"] > 0 or h["log_rows"] == len(rows))
    for pid in service.tree():  # as a supervisor that tells the whole group
        os.kill(pid, signal.SIGTERM)
    client.join(40)
    assert service.process.wait(40) == 0
    assert answers[0].status_code == 200
    assert set(stored(service.state).tolist()) == request_ids(rows)


def test_out_of_order_events_are_stored_with_their_own_time(serve, event, stored):
    service = serve()
    ages = [3, 90, 2, 4000, 1, 7]
    for n, age in enumerate(ages):
        assert service.litellm([event(n, ago=age)]).json()["accepted"] == 1
    service.stop()
    from hydrometer.store.log import EventLog
    from hydrometer.watch.event import EVENTS

    log = EventLog(service.state / "events.duckdb", EVENTS)
    times = [t for b in log.scan() for t in b.column("time").to_pylist()]
    log.close()
    assert times == sorted(times)
    assert len(times) == len(ages)
    assert times[-1] - times[0] == pytest.approx(3999e6, abs=5e6)


def test_clocks_astray_are_counted_and_the_far_future_is_set_aside(serve, event):
    service = serve(window=7.0)
    rows = [
        event(1),
        event(2, ago=-900),  # 15 minutes ahead
        event(3, ago=8 * 86400),  # older than the window
        event(4, ago=-3 * 86400),  # days ahead
    ]
    told = service.litellm(rows).json()
    assert (told["accepted"], told["skewed"], told["rejected"]) == (3, 2, 1)
    counts = service.until(lambda h: h["counts"]["stored"] == 3)["counts"]
    assert (counts["skewed"], counts["rejected"]) == (2, 1)
    assert "3.0 days ahead" in (service.state / "quarantine.jsonl").read_text()


def test_a_body_that_cannot_be_read_is_told_and_stops_nothing(serve, event):
    service = serve()
    bad = service.http.post("/v1/ingest/litellm", content=b'[{"id": 1}, ')
    assert bad.status_code == 400
    assert bad.json()["error"]["what"]
    broken = service.http.post(
        "/v1/ingest/litellm", content=b"no gzip", headers={"content-encoding": "gzip"}
    )
    assert broken.status_code == 400
    assert service.litellm([event(1)]).json()["accepted"] == 1


def test_a_second_service_on_the_same_state_ends_with_a_reason(serve, tmp_path, monkeypatch):
    service = serve()
    other = type(service)(service.state, every=3600.0)
    try:
        assert other.process.wait(60) != 0
    finally:
        other.stop()
    said = service.log.read_text()
    assert "cannot open the log" in said
    assert service.health()["engine"] == "up"
