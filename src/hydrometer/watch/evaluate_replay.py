"""Replay of a labelled stream: the looks of an operator raise alarms, others only measure."""

from __future__ import annotations

import math
import time as clock
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hydrometer.watch.evaluate_measure import measure_scores, spread
from hydrometer.watch.evaluate_stream import Part, Stream
from hydrometer.watch.evaluate_truth import BENIGN, UNLABELLED
from hydrometer.watch.result import LEVELS, Cluster, Scan

__all__ = ["FRACTIONS", "Method", "Onset", "Track", "replay"]

FRACTIONS = (0.01, 0.03, 0.1, 0.5, 1.0)
"""Shares of a campaign's exchanges at which accounts are scored."""

ROWS = 65_536
"""Events handed over at once, at most."""

_ALARM, _SUSPECT = LEVELS.index("alarm"), LEVELS.index("suspect")


class Method(Protocol):
    """What is scored: a detector, or a peer of it."""

    @property
    def name(self) -> str:
        """How the tables call it."""

    def add(self, part: Part) -> None:
        """Take in the next stretch of the stream."""

    def scan(self, time: int) -> Scan:
        """Look as an operator does: this look may spend a budget and name clusters."""

    def peek(self, time: int) -> Scan:
        """Look without leaving a trace: what `scan` would say, and nothing remembers it."""


@dataclass(frozen=True)
class Onset:
    """When a level was first reached for a campaign, and how much of it had been sent by then."""

    time: int
    exchanges: int
    fraction: float
    cluster: str


@dataclass
class Track:
    """What one method said during a replay.

    Attributes
    ----------
    alarms, notices : dict of int to Onset
        By campaign: the first cluster of level alarm, and the first of level suspect or above,
        that stands for it: half of its labelled accounts are the campaign's, or half are some
        campaign's and ten, and a tenth, are this one's.
    false, mixed : dict of str to dict
        Alarmed clusters, by id, that held less than half campaign accounts at any look; and those
        with half or more, no campaign having ten and a tenth.
    raised : set of str
        Ids of all alarmed clusters.
    accused, blamed : ndarray of bool
        Accounts in any alarmed cluster; those with a membership of at least 0.5.
    points : dict of (float, int) to dict
        Measured scores by share and campaign.
    final : dict
        Scores of all campaigns at the end of the stream.
    seconds : dict
        Processor time of adding, of looking and of measuring.
    """

    alarms: dict[int, Onset] = field(default_factory=dict)
    notices: dict[int, Onset] = field(default_factory=dict)
    false: dict[str, dict[str, Any]] = field(default_factory=dict)
    mixed: dict[str, dict[str, Any]] = field(default_factory=dict)
    raised: set[str] = field(default_factory=set)
    accused: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))
    blamed: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))
    points: dict[tuple[float, int], dict[str, Any]] = field(default_factory=dict)
    final: dict[str, Any] = field(default_factory=dict)
    scans: int = 0
    seconds: dict[str, float] = field(
        default_factory=lambda: {"add": 0.0, "scan": 0.0, "measure": 0.0}
    )


@dataclass(frozen=True)
class _Stop:
    """A row before which the replay stops, and what for: a look, or campaigns to measure."""

    row: int
    time: int
    measured: tuple[tuple[float, int], ...] = ()


def replay(
    stream: Stream,
    methods: Sequence[Method],
    *,
    every: int,
    progress: Callable[[int, int], None] | None = None,
) -> list[Track]:
    """Feed the stream to the methods in the order of time and note what they say.

    Looks come on a fixed grid, multiples of ``every`` since 1970; a look before which nothing new
    arrived is not made. Only these raise alarms. At the moments at which a campaign has sent one
    of `FRACTIONS` of its exchanges, and at the end, scores are measured by `Method.peek`.

    Parameters
    ----------
    stream : Stream
    methods : sequence of Method
    every : int
        Microseconds between looks.
    progress : callable, optional
        Told rows done and rows in all.

    Returns
    -------
    list of Track
        One for each method.
    """
    size = len(stream.accounts)
    tracks = [Track(accused=np.zeros(size, bool), blamed=np.zeros(size, bool)) for _ in methods]
    last = np.full(size, np.iinfo(np.int64).min)
    sent = _cumulated(stream)
    at = 0
    for stop in _stops(stream, every):
        while at < stop.row:
            end = min(stop.row, at + ROWS)
            part = stream.part(at, end)
            last[part.account] = part.time
            for method, track in zip(methods, tracks, strict=True):
                with _Timed(track, "add"):
                    method.add(part)
            at = end
            if progress:
                progress(at, len(stream))
        for method, track in zip(methods, tracks, strict=True):
            if stop.measured:
                with _Timed(track, "measure"):
                    scan = method.peek(stop.time)
                _measure(stream, track, scan, stop, last)
            else:
                with _Timed(track, "scan"):
                    scan = method.scan(stop.time)
                track.scans += 1
                for cluster in scan.clusters:
                    _judge(stream, track, cluster, scan.time, at, sent)
    return tracks


