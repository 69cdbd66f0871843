"""Token buckets for throttled accounts: the only state of the lookup, and it may be lost."""

from __future__ import annotations

__all__ = ["Throttle"]


class Throttle:
    """Buckets of one request per ``60 / rpm`` seconds that hold at most a minute's worth.

    Parameters
    ----------
    most : int
        Buckets kept; beyond it those that are full again are dropped, then the oldest.

    Examples
    --------
    >>> t = Throttle()
    >>> [t.take(7, 2, 0) for _ in range(3)]
    [0.0, 0.0, 30.0]
    >>> t.take(7, 2, 30_000_000)
    0.0
    """

    def __init__(self, most: int = 100_000) -> None:
        self._most = most
        self._full_at: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, account: int, rpm: int, now_us: int) -> float:
        """Take a token; return 0, or the seconds until there is one (then none is taken).

        Parameters
        ----------
        account : int
            Pseudonym.
        rpm : int
            Requests per minute, at least 1.
        now_us : int
            Microseconds since 1970 UTC; a clock that steps back takes nothing away.
        """
        # A bucket is one number: when it will be full again. Each request moves that by 60/rpm.
        step = 60_000_000 // rpm
        empty = now_us + 60_000_000
        full_at = min(max(self._full_at.get(account, now_us), now_us), empty)
        wait = full_at + step - empty
        if wait > 0:
            return wait / 1e6
        if account not in self._full_at and len(self._full_at) >= self._most:
            self._make_room(now_us)
        self._full_at[account] = full_at + step
        return 0.0

    def _make_room(self, now_us: int) -> None:
        self._full_at = {a: t for a, t in self._full_at.items() if t > now_us}
        while len(self._full_at) >= self._most:
            del self._full_at[next(iter(self._full_at))]
