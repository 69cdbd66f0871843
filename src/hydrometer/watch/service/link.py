"""The front's side of the engine: bounded hand-over, answers, and a new engine when one dies."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from hydrometer.errors import HydrometerError, SchemaError, StoreError
from hydrometer.watch.act.decide import Decisions
from hydrometer.watch.service import wire
from hydrometer.watch.service.problem import problem
from hydrometer.watch.service.setup import Setup

__all__ = ["COMMAND", "Answer", "Link"]

COMMAND = (sys.executable, "-m", "hydrometer.watch.service.engine")

BACKOFF = (0.2, 5.0)
"""Seconds before an engine that died is started again: at first, and at most."""
GIVE_UP = 8.0
"""Seconds after which an engine that never came up ends the service."""
DRAIN = 30.0
"""Seconds that the engine has to store what waits when the service ends."""


class Answer(NamedTuple):
    """What became of a body: an HTTP status and what is said."""

    status: int
    told: dict[str, Any]


class Link:
    """Hands bodies to the engine and keeps what it says.

    Parameters
    ----------
    setup : Setup
    clock : callable
        Microseconds since 1970 UTC.
    command : sequence of str
        Starts the engine; the descriptor of its socket is added.
    say : callable
        Takes a line for a person.
    fatal : callable
        Called once with the error if the engine never comes up.

    Attributes
    ----------
    decisions : Decisions
        The table in force; stays as it is while the engine is away.
    """

    def __init__(
        self,
        setup: Setup,
        *,
        clock: Callable[[], int],
        command: Sequence[str] = COMMAND,
        say: Callable[[str], None] = lambda line: None,
        fatal: Callable[[HydrometerError], None] = lambda err: None,
    ) -> None:
        self.setup, self.clock = setup, clock
        self.decisions = _last(setup, say)
        self.state = "starting"
        self.waiting = 0
        self.counts: dict[str, int] = {}
        self.rows = 0
        self.scan: dict[str, Any] = {}
        self.starts = 0
        self.pid = 0
        self._before: dict[str, int] = {}
        self._command, self._say, self._fatal = tuple(command), say, fatal
        self._pending: dict[int, tuple[asyncio.Future[Answer], int, float]] = {}
        self._ids = itertools.count()
        self._writer: asyncio.StreamWriter | None = None
        self._ending = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to keep an engine running."""
        self._task = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """Let the engine store what waits, and end it."""
        self._ending.set()
        if self._writer is not None:
            self._writer.write(wire.pack({"kind": "stop"}))
        if self._task is not None:
            try:
                await asyncio.wait_for(self._task, DRAIN)
            except TimeoutError:
                self._say("the engine did not end in time, and was stopped")

    @property
    def lag(self) -> float:
        """Seconds that the oldest body has waited for its commit."""
        oldest = next(iter(self._pending.values()), None)
        return 0.0 if oldest is None else time.monotonic() - oldest[2]

    def totals(self) -> dict[str, int]:
        """Return the engine's counts, those of engines that died included."""
        keys = {*self.counts, *self._before}
        return {k: self.counts.get(k, 0) + self._before.get(k, 0) for k in sorted(keys)}

    def reserve(self, size: int) -> bool:
        """Take bytes of the bound on what waits; False where there is no room."""
        if self.waiting + size > self.setup.inflight:
            return False
        self.waiting += size
        return True

    def release(self, size: int) -> None:
        """Give reserved bytes back."""
        self.waiting -= size

    async def deliver(self, header: Mapping[str, Any], body: bytes) -> Answer:
        """Hand a body over and wait for its commit. Its bytes were reserved; they are given back.

        The bytes stay counted until the engine answers, even if the client went away: it is the
        memory that the bound is about.
        """
        writer = self._writer
        if self.state != "up" or writer is None:
            self.release(len(body))
            return _away()
        number = next(self._ids)
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._pending[number] = (future, len(body), time.monotonic())
        told = {"kind": "body", "id": number, "arrival": self.clock(), **header}
        writer.write(wire.pack(told, body))
        writer.write(body)
        try:
            return await asyncio.wait_for(asyncio.shield(future), self.setup.wait)
        except TimeoutError:
            return Answer(
                503,
                problem(
                    "the events are not on the disk yet",
                    got=f"{self.setup.wait:g} s of waiting",
                    next="send the same body again: what is stored by then counts as a replay",
                ),
            )

    async def _keep(self) -> None:
        """Start the engine, and again when it ends, until the service ends."""
        begun, pause = time.monotonic(), BACKOFF[0]
        while not self._ending.is_set():
            started = time.monotonic()
            failure = await self._one()
            self.state, self._writer = "down", None
            for key, value in self.counts.items():
                self._before[key] = self._before.get(key, 0) + value
            self.counts = {}
            self._drop()
            if self._ending.is_set():
                return
            if failure is not None and self.starts == 0 and started - begun > GIVE_UP:
                self._fatal(failure)
                return
            pause = BACKOFF[0] if time.monotonic() - started > 30 else min(2 * pause, BACKOFF[1])
            self._say(f"the engine ended; it is started again in {pause:g} s")
            await asyncio.sleep(pause)

    async def _one(self) -> HydrometerError | None:
        """Run one engine to its end; return why it could not start."""
        mine, theirs = socket.socketpair()
        process = await asyncio.create_subprocess_exec(
            *self._command,
            str(theirs.fileno()),
            pass_fds=[theirs.fileno()],
            stdin=asyncio.subprocess.DEVNULL,
        )
        theirs.close()
        self.pid = process.pid
        reader, writer = await asyncio.open_unix_connection(sock=mine)
        failure: HydrometerError | None = None
        ticks = asyncio.create_task(self._tick(writer))
        try:
            writer.write(wire.pack({"kind": "setup"}, body := msgspec.json.encode(self.setup)))
            writer.write(body)
            while (frame := await wire.read(reader)) is not None:
                if frame[0]["kind"] == "decisions":
                    # In a thread: a table of 10^5 accounts takes some ms, and decisions go on.
                    self.decisions = await asyncio.to_thread(Decisions.from_bytes, frame[1])
                    self._say(f"decisions in force for {frame[0]['accounts']} accounts")
                else:
                    failure = self._take(writer, frame[0]) or failure
        finally:
            ticks.cancel()
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
            try:
                await asyncio.wait_for(process.wait(), DRAIN)
            except TimeoutError:
                process.kill()
        return failure

    async def _tick(self, writer: asyncio.StreamWriter) -> None:
        """Pass the time on: nothing behind the front reads a clock."""
        while True:
            writer.write(wire.pack({"kind": "tick", "now": self.clock()}))
            await asyncio.sleep(1.0)

    def _take(
        self, writer: asyncio.StreamWriter, header: dict[str, Any]
    ) -> HydrometerError | None:
        kind = header["kind"]
        if kind == "answer":
            self._settle(header["id"], Answer(header["status"], header["told"]))
        elif kind == "status":
            self.counts, self.rows = header["counts"], header["rows"]
        elif kind == "ready":
            self.state, self._writer, self.rows = "up", writer, header["rows"]
            self.starts += 1
            self._say(f"the engine is up; the log holds {self.rows} events")
        elif kind == "scan":
            self.scan = {k: header[k] for k in ("scans", "events", "seconds", "at")}
        elif kind == "rebuilding":
            self._say(f"{header['done']} of {self.rows} events read again")
        elif kind == "note":
            self._say(f"{header['what']}: {header['error']}")
        elif kind == "failed":
            told = header["told"]["error"]
            self._say(f"the engine cannot start: {told['what']}: {told.get('got', '')}")
            return StoreError(
                told["what"], got=told.get("got"), wanted=told.get("wanted"),
                next_step=told.get("next"),
            )  # fmt: skip
        return None

    def _settle(self, number: int, answer: Answer) -> None:
        future, size, _ = self._pending.pop(number)
        self.release(size)
        if not future.done():
            future.set_result(answer)

    def _drop(self) -> None:
        """Tell everyone who waits that their events may not be stored."""
        for number in list(self._pending):
            self._settle(number, _away())


def _away() -> Answer:
    return Answer(
        503,
        problem(
            "the engine that stores events is starting",
            next="send the same body again: what is stored already counts as a replay",
        ),
    )


def _last(setup: Setup, say: Callable[[str], None]) -> Decisions:
    """Return the table that was in force when the service ended."""
    try:
        return Decisions.from_bytes(setup.decisions.read_bytes())
    except FileNotFoundError:
        return Decisions()
    except (OSError, SchemaError) as err:
        say(f"the last decisions cannot be read, none is in force until the engine is up: {err}")
        return Decisions()