class _Timed:
    """Adds the processor time of a block to a track."""

    def __init__(self, track: Track, name: str) -> None:
        self._track, self._name = track, name

    def __enter__(self) -> None:
        self._begun = clock.process_time()

    def __exit__(self, *_: object) -> None:
        self._track.seconds[self._name] += clock.process_time() - self._begun


def _cumulated(stream: Stream) -> list[NDArray[np.int64]]:
    """Return for each campaign the rows of its exchanges, ascending."""
    of_row = stream.accounts.campaign[stream.account]
    return [np.flatnonzero(of_row == c) for c in range(len(stream.accounts.campaigns))]


def _stops(stream: Stream, every: int) -> list[_Stop]:
    """Return looks and measurements in order; at one row measurements come first."""
    time, n = stream.time, len(stream)
    ticks = np.unique(-(-time // every)) * every  # ceiling: the look that first sees an event
    rows = np.searchsorted(time, ticks, side="right")
    stops = [_Stop(int(r), int(t)) for r, t in zip(rows, ticks, strict=True)]
    wanted: dict[int, list[tuple[float, int]]] = {n: [(math.nan, -1)]}
    for c, mine in enumerate(_cumulated(stream)):
        for fraction in FRACTIONS if mine.size else ():
            row = int(mine[max(math.ceil(fraction * mine.size - 1e-9), 1) - 1]) + 1
            wanted.setdefault(row, []).append((fraction, c))
    stops += [_Stop(row, int(time[row - 1]), tuple(what)) for row, what in wanted.items()]
    return sorted(stops, key=lambda s: (s.row, not s.measured, s.time))


def _measure(
    stream: Stream, track: Track, scan: Scan, stop: _Stop, last: NDArray[np.int64]
) -> None:
    accounts = stream.accounts
    scores = spread(scan, accounts)
    seen = last >= max(scan.begin, np.iinfo(np.int64).min + 1)
    for fraction, c in stop.measured:
        positive = accounts.campaign >= 0 if c < 0 else accounts.campaign == c
        found = measure_scores(scores, seen, positive, accounts)
        if c < 0:
            track.final = found
        else:
            track.points[fraction, c] = {"time": stop.time, **found}


def _judge(
    stream: Stream,
    track: Track,
    cluster: Cluster,
    time: int,
    at: int,
    sent: list[NDArray[np.int64]],
) -> None:
    """Note what a cluster at a look means: a campaign found, or benign accounts accused."""
    level = LEVELS.index(cluster.level)
    if level < _SUSPECT:
        return
    accounts = stream.accounts
    rows = accounts.find(np.asarray(cluster.accounts, dtype=np.uint64))
    membership = np.asarray(cluster.membership, dtype=np.float64)[rows >= 0]
    rows = rows[rows >= 0]
    campaign = accounts.campaign[rows]
    labelled = int(np.sum(campaign != UNLABELLED))
    mine = np.bincount(campaign[campaign >= 0], minlength=len(accounts.campaigns))
    owners = _owners(mine, labelled)
    for owner in owners:
        count = int(np.searchsorted(sent[owner], at, side="left"))
        onset = _onset(time, count, sent[owner].size, cluster.id)
        track.notices.setdefault(owner, onset)
        if level == _ALARM:
            track.alarms.setdefault(owner, onset)
    if level < _ALARM:
        return
    track.raised.add(cluster.id)
    track.accused[rows] = True
    track.blamed[rows[membership >= 0.5]] = True
    if not owners and labelled:
        few = 2 * int(mine.sum()) < labelled
        kinds = Counter(accounts.kinds[k] for k in accounts.kind[rows[campaign == BENIGN]])
        told = {
            "time": time,
            "accounts": int(rows.size),
            "campaign_accounts": int(mine.sum()),
            "benign_kinds": dict(kinds.most_common()),
        }
        (track.false if few else track.mixed).setdefault(cluster.id, told)


def _owners(mine: NDArray[np.int64], labelled: int) -> list[int]:
    """Return the campaigns that a cluster stands for: half of it, or a good part of a true one.

    Campaigns that share templates or addresses end in one cluster. Where at least half of its
    accounts belong to campaigns, it stands for each that has ten of them, and a tenth.
    """
    if not labelled or not mine.size:
        return []
    if 2 * int(mine.sum()) < labelled:
        return []
    good = (2 * mine >= labelled) | ((mine >= 10) & (10 * mine >= labelled))
    return [int(c) for c in np.flatnonzero(good)]


def _onset(time: int, count: int, total: int, cluster: str) -> Onset:
    return Onset(time, count, count / total, cluster)
