"""Prompts of suspected accounts alone are kept, and nobody on the machine can read them."""

import time

import numpy as np
import pytest

from hydrometer.watch.key import Key
from hydrometer.watch.observation import Observation
from hydrometer.watch.observe import Observer
from hydrometer.watch.result import Cluster, name_of
from hydrometer.watch.sample import (
    make_sample_key,
    open_sample,
    read_sample,
    seal,
    write_sample,
)
from hydrometer.watch.service.evidence import EVERY, Evidence, pack_suspects, suspects
from hydrometer.watch.service.reservoir import Sample

pytest.importorskip("cryptography")
KEY = Key(bytes.fromhex("ab" * 32))
NOW = 1_780_272_000_000_000
DAY = 86_400_000_000


def cluster(name, level, *accounts):
    return Cluster(name, accounts, (1.0,) * len(accounts), 0, 1, 9, 1.0, 9.0, level)


@pytest.fixture
def place(tmp_path):
    return tmp_path / "sample.key", make_sample_key(tmp_path / "sample.key"), tmp_path / "s.bin"


@pytest.fixture
def evidence(place):
    made = Evidence(Sample(place[1], seed=1, ttl=86_400), place[2], now=NOW)
    made.learn(pack_suspects([cluster("c-1", "suspect", KEY.account("a"))]))
    return made


def pick(evidence, rows):
    return evidence.pick(rows, Observer(KEY)(rows))


def opened(place, now=NOW):
    return [(o.account, o.cluster, o.text) for o in open_sample(place[2], place[0], now)]


def test_an_account_belongs_to_its_highest_cluster():
    found = suspects(
        [
            cluster("c-1", "notice", 1, 9),
            cluster("c-2", "suspect", 1, 2),
            cluster("c-3", "alarm", np.uint64(2), 2**64 - 1),
        ]
    )
    assert found == {1: ("c-2", "suspect"), 2: ("c-3", "alarm"), 2**64 - 1: ("c-3", "alarm")}


def test_only_suspects_are_offered_and_a_replay_once(evidence, place):
    rows = [
        Observation("1", "a", NOW, "m", system="s" * 5_000, user="asked by a"),
        Observation("2", "b", NOW, "m", user="asked by b"),
        Observation("3", "a", NOW, "m"),
    ]
    for _ in range(2):
        evidence.offer(pick(evidence, rows), NOW)
    evidence.write(NOW)
    text = f"[system]\n{'s' * 2_000}\n[user]\nasked by a"
    assert opened(place) == [(name_of(KEY.account("a")), "c-1", text)]


def test_nobody_is_suspected_any_more(evidence):
    rows = [Observation("1", "a", NOW, "m", user="x")]
    assert len(pick(evidence, rows)) == 1
    evidence.learn(pack_suspects([]))
    assert pick(evidence, rows) == []


def test_the_file_is_written_now_and_then_and_when_something_expires(evidence, place):
    path = place[2]
    evidence.write(NOW - 1)
    assert not path.exists()
    for n in range(3):
        rows = [Observation(str(n), "a", NOW + DAY, "m", user=f"x {n}")]  # a clock ahead
        evidence.offer(pick(evidence, rows), NOW)
        evidence.write(NOW + n)
    assert len(path.read_bytes().splitlines()) == 1, "written again at once"
    evidence.write(NOW + EVERY)
    assert len(path.read_bytes().splitlines()) == 3
    evidence.write(NOW + DAY)
    assert path.read_bytes() == b"", "a clock ahead made a prompt outlive its time"


def test_a_disk_that_cannot_be_written_is_told_and_tried_again(evidence, place, capsys):
    part = place[2].with_name("s.bin.part")
    part.mkdir()
    evidence.offer(pick(evidence, [Observation("1", "a", NOW, "m", user="x")]), NOW)
    evidence.write(NOW)
    assert "cannot write the sample" in capsys.readouterr().err
    part.rmdir()
    evidence.write(NOW + 1, final=True)
    assert len(opened(place)) == 1


SECRET = "the very secret words"


def test_a_suspected_account_is_sampled_by_the_running_service(serve, event, place):
    private, public, _ = place
    text = "Write the story number {} about apples and pears in the style of Poe, step by step"
    service = serve(every=1.0, sample_key=public)
    service.litellm(
        [event(n, account=f"k{n % 20}", text=text.format(n), ago=600 - n) for n in range(500)]
    )
    service.litellm([event(9000, account="other", text="Good day")])
    service.until(lambda h: h["scan"].get("events") == 501)
    shown = service.http.get("/v1/clusters", headers=service.admin).json()["clusters"]
    [found] = [c for c in shown if c["level"] in ("suspect", "alarm")]
    assert name_of(KEY.account("k1")) in [a["account"] for a in found["accounts"]]
    service.litellm(
        [
            event(9001, account="k1", text=f"{SECRET} of k1"),
            event(9002, account="other", text=f"{SECRET} of other"),
        ]
    )
    end = time.monotonic() + 15
    path = service.state / "sample.bin"
    while not path.exists():
        assert time.monotonic() < end, "not written while it runs"
        time.sleep(0.1)
    assert service.stop() == 0
    now = time.time_ns() // 1000
    [one] = open_sample(path, private, now)
    assert (one.account, one.cluster) == (name_of(KEY.account("k1")), found["id"])
    assert one.text == f"{SECRET} of k1"
    assert path.stat().st_mode & 0o777 == 0o600
    for file in service.state.rglob("*"):
        if file.is_file():
            held = file.read_bytes()
            assert SECRET.encode() not in held, file
            assert b"apples and pears" not in held, file


def test_a_service_that_keeps_none_throws_old_ones_away(serve, place, tmp_path):
    _, public, _ = place
    now = time.time_ns() // 1000
    (tmp_path / "state").mkdir()
    path = tmp_path / "state" / "sample.bin"
    old, young = (
        seal("x", public, account=1, cluster="c-1", time=0, expires=e) for e in (now, now + DAY)
    )
    write_sample(path, [old, young])
    serve()
    end = time.monotonic() + 10
    while len(read_sample(path)) > 1 and time.monotonic() < end:
        time.sleep(0.05)
    assert read_sample(path) == [young]
