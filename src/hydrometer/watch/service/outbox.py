"""Events on their way to the service: a bounded queue, sent in batches, the oldest drop first."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque

import msgspec

from hydrometer.watch.service.client import Client
from hydrometer.watch.service.sight import Sight

__all__ = ["Outbox"]

MOST = 10_000
"""Requests that may wait."""
BYTES = 64 << 20
"""Bytes that may wait."""
BATCH = 256
BATCH_BYTES = 8 << 20
"""Bytes of a batch: the service takes bodies of a limited size."""
EVERY = 1.0
"""Seconds between two batches, unless one is full."""
SLOWEST = 30.0
"""Seconds between two tries while the service is away."""
PATIENCE = 60.0
"""Seconds for one batch, its commit included."""


class Outbox:
    """Sends what was seen.

    Parameters
    ----------
    client : Client

    Attributes
    ----------
    dropped : int
        Requests that were dropped because the queue was full, or that the service refused.
    sent : int
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._waiting: deque[Sight] = deque()
        self._bytes = 0
        self._full = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._sending = asyncio.Lock()
        self.dropped = self.sent = 0
        self._told = 0

    def put(self, sight: Sight) -> None:
        """Add one; never waits."""
        self._waiting.append(sight)
        self._bytes += sight.size
        while len(self._waiting) > MOST or self._bytes > BYTES:
            self._bytes -= self._waiting.popleft().size
            self.dropped += 1
        if len(self._waiting) >= BATCH:
            self._full.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    async def flush(self) -> None:
        """Send all that waits; what cannot be sent stays."""
        while self._waiting and await self._send():
            pass

    async def close(self, seconds: float) -> None:
        """Send what waits within some time, and end."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.flush()

    async def _run(self) -> None:
        pause = EVERY
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._full.wait(), pause)
            self._full.clear()
            if not self._waiting:
                continue
            pause = EVERY if await self._send() else min(2 * pause, SLOWEST)
            if len(self._waiting) >= BATCH and pause == EVERY:
                self._full.set()

    async def _send(self) -> bool:
        """Send a batch; False keeps it for the next try."""
        async with self._sending:
            batch = self._take()
            telling = self.dropped
            extra = f"x-hydrometer-dropped: {telling - self._told}\r\n"
            try:
                # In a thread: reading a large prompt must not hold up the answers of others.
                body = await asyncio.to_thread(_lines, batch)
                async with asyncio.timeout(PATIENCE):
                    status, _ = await self._client.post("/v1/ingest/jsonl", body, extra)
            except asyncio.CancelledError:
                self._back(batch)
                raise
            except OSError:
                status = 503
            if status in (429, 500, 502, 503, 504, 401):
                self._back(batch)
                return False
            self._told = telling
            if status == 200:
                self.sent += len(batch)
            else:
                self.dropped += len(batch)
            return True

    def _back(self, batch: list[Sight]) -> None:
        """Put a batch back in its order; the ids are the same, so that none counts twice."""
        self._waiting.extendleft(reversed(batch))
        self._bytes += sum(s.size for s in batch)

    def _take(self) -> list[Sight]:
        batch: list[Sight] = []
        size = 0
        while self._waiting and len(batch) < BATCH and size < BATCH_BYTES:
            sight = self._waiting.popleft()
            batch.append(sight)
            size += sight.size
        self._bytes -= size
        return batch


def _lines(batch: list[Sight]) -> bytes:
    return b"\n".join(msgspec.json.encode(s.record(), enc_hook=str) for s in batch)
