"""When people and machines send: hours of the day, weekdays, sessions, ServeGen's clients."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from hydrometer.watch.simulate.dice import Dice
from hydrometer.watch.simulate.material import Client
from hydrometer.watch.simulate.scenario import Stream

__all__ = ["PROFILES", "ZONES", "Clock"]

Floats = NDArray[np.float64]
BIN = 600.0
"""Seconds in one bin of the curves, as in ServeGen."""

_HOURS = {
    "office": [1, 1, 1, 1, 1, 2, 6, 18, 50, 85, 95, 90, 60, 80, 95, 92, 80, 55, 25, 14, 10, 8,
               5, 2],
    "evening": [18, 8, 4, 2, 2, 2, 5, 10, 14, 16, 18, 20, 24, 24, 24, 26, 30, 38, 50, 70, 85, 90,
                75, 45],
    "student": [30, 14, 6, 3, 2, 2, 3, 8, 20, 34, 40, 42, 36, 40, 46, 48, 48, 44, 48, 60, 74, 80,
                70, 50],
    "flat": [1] * 24,
    "nightly": [60, 95, 100, 80, 40, 10, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 5, 10, 30],
}  # fmt: skip
_WEEK = {
    "office": [1.0, 1.05, 1.05, 1.0, 0.85, 0.15, 0.12],
    "evening": [0.85, 0.85, 0.9, 0.9, 0.95, 1.2, 1.25],
    "student": [1.0, 1.0, 1.05, 1.0, 0.8, 0.7, 0.95],
    "flat": [1.0] * 7,
    "nightly": [1.0, 1.0, 1.0, 1.0, 1.0, 0.8, 0.8],
}
PROFILES = tuple(_HOURS)
ZONES = (-8, -7, -6, -5, -5, -3, 0, 0, 1, 1, 1, 2, 3, 5.5, 5.5, 7, 8, 8, 8, 9, 9, 10)
"""Hours from UTC; a zone that stands twice has twice the people."""


class Clock:
    """Draws times within one stream, in seconds from its start.

    Parameters
    ----------
    stream : Stream
        Length, start, and what happens to everybody (a surge).
    """

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.end = stream.days * 86400.0
        self._curves: dict[tuple[str, float], Floats] = {}
        bins = int(np.ceil(self.end / BIN))
        at = (np.arange(bins) + 0.5) * BIN
        self._at = at
        self._world = np.ones(bins)
        if stream.surge_day >= 0.0:
            since = at / 86400.0 - stream.surge_day
            pulse = np.where(since >= 0.0, np.exp(-np.maximum(since, 0.0) / 2.0), 0.0)
            self._world += (stream.surge - 1.0) * pulse

    def curve(self, profile: str, zone: float) -> Floats:
        """Return the cumulative intensity at the edges of the bins."""
        key = (profile, zone)
        if key not in self._curves:
            local = (
                self._at / 3600.0 + zone + self.stream.start.hour + self.stream.start.minute / 60.0
            )
            day = np.floor(local / 24.0).astype(int) + self.stream.start.weekday()
            hours = np.array([*_HOURS[profile], _HOURS[profile][0]], dtype=float)
            rate = np.interp(local % 24.0, np.arange(25.0), hours)
            rate = rate * np.array(_WEEK[profile])[day % 7] * self._world
            self._curves[key] = np.concatenate([[0.0], np.cumsum(rate)])
        return self._curves[key]

    def draw(
        self,
        dice: Dice,
        n: int,
        profile: str,
        zone: float,
        start: float = 0.0,
        end: float | None = None,
    ) -> Floats:
        """Return n sorted times of a Poisson process with this curve, between start and end."""
        curve = self.curve(profile, zone)
        until = self.end if end is None else min(end, self.end)
        start = min(max(start, 0.0), max(until - 1.0, 0.0))
        edges = np.arange(curve.size) * BIN
        low, high = np.interp([start, until], edges, curve)
        u = low + (high - low) * np.sort(dice.rng.random(n))
        out: Floats = np.interp(u, curve, edges)
        return out

    def sessions(
        self,
        dice: Dice,
        n: int,
        profile: str,
        zone: float,
        start: float = 0.0,
        end: float | None = None,
        *,
        length: float = 4.0,
        gap: float = 75.0,
    ) -> tuple[Floats, NDArray[np.int64]]:
        """Return n times in sessions, and how many came before each in its session.

        Parameters
        ----------
        length : float
            Mean number of requests in a session.
        gap : float
            Median seconds between two requests of one session; log-normal, as people are.
        """
        sizes: list[int] = []
        left = n
        while left > 0:
            size = min(left, 1 + int(-math.log(1.0 - dice()) * (length - 0.5)))
            sizes.append(size)
            left -= size
        begin = self.draw(dice, len(sizes), profile, zone, start, end)
        counts = np.array(sizes)
        first = np.repeat(np.cumsum(counts) - counts, counts)
        place = np.arange(n) - first
        gaps = np.exp(np.log(gap) + 1.1 * dice.rng.standard_normal(n))
        run = np.cumsum(np.where(place == 0, 0.0, gaps))
        times = np.repeat(begin, counts) + run - run[first]
        until = self.end if end is None else min(end, self.end)
        inside = times < until
        order = np.argsort(times[inside], kind="stable")
        return times[inside][order], place[inside][order]

    def client(self, dice: Dice, client: Client, n: int, start: float, end: float) -> Floats:
        """Return about n times that follow a ServeGen client: its curve and its burstiness.

        The client's days are repeated from a random day on where the stream is longer than its
        trace.
        """
        active = client.rate > 0.0
        if not active.any():
            return self.draw(dice, n, "flat", 0.0, start, end)
        bins = int(np.ceil((end - start) / BIN))
        days = max(1, client.rate.size // 144)
        shift = 144 * dice.below(days) + int(start // BIN) % 144
        at = (shift + np.arange(max(bins, 1))) % client.rate.size
        # A client that is silent most of the time would give an empty stream by chance.
        rate = client.rate[at] + 0.02 * client.rate[active].mean()
        mean = n * rate / rate.sum()
        cv2 = np.clip(client.cv[at] ** 2, 0.3, 30.0)
        counts = dice.rng.poisson(mean * dice.rng.gamma(1.0 / (0.1 * cv2), 0.1 * cv2))
        total = int(counts.sum())
        which = np.repeat(np.arange(at.size), counts)
        gaps = dice.rng.gamma(1.0 / cv2[which], cv2[which]) + 1e-9
        run = np.cumsum(gaps)
        first = np.concatenate([[0], np.cumsum(counts)[:-1]])[which]
        size = np.bincount(which, gaps, at.size)[which] if total else run
        inside = (run - run[first] + gaps[first] * dice.rng.random(total)) / size
        times = start + (which + np.clip(inside, 0.0, 0.9999)) * BIN
        return np.sort(times[times < end])
