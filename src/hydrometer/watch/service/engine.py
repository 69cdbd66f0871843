"""The engine: one process that decodes, stores, and answers only what is on the disk.

``python -m hydrometer.watch.service.engine FD`` is started by the front; nobody else needs to.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from hydrometer.errors import HydrometerError, StoreError
from hydrometer.store.log import EventLog
from hydrometer.watch.event import EVENTS
from hydrometer.watch.key import load_key
from hydrometer.watch.observe import Observer
from hydrometer.watch.sample import expire_sample
from hydrometer.watch.service import feed, wire
from hydrometer.watch.service.evidence import Evidence
from hydrometer.watch.service.intake import Intake, Taken
from hydrometer.watch.service.problem import problem, problem_of
from hydrometer.watch.service.quarantine import Quarantine
from hydrometer.watch.service.reservoir import make_sample
from hydrometer.watch.service.setup import DAY, Setup
from hydrometer.watch.sources.attribution import load_attribution

__all__ = ["Engine", "main", "run"]

GROUP = 8 << 20
"""Bytes of bodies that share one commit."""
PATIENCE = 10.0
"""Seconds between tries to start the scanner again."""

Frame = tuple[dict[str, Any], bytes]
OpenLog = Callable[[Any, pa.Schema], feed.Log]


class Engine:
    """Stores what the front hands over.

    Parameters
    ----------
    setup : Setup
    front : socket
        Frames both ways.
    environment : mapping
        Where the key may be.
    open_log : callable
        Opens the log; `EventLog` but in tests of a slow disk.
    """

    def __init__(
        self,
        setup: Setup,
        front: socket.socket,
        environment: Mapping[str, str],
        *,
        open_log: OpenLog = EventLog,
    ) -> None:
        self._setup, self._front = setup, front
        key = load_key(Path(setup.key) if setup.key else None, environment)
        mapping = Path(setup.mapping) if setup.mapping else None
        self._evidence = None
        if setup.sample_key:
            # No tick has come: what has expired is thrown away with the first writing.
            self._evidence = Evidence(make_sample(setup, key), setup.sample, now=0)
        self._intake = Intake(
            Observer(key, text=setup.text),
            load_attribution(mapping),
            window=setup.window,
            evidence=self._evidence,
        )
        self._quarantine = Quarantine(setup.quarantine, keep=setup.keep_rejected)
        self._log = open_log(setup.log, EVENTS)
        self._counts: Counter[str] = Counter()
        self._frames: queue.SimpleQueue[Frame | None] = queue.SimpleQueue()
        self._writing = threading.Lock()
        self._now = 0
        self._pruned = 0
        self._scanner: subprocess.Popen[bytes] | None = None
        self._feeding: tuple[socket.socket, threading.Thread] | None = None
        self._tried = -PATIENCE

    def run(self) -> None:
        """Work until the front is gone or says stop."""
        threading.Thread(target=self._listen, daemon=True).start()
        self._tell({"kind": "ready", "rows": self._log.rows})
        try:
            while True:
                self._watch_scanner()
                frames = self._next()
                if frames is None:
                    return
                if frames:
                    self._handle(frames)
                if self._evidence:
                    self._evidence.write(self._now)
                self._tell(self._status())
        finally:
            if self._evidence:
                self._evidence.write(self._now, final=True)
            self._end_scanner()
            self._log.close()

    def _listen(self) -> None:
        while (frame := wire.receive(self._front)) is not None:
            if frame[0]["kind"] == "tick":
                self._now = frame[0]["now"]
            else:
                self._frames.put(frame)
        self._frames.put(None)

    def _next(self) -> list[Frame] | None:
        """Return what waits, up to one commit; nothing after a while, None at the end."""
        out: list[Frame] = []
        size = 0
        try:
            frame = self._frames.get(timeout=1.0)
            while frame is not None and frame[0]["kind"] == "body":
                out.append(frame)
                size += len(frame[1])
                if size >= GROUP:
                    return out
                frame = self._frames.get_nowait()
        except queue.Empty:
            return out
        if out:  # what was taken is stored before the end
            self._frames.put(None)
            return out
        return None

    def _handle(self, frames: list[Frame]) -> None:
        taken: list[tuple[Frame, Taken]] = []
        for frame in frames:
            try:
                taken.append((frame, self._intake(*frame)))
            except HydrometerError as err:
                self._counts["unreadable"] += 1
                self._answer(frame, 400, problem_of(err))
            except Exception:
                # A defect of ours: one body must not stop all others.
                traceback.print_exc()
                self._counts["failed"] += 1
                told = problem("a defect of hydrometer", next="report it with the log's lines")
                self._answer(frame, 500, told)
        if not taken:
            return
        try:
            self._store(taken)
        except StoreError as err:
            self._counts["unstored"] += len(taken)
            for frame, _ in taken:
                self._answer(frame, 503, problem_of(err))
            return
        for frame, found in taken:
            if self._evidence:
                self._evidence.offer(found.prompts, frame[0]["arrival"])
            told = {
                "accepted": found.events.num_rows,
                "rejected": len(found.rejected),
                "skipped": found.skipped,
                "skewed": found.skewed,
            }
            if found.rejected:
                told["reasons"] = sorted({r.reason[:200] for r in found.rejected})[:5]
            self._answer(frame, 200, told)

    def _store(self, taken: list[tuple[Frame, Taken]]) -> None:
        batches = [t.events for _, t in taken if t.events.num_rows]
        rows = sum(b.num_rows for b in batches)
        stored = self._log.append(pa.Table.from_batches(batches)) if batches else 0
        # After the log: a client that was told 503 sends again, and these lines come once.
        for frame, found in taken:
            self._quarantine.add(found.rejected, arrival=frame[0]["arrival"])
        self._counts["received"] += rows + sum(len(t.rejected) for _, t in taken)
        self._counts["stored"] += stored
        self._counts["replays"] += rows - stored
        self._counts["rejected"] += sum(len(t.rejected) for _, t in taken)
        self._counts["skipped"] += sum(t.skipped for _, t in taken)
        self._counts["skewed"] += sum(t.skewed for _, t in taken)

    def _answer(self, frame: Frame, status: int, told: dict[str, Any]) -> None:
        self._tell({"kind": "answer", "id": frame[0]["id"], "status": status, "told": told})

    def _tell(self, header: dict[str, Any], body: bytes = b"") -> None:
        try:
            with self._writing:
                wire.send(self._front, header, body)
        except OSError:
            return  # the front is gone: the listener sees the end, and so do we

    def _hear(self, header: dict[str, Any], body: bytes) -> None:
        """Pass on what the scanner tells; whom it suspects is for us alone."""
        if header["kind"] != "suspects":
            self._tell(header, body)
        elif self._evidence:
            self._evidence.learn(body)

    def _status(self) -> dict[str, Any]:
        return {"kind": "status", "counts": dict(self._counts), "rows": self._log.rows}

    def _watch_scanner(self) -> None:
        """Start the scanner, and again when it died; prune between two of them, once a day."""
        if self._now == 0:
            return  # no tick yet
        if self._now - self._pruned >= DAY:
            self._pruned = self._now
            self._expire()
            self._prune(self._now - int((self._setup.window + 1) * DAY))
        if self._scanner is not None and self._scanner.poll() is None:
            return
        if time.monotonic() - self._tried < PATIENCE:
            return
        self._tried = time.monotonic()
        self._end_scanner()  # what is left of the one before
        mine, theirs = socket.socketpair()
        self._scanner = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", "hydrometer.watch.service.scanner", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
        )
        theirs.close()
        wire.send(mine, {"kind": "setup", "now": self._now}, msgspec.json.encode(self._setup))
        thread = threading.Thread(
            target=feed.serve, args=(mine, self._log, lambda: self._now, self._hear), daemon=True
        )
        thread.start()
        self._feeding = mine, thread

    def _end_scanner(self) -> None:
        """Hang up, which the scanner takes as the end; one that is in a scan does not listen."""
        if self._scanner is None or self._feeding is None:
            return
        sock, thread = self._feeding
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
        try:
            self._scanner.wait(3.0)
        except subprocess.TimeoutExpired:
            self._scanner.kill()
            self._scanner.wait()
        thread.join(3.0)
        sock.close()

    def _expire(self) -> None:
        """Throw away what expired in a sample that is not written any more."""
        if self._evidence is None:
            try:
                expire_sample(self._setup.sample, self._now)
            except HydrometerError as err:
                sys.stderr.write(f"hydrometer watch: {err}\n")

    def _prune(self, before: int) -> None:
        """Forget what no window holds any more; the log is opened anew then, so look first."""
        try:
            if any(True for _ in self._log.scan(None, before, columns=("id",))):
                self._log.prune(before)
        except StoreError as err:
            sys.stderr.write(f"hydrometer watch: {err}\n")


def run(descriptor: int, *, open_log: OpenLog = EventLog) -> int:
    """Serve the front at a descriptor; return the exit code."""
    # The front ends us. Ctrl-C, and a supervisor's SIGTERM to the whole group, must not cut short
    # what the front has taken and not answered yet.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.nice(5)  # a decision goes before a commit
    front = socket.socket(fileno=descriptor)
    first = wire.receive(front)
    if first is None:
        return 0
    try:
        engine = Engine(
            msgspec.json.decode(first[1], type=Setup), front, os.environ, open_log=open_log
        )
    except HydrometerError as err:
        wire.send(front, {"kind": "failed", "told": problem_of(err)})
        return 1
    engine.run()
    return 0


def main(argv: list[str]) -> int:
    """Run from the command line: the only argument is the descriptor of the socket."""
    return run(int(argv[1]))


if __name__ == "__main__":
    sys.exit(main(sys.argv))
