"""Which prompts the encrypted sample keeps: a few of each suspected account, bounded over all."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hydrometer.errors import InputError
from hydrometer.watch.key import Key
from hydrometer.watch.result import LEVELS
from hydrometer.watch.sample import Sealed, read_public_key, read_sample, seal, write_sample
from hydrometer.watch.service.setup import Setup

__all__ = ["Sample", "make_sample"]


class Sample:
    """A bounded, seeded reservoir of sealed prompts: at most a few of each account.

    Within an account every prompt has the same chance to stay, whenever it came.

    Parameters
    ----------
    public_key : str
        From `make_sample_key`.
    seed : int
        Of the choice of prompts; the sealing uses the system's generator.
    per_account, most : int
        Prompts kept of one account, and of all.
    ttl : int
        Seconds after which a prompt is thrown away.
    """

    def __init__(
        self,
        public_key: str,
        *,
        seed: int,
        per_account: int = 5,
        most: int = 2_000,
        ttl: int = 30 * 86_400,
    ) -> None:
        if per_account < 1 or most < 1 or ttl < 1:
            raise InputError(
                "a sample keeps something or is off", got=f"{per_account}, {most}, {ttl}"
            )
        self._key, self._rng = public_key, np.random.default_rng(seed)
        self._per, self._most, self._ttl = per_account, most, ttl
        self._offered: dict[int, int] = {}
        self._admitted = 0
        self._slots: list[tuple[int, Sealed]] = []
        self._of: dict[int, list[int]] = {}

    def __len__(self) -> int:
        return len(self._slots)

    def offer(self, account: int, cluster: str, level: str, text: str, now: int) -> bool:
        """Offer a prompt; return whether it was kept. Below level ``suspect`` none is.

        Raises
        ------
        InputError
            If the level is unknown.
        MissingExtra
            If cryptography is not installed.
        """
        if level not in LEVELS:
            raise InputError("unknown level", got=repr(level)[:40], wanted=", ".join(LEVELS))
        if LEVELS.index(level) < LEVELS.index("suspect") or not text:
            return False
        seen = self._offered[account] = self._offered.get(account, 0) + 1
        mine = self._of.get(account, [])
        if len(mine) < self._per and seen <= self._per:
            slot = self._slot()
        else:
            at = int(self._rng.integers(seen))
            slot = mine[at] if at < len(mine) else None
        if slot is None:
            return False
        expires = now + self._ttl * 1_000_000
        made = seal(text, self._key, account=account, cluster=cluster, time=now, expires=expires)
        if slot == len(self._slots):
            self._slots.append((account, made))
        else:
            self._of[self._slots[slot][0]].remove(slot)
            self._slots[slot] = (account, made)
        self._of.setdefault(account, []).append(slot)
        return True

    def _slot(self) -> int | None:
        """Return where a prompt of an account with room may go: algorithm R over all of them."""
        self._admitted += 1
        if len(self._slots) < self._most:
            return len(self._slots)
        at = int(self._rng.integers(self._admitted))
        return at if at < self._most else None

    def load(self, path: Path, now: int) -> int:
        """Take in what `write` kept before a restart, still sealed; return how many.

        Raises
        ------
        InputError
            If the file is there and cannot be read, or was sealed for another key.
        SchemaError
            If a line is no sealed prompt.
        """
        taken = 0
        for held in read_sample(path):
            if held.to != self._key:
                raise InputError(
                    f"the sample {path} was sealed for another key",
                    got=held.to[:16],
                    wanted=self._key[:16],
                    next_step="move it away; its own key opens it there",
                )
            account = int(held.account[2:], 16)
            full = len(self._of.get(account, ())) >= self._per or len(self._slots) >= self._most
            if held.expires > now and not full:
                self._hold(account, held)
                taken += 1
        return taken

    def _hold(self, account: int, held: Sealed) -> None:
        self._of.setdefault(account, []).append(len(self._slots))
        self._slots.append((account, held))
        self._offered[account] = self._offered.get(account, 0) + 1
        self._admitted += 1

    def expire(self, now: int) -> int:
        """Throw away what has expired; return how many. Its accounts have room again."""
        kept = [(a, s) for a, s in self._slots if s.expires > now]
        gone = len(self._slots) - len(kept)
        if gone:
            # What was offered before counts no more: else new prompts would hardly ever enter.
            self._offered, self._admitted, self._slots, self._of = {}, 0, [], {}
            for account, held in kept:
                self._hold(account, held)
        return gone

    def write(self, path: Path, now: int) -> int:
        """Write what has not expired, whole or not at all, mode 600; return how many.

        Raises
        ------
        StoreError
            If the file cannot be written.
        """
        self.expire(now)
        write_sample(path, [s for _, s in self._slots])
        return len(self._slots)


def make_sample(setup: Setup, key: Key) -> Sample:
    """Return the empty sample of a service that keeps one.

    Raises
    ------
    InputError
        If the public key is none, or prompts are not read, so that there is nothing to keep.
    MissingExtra
        If cryptography is not installed.
    """
    if not setup.text:
        raise InputError("a sample needs prompts, and they are left unread", got="--no-text")
    return Sample(
        read_public_key(setup.sample_key or ""),
        # Under the secret key: nobody who sends prompts can tell which of them stay.
        seed=key.hash("sample", setup.sample_key or ""),
        ttl=max(1, round(setup.sample_days * 86_400)),
    )
