"""The engine's side of the encrypted sample: whose prompts are offered, and when it is written."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import pyarrow as pa

from hydrometer.errors import StoreError
from hydrometer.watch.observation import Observation
from hydrometer.watch.result import LEVELS, Cluster
from hydrometer.watch.service.reservoir import Sample

__all__ = ["Evidence", "Prompt", "pack_suspects", "suspects"]

EVERY = 30_000_000
"""Microseconds between two writings of the file, if something changed."""
RECENT = 100_000
"""Ids of offered prompts that are remembered: what a gateway sends twice is offered once."""
SYSTEM = 2_000
"""Characters of a system prompt that are kept: it must not crowd out what the user asked."""

Suspects = Mapping[int, tuple[str, str]]


class Prompt(NamedTuple):
    """The text of one exchange, in memory until its events are on the disk."""

    id: int
    account: int
    time: int
    text: str


def suspects(clusters: Sequence[Cluster]) -> dict[int, tuple[str, str]]:
    """Return the cluster and its level for each account of a cluster of level suspect or above.

    An account of several belongs to the one of the highest level, of these to the first.
    """
    found: dict[int, tuple[str, str]] = {}
    for cluster in sorted(clusters, key=lambda c: -LEVELS.index(c.level)):
        if LEVELS.index(cluster.level) >= LEVELS.index("suspect"):
            for account in cluster.accounts:
                found.setdefault(int(account), (cluster.id, cluster.level))
    return found


def pack_suspects(clusters: Sequence[Cluster]) -> bytes:
    """Return `suspects` as the scanner sends them to the engine."""
    return msgspec.msgpack.encode(suspects(clusters))


class Evidence:
    """Offers prompts of suspected accounts to the sample and writes it now and then.

    Parameters
    ----------
    sample : Sample
    path : Path
        Of its file; what it holds is taken in.
    now : int
        Microseconds since 1970 UTC.

    Raises
    ------
    InputError
        If the file cannot be read, or was sealed for another key.
    SchemaError
        If a line of it is no sealed prompt.
    """

    def __init__(self, sample: Sample, path: Path, *, now: int) -> None:
        self._sample, self._path = sample, path
        sample.load(path, now)
        self._suspects: Suspects = {}
        self._seen: dict[int, None] = {}
        self._changed = False
        self._written = 0

    def learn(self, body: bytes) -> None:
        """Take in whom the last scan suspects. Called from another thread: one assignment."""
        self._suspects = msgspec.msgpack.decode(body, type=dict[int, tuple[str, str]])

    def pick(self, rows: Sequence[Observation], events: pa.RecordBatch) -> list[Prompt]:
        """Return the prompts of suspected accounts.

        Parameters
        ----------
        rows : sequence of Observation
        events : RecordBatch
            The events of the rows, in their order: they hold the pseudonyms.
        """
        suspected = self._suspects
        if not suspected:
            return []
        ids, accounts = (events.column(c).to_numpy().tolist() for c in ("id", "account"))
        return [
            Prompt(request, account, row.time, _text(row))
            for request, account, row in zip(ids, accounts, rows, strict=True)
            if account in suspected and row.user
        ]

    def offer(self, prompts: Sequence[Prompt], now: int) -> None:
        """Offer prompts whose events are stored.

        Parameters
        ----------
        prompts : sequence of Prompt
        now : int
            A time that lies after it is taken for this one: nothing outlives its time.

        Raises
        ------
        MissingExtra
            If cryptography is not installed.
        """
        for one in prompts:
            held = self._suspects.get(one.account)
            if held is None or one.id in self._seen:
                continue
            self._seen[one.id] = None
            if len(self._seen) > RECENT:
                del self._seen[next(iter(self._seen))]
            if self._sample.offer(one.account, *held, one.text, min(one.time, now)):
                self._changed = True

    def write(self, now: int, *, final: bool = False) -> None:
        """Write the file if something changed or expired, and the last writing is some time ago.

        A disk that is full costs the sample, not the service: it is tried again later.
        """
        if now - self._written < EVERY and not final:
            return
        if self._sample.expire(now) or self._changed:
            self._written = now
            try:
                self._sample.write(self._path, now)
            except StoreError as err:
                sys.stderr.write(f"hydrometer watch: {err}\n")
                self._changed = True
            else:
                self._changed = False


def _text(row: Observation) -> str:
    if not row.system:
        return row.user or ""
    return f"[system]\n{row.system[:SYSTEM]}\n[user]\n{row.user}"
