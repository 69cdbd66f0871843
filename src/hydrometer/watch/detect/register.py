"""Clusters over time: one name for what grows from scan to scan, and a memory of finds."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from hydrometer.errors import InputError
from hydrometer.watch.detect.groups import runs
from hydrometer.watch.result import LEVELS, Cluster

__all__ = ["Index", "Register"]

SAME = 0.5
"""Share of the smaller set of accounts that two looks at one cluster have in common."""
GROWN = 1.1
"""Growth in exchanges or accounts from which a look is a new test."""
KNOWN = 0.8
"""Share of accounts known from the last look, below which it is one too."""


FORGOTTEN = 14 * 86_400_000_000
"""Microseconds after which a cluster that never mattered is forgotten."""


@dataclass(frozen=True)
class Index:
    """Accounts of all known clusters, ascending, each with the number of its cluster."""

    names: list[str]
    sizes: NDArray[np.int64]
    accounts: NDArray[np.uint64]
    owner: NDArray[np.int64]


@dataclass
class _Entry:
    cluster: Cluster
    accounts: NDArray[np.uint64]
    events: int
    members: int
    seen: int


@dataclass(frozen=True)
class _Stored:
    """The wire form: clusters, their events and accounts at the last test, when last seen."""

    looks: int
    groups: int
    since: int | None
    entries: list[tuple[Cluster, int, int, int]]


@dataclass
class Register:
    """What has been found so far.

    Attributes
    ----------
    looks : int
        Close looks at clusters that had grown.
    groups : int
        Most groups that one scan has weighed before it chose which to look at.
    since : int or None
        Time of the first test, microseconds since 1970 UTC.
    """

    entries: dict[str, _Entry] = field(default_factory=dict)
    looks: int = 0
    groups: int = 0
    since: int | None = None

    def copy(self) -> Register:
        """Return a register that may go its own way."""
        entries = {name: replace(entry) for name, entry in self.entries.items()}
        return Register(entries, self.looks, self.groups, self.since)

    @property
    def tested(self) -> int:
        """Tests that the budget pays for: those done, and those that a choice spared."""
        return self.looks + self.groups

    def family(self, groups: int) -> None:
        """Note how many groups a scan chose from."""
        self.groups = max(self.groups, groups)

    def index(self) -> Index:
        """Return every known cluster's accounts, to find the names of what a scan has found."""
        names = list(self.entries)
        sizes = [self.entries[n].accounts.size for n in names]
        owner = np.repeat(np.arange(len(names)), sizes)
        accounts = [self.entries[n].accounts for n in names]
        flat = np.concatenate(accounts) if accounts else np.zeros(0, dtype=np.uint64)
        order = np.argsort(flat, kind="stable")
        return Index(names, np.array(sizes, dtype=np.int64), flat[order], owner[order])

    def name(self, accounts: NDArray[np.uint64], taken: set[str], index: Index) -> str:
        """Return the id of the known cluster with most of these accounts, or a new id."""
        low = np.searchsorted(index.accounts, accounts, side="left")
        high = np.searchsorted(index.accounts, accounts, side="right")
        both = np.bincount(index.owner[runs(low, high - low)], minlength=len(index.names))
        for at in np.argsort(-both, kind="stable").tolist():
            if both[at] == 0:
                break
            known: str = index.names[at]
            enough = both[at] >= SAME * min(int(index.sizes[at]), accounts.size)
            if enough and known not in taken:
                return known
        number = int(accounts.min())
        while f"c-{number:016x}" in self.entries or f"c-{number:016x}" in taken:
            number = (number + 0x9E3779B97F4A7C15) % 2**64
        return f"c-{number:016x}"

    def forget(self, time: int) -> None:
        """Drop clusters below ``suspect`` that no scan has found for a fortnight."""
        old = time - FORGOTTEN
        for name, entry in list(self.entries.items()):
            if entry.seen < old and entry.cluster.level in LEVELS[:2]:
                del self.entries[name]

    def charge(self, name: str, accounts: NDArray[np.uint64], events: int, time: int) -> bool:
        """Say whether this look is a new test, and count it.

        It is where the cluster has more exchanges or accounts than when it was last tested, by a
        tenth, or where a fifth of its accounts are new since the last look.
        """
        self.since = time if self.since is None else self.since
        entry = self.entries.get(name)
        if entry is not None:
            known = np.intersect1d(entry.accounts, accounts, assume_unique=True).size
            grown = events >= GROWN * entry.events or accounts.size >= GROWN * entry.members
            if not grown and known >= KNOWN * accounts.size:
                return False
        self.looks += 1
        return True

    def keep(self, cluster: Cluster, time: int, *, charged: bool) -> Cluster:
        """Remember a look; return what now holds.

        An uncharged look cannot raise the level. An alarm stands, for the accounts that it was
        raised for, until people lift it: a look that is no alarm itself adds nobody to it.
        """
        entry = self.entries.get(cluster.id)
        if entry is not None:
            held = entry.cluster.level
            rises = LEVELS.index(cluster.level) > LEVELS.index(held)
            if rises and not charged:
                cluster = replace(cluster, level=held)
            if held == "alarm" and cluster.level != "alarm":
                entry.seen = time
                return entry.cluster
        accounts = np.sort(np.array(cluster.accounts, dtype=np.uint64))
        events, members = cluster.events, accounts.size
        if entry is not None and not charged:
            events, members = entry.events, entry.members
        self.entries[cluster.id] = _Entry(cluster, accounts, events, members, time)
        return cluster

    def unseen(self, time: int) -> list[Cluster]:
        """Return clusters of at least ``suspect`` that this scan did not find again."""
        return [
            e.cluster
            for e in self.entries.values()
            if e.seen != time and e.cluster.level in LEVELS[2:]
        ]

    def to_bytes(self) -> bytes:
        """Return the register as bytes, so that names and budget outlive a process."""
        entries = [(e.cluster, e.events, e.members, e.seen) for e in self.entries.values()]
        return msgspec.msgpack.encode(_Stored(self.looks, self.groups, self.since, entries))

    @classmethod
    def from_bytes(cls, data: bytes) -> Register:
        """Return the register that `to_bytes` gave.

        Raises
        ------
        InputError
            If the bytes are no register.
        """
        try:
            stored = msgspec.msgpack.decode(data, type=_Stored)
        except (msgspec.MsgspecError, UnicodeDecodeError) as err:
            raise InputError("not a register of clusters", got=str(err)[:120]) from err
        out = cls(looks=stored.looks, groups=stored.groups, since=stored.since)
        for cluster, events, members, seen in stored.entries:
            accounts = np.sort(np.array(cluster.accounts, dtype=np.uint64))
            out.entries[cluster.id] = _Entry(cluster, accounts, events, members, seen)
        return out
