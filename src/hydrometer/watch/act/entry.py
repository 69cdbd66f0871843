"""One line of the action ledger, and what the lines together say is in force."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Literal

import msgspec

from hydrometer.watch.act.policy import ACTIONS

__all__ = ["GENESIS", "Entry", "State", "fold", "seal_line"]

GENESIS = "0" * 64
"""What the first line names as the one before it."""


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line. Times are microseconds since 1970 UTC.

    ``act`` starts an action on one account, ``lift`` ends it before its time, ``stop`` says that
    the safety cap held a scan back, ``note`` tells of the file itself.
    """

    kind: Literal["act", "lift", "stop", "note"]
    time: int
    id: str = ""
    prev: str = GENESIS
    action: str = ""
    account: int = 0
    cluster: str = ""
    level: str = ""
    finding: str = ""
    policy: str = ""
    dry_run: bool = False
    until: int = 0
    rpm: int = 0
    lifts: str = ""
    reason: str = ""


def seal_line(entry: Entry, prev: str) -> tuple[Entry, bytes, str]:
    """Return the entry chained to the line before it, its bytes, and the hash of its line.

    The id is the first 16 digits of the hash of the entry without it, so that a changed entry
    has another id.
    """
    bare = msgspec.structs.replace(entry, prev=prev, id="")
    named = msgspec.structs.replace(bare, id="x-" + _sha(msgspec.json.encode(bare))[:16])
    line = msgspec.json.encode(named)
    return named, line + b"\n", _sha(line)


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class State:
    """What a run of entries adds up to.

    Attributes
    ----------
    acts : dict of str to Entry
        Every action that was started, by id.
    lifted : dict of str to Entry
        The entry that lifted an action, by the id of the action.
    """

    def __init__(self) -> None:
        self.acts: dict[str, Entry] = {}
        self.lifted: dict[str, Entry] = {}
        self.stops: list[Entry] = []
        self.of_account: dict[int, list[Entry]] = {}

    def add(self, entry: Entry) -> None:
        """Take in one more entry."""
        if entry.kind == "act":
            self.acts[entry.id] = entry
            self.of_account.setdefault(entry.account, []).append(entry)
        elif entry.kind == "lift":
            self.lifted[entry.lifts] = entry
        elif entry.kind == "stop":
            self.stops.append(entry)

    def holds(self, act: Entry, now: int) -> bool:
        """Whether an action runs at a time, dry or not."""
        lift = self.lifted.get(act.id)
        return act.time <= now < act.until and (lift is None or lift.time > now)

    def in_force(self, now: int, *, dry_run: bool = False) -> dict[int, list[Entry]]:
        """Return the actions that run at a time, by account, the hardest first.

        Parameters
        ----------
        now : int
            Microseconds since 1970 UTC.
        dry_run : bool
            True gives those that are only written down, instead of those carried out.
        """
        out = {}
        for account, acts in self.of_account.items():
            held = [a for a in acts if a.dry_run is dry_run and self.holds(a, now)]
            if held:
                out[account] = sorted(held, key=lambda a: (-ACTIONS.index(a.action), -a.until))
        return out

    def started_since(self, time: int) -> set[int]:
        """Return the accounts on which a real action started after a time."""
        return {
            a.account
            for acts in self.of_account.values()
            for a in acts
            if a.time > time and not a.dry_run
        }


def fold(entries: Iterable[Entry]) -> State:
    """Return the state of a run of entries.

    Examples
    --------
    >>> act = Entry("act", 10, id="x-1", action="block", account=7, until=100)
    >>> lift = Entry("lift", 20, id="x-2", lifts="x-1")
    >>> [sorted(fold([act, lift]).in_force(t)) for t in (15, 25)]
    [[7], []]
    """
    state = State()
    for entry in entries:
        state.add(entry)
    return state
