"""The link on its own, with engines that are small programs."""

import asyncio
import sys

import pytest

from hydrometer.watch.act.decide import Decision, Decisions
from hydrometer.watch.service import link as module
from hydrometer.watch.service.link import Link
from hydrometer.watch.service.setup import Setup

ENGINE = """
import socket, sys, json, msgspec
from hydrometer.watch.service import wire
s = socket.socket(fileno=int(sys.argv[1]))
wire.receive(s)
{body}
"""


def make(tmp_path, body, **more):
    setup = Setup(state=str(tmp_path), **more)
    said = []
    return said, Link(
        setup,
        clock=lambda: 5,
        command=[sys.executable, "-c", ENGINE.format(body=body)],
        say=said.append,
        fatal=lambda err: said.append(f"fatal: {err}"),
    )


async def until(true):
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.01)


def test_an_engine_that_dies_is_told_and_started_again(tmp_path):
    body = """
wire.send(s, {"kind": "ready", "rows": 4})
wire.send(s, {"kind": "status", "counts": {"stored": 2}, "rows": 4})
while wire.receive(s)[0]["kind"] not in ("body", "stop"): pass
"""
    said, link = make(tmp_path, body)
    link.decisions = Decisions({7: (Decision("block", "r", "c", 100, 0),)})

    async def run():
        link.start()
        await until(lambda: link.state == "up")
        assert link.reserve(3)
        answer = await link.deliver({"format": "x"}, b"abc")
        assert answer.status == 503
        assert link.waiting == 0
        assert link.decisions.look(7, 5).action == "block", "the table went with the engine"
        await until(lambda: link.starts == 2 and link.counts)
        assert link.totals() == {"stored": 4}
        await link.stop()

    asyncio.run(run())
    assert any("started again" in line for line in said)


def test_a_bound_on_what_waits(tmp_path):
    _, link = make(tmp_path, "", inflight=10)
    assert link.reserve(6)
    assert not link.reserve(5)
    link.release(6)
    assert link.reserve(10)


def test_an_engine_that_cannot_start_ends_the_service_with_its_reason(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "GIVE_UP", 0.0)
    body = 'wire.send(s, {"kind": "failed", "told": {"error": {"what": "locked", "got": "x"}}})'
    said, link = make(tmp_path, body)

    async def run():
        link.start()
        await until(lambda: any(line.startswith("fatal") for line in said))
        await link.stop()

    asyncio.run(run())
    assert said[-1] == "fatal: locked; got: x"


@pytest.mark.parametrize("data", [b"damaged", None])
def test_decisions_are_there_before_the_engine(tmp_path, data):
    table = Decisions({7: (Decision("block", "r", "c", 100, 0),)})
    (tmp_path / "decisions.bin").write_bytes(table.to_bytes() if data is None else data)
    said, link = make(tmp_path, "")
    assert len(link.decisions) == (1 if data is None else 0)
    assert bool(said) == (data is not None)
