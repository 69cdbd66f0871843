"""The plainest peer: a limit on how much one account may send in an hour or a day."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hydrometer.watch.evaluate_stream import Part
from hydrometer.watch.evaluate_truth import Accounts
from hydrometer.watch.result import Scan

__all__ = ["RateLimit"]

HOUR = 3_600_000_000


class RateLimit:
    """Score of an account: the most exchanges it sent in any one hour, or day, of the UTC clock.

    A rate limit has no alarm of its own: its threshold is what the site chooses. It is judged by
    its accounts' scores alone.

    Parameters
    ----------
    accounts : Accounts
    hours : int
        Length of the bucket: 1 or 24.

    Examples
    --------
    >>> from hydrometer.watch.evaluate_truth import Label, label_accounts
    >>> from hydrometer.watch.key import Key
    >>> RateLimit(label_accounts({"a": Label("", "x")}, [], Key(bytes(32))), hours=24).name
    'rate limit, a day'
    """

    def __init__(self, accounts: Accounts, *, hours: int) -> None:
        self._accounts, self._width = accounts, hours * HOUR
        self.name = f"rate limit, {'an hour' if hours == 1 else 'a day'}"
        self._most = np.zeros(len(accounts), dtype=np.int64)
        self._bucket = np.full(len(accounts), -1, dtype=np.int64)
        self._count = np.zeros(len(accounts), dtype=np.int64)
        self._events = 0
        self._begin = 0

    def add(self, part: Part) -> None:
        """Count the exchanges of each account and bucket."""
        if not part.time.size:
            return
        if not self._events:
            self._begin = int(part.time[0])
        self._events += part.time.size
        pairs = np.column_stack([part.time // self._width, part.account.astype(np.int64)])
        found, count = np.unique(pairs, axis=0, return_counts=True)
        for begin, end in _runs(found[:, 0]):
            bucket, who, n = found[begin, 0], found[begin:end, 1], count[begin:end]
            self._count[who] = np.where(self._bucket[who] == bucket, self._count[who] + n, n)
            self._bucket[who] = bucket
            self._most[who] = np.maximum(self._most[who], self._count[who])

    def scan(self, time: int) -> Scan:
        """Return the scores; no cluster."""
        there = self._most > 0
        return Scan(
            time=time,
            begin=self._begin,
            events=self._events,
            accounts=self._accounts.pseudonym[there],
            scores=self._most[there].astype(np.float64),
            clusters=(),
            tested=0,
            budget=0.0,
        )

    peek = scan


def _runs(values: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Return where runs of equal values begin and end."""
    ends = [*np.flatnonzero(np.diff(values)) + 1, values.size]
    return list(zip([0, *ends[:-1]], ends, strict=True))
