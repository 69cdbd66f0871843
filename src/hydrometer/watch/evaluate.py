"""The benchmark of `watch`: what a detector and its peers make of a labelled stream."""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from hydrometer.stats.roc import exact_rate
from hydrometer.watch.evaluate_measure import families, plain_rate, poisson_rate, pool
from hydrometer.watch.evaluate_replay import FRACTIONS, Method, Track, replay
from hydrometer.watch.evaluate_stream import Part, Stream
from hydrometer.watch.evaluate_truth import BENIGN, UNLABELLED
from hydrometer.watch.result import Scan

__all__ = ["Detector", "Watched", "evaluate", "peak_rss_mb"]

DAY = 86_400_000_000


class Sized(Protocol):
    """A state that knows its size."""

    @property
    def nbytes(self) -> int:
        """Bytes held."""


class Detector(Protocol):
    """What is under test: `hydrometer.watch.detect.monitor.Monitor` has this shape."""

    @property
    def state(self) -> Sized:
        """What it carries from event to event."""

    def add(self, batch: pa.RecordBatch) -> None:
        """Take in events."""

    def scan(self, time: int) -> Scan:
        """Look at everything that was added."""

    def peek(self, time: int) -> Scan:
        """Look without charging or remembering anything."""

    def trim(self, time: int) -> None:
        """Bound the state."""


class Watched:
    """A detector as a method of the benchmark; looks that only measure go to a copy of it.

    Parameters
    ----------
    detector : Detector
    name : str
    """

    def __init__(self, detector: Detector, *, name: str = "hydrometer watch") -> None:
        self.detector, self.name = detector, name
        self._day = 0

    def add(self, part: Part) -> None:
        """Hand the events on; the detector sees nothing else of the stream."""
        self.detector.add(part.events)

    def scan(self, time: int) -> Scan:
        """Look as an operator does; once a day the state is bounded, as a service does it."""
        found = self.detector.scan(time)
        if time // DAY != self._day:
            self._day = time // DAY
            self.detector.trim(time)
        return found

    def peek(self, time: int) -> Scan:
        """Look without a trace: budgets and names stay as they are."""
        return self.detector.peek(time)


def evaluate(
    stream: Stream,
    detector: Detector,
    *,
    every: int,
    peers: Sequence[Method] = (),
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Replay a stream through a detector and its peers and measure both alike.

    Parameters
    ----------
    stream : Stream
    detector : Detector
        Fresh.
    every : int
        Microseconds between looks that may raise an alarm.
    peers : sequence of Method
        A peer with a method ``notes`` adds what it says to its row.
    progress : callable, optional
        Told rows done and rows in all.

    Returns
    -------
    dict
        Plain JSON values. Numbers stand at the top under the names of the benchmark; what they are
        made of, with intervals, under ``details``; each peer's under ``peers``. A number that
        cannot be computed is null, and ``details`` has the reason.
    """
    watched = Watched(detector)
    tracks = replay(stream, [watched, *peers], every=every, progress=progress)
    detector.trim(int(stream.time[-1]))
    held = detector.state.nbytes
    seen = int(np.unique(stream.account).size)
    out = _summarise(stream, tracks[0])
    out["state_bytes_per_account"] = round(held / seen, 1)
    out["peak_rss_mb"] = peak_rss_mb()
    out["stream"] = _describe(stream)
    out["every_s"] = every / 1e6
    out["seconds"] = {k: round(v, 3) for k, v in {**stream.seconds, **tracks[0].seconds}.items()}
    out["peers"] = []
    for peer, track in zip(peers, tracks[1:], strict=True):
        row = {"name": peer.name, **_summarise(stream, track)}
        row["seconds"] = {k: round(v, 3) for k, v in track.seconds.items()}
        notes = getattr(peer, "notes", None)
        if notes is not None:
            row["notes"] = notes()
        out["peers"].append(row)
    return out


def peak_rss_mb() -> float:
    """Return the largest resident memory of this process so far, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024 * 1024 if sys.platform == "darwin" else 1024), 1)


def _summarise(stream: Stream, track: Track) -> dict[str, Any]:
    """Return the figures of one method, numbers first."""
    accounts = stream.accounts
    names = accounts.campaigns
    sent = np.bincount(accounts.campaign[stream.account] + 2, minlength=len(names) + 2)[2:]
    live = [c for c in range(len(names)) if sent[c]]
    by_share = {}
    for fraction in FRACTIONS:
        points = {names[c]: track.points[fraction, c] for c in live}
        by_share[_percent(fraction)] = {"pooled": pool(list(points.values())), "campaigns": points}
    recall = exact_rate(len(track.alarms), len(live))
    benign = np.zeros(len(accounts), dtype=bool)
    benign[np.unique(stream.account)] = True
    benign &= accounts.campaign == BENIGN
    n = int(benign.sum())
    months = (int(stream.time[-1]) - int(stream.time[0])) / DAY / 30.0
    accused = {
        "any": plain_rate(exact_rate(int((track.accused & benign).sum()), n)),
        "membership_0.5": plain_rate(exact_rate(int((track.blamed & benign).sum()), n)),
        "kinds": {kind: rate for kind, rate in families(track.accused, benign, accounts).items()},
    }
    reasons = {names[c]: "no exchange in the events" for c in range(len(names)) if not sent[c]}
    return {
        "account_tpr_at_fpr_1e-3": {k: v["pooled"]["tpr"]["rate"] for k, v in by_share.items()},
        "campaign_recall": recall.rate if live else None,
        "alarm_at_fraction": {
            name: track.alarms[c].fraction if c in track.alarms else None
            for c, name in enumerate(names)
        },
        "exchanges_at_alarm": {
            name: track.alarms[c].exchanges if c in track.alarms else None
            for c, name in enumerate(names)
        },
        "notice_at_fraction": {
            name: track.notices[c].fraction if c in track.notices else None
            for c, name in enumerate(names)
        },
        "false_cluster_alarms": len(track.false),
        "benign_accounts_accused": accused["any"]["count"] if n else None,
        "details": {
            "account_tpr": by_share,
            "accounts_at_end": track.final,
            "campaign_recall": plain_rate(recall),
            "alarms": {names[c]: asdict(o) for c, o in sorted(track.alarms.items())},
            "notices": {names[c]: asdict(o) for c, o in sorted(track.notices.items())},
            "missed": [names[c] for c in live if c not in track.alarms],
            "not_in_stream": reasons,
            "clusters_alarmed": len(track.raised),
            "false_cluster_alarms_per_30_days": poisson_rate(len(track.false), months),
            "false_clusters": track.false,
            "mixed_clusters": track.mixed,
            "benign_accounts_accused": accused,
            "looks": track.scans,
        },
    }


def _percent(fraction: float) -> str:
    return f"{100 * fraction:g}"


def _describe(stream: Stream) -> dict[str, Any]:
    """Return what the stream is made of."""
    accounts = stream.accounts
    campaign = accounts.campaign
    there = np.zeros(len(accounts), dtype=bool)
    there[np.unique(stream.account)] = True
    of_row = campaign[stream.account]
    return {
        "events": len(stream),
        "rejected": stream.rejected,
        "rejected_because": stream.reasons,
        "skipped": stream.skipped,
        "repeated_ids": len(stream) - int(pa.compute.count_distinct(stream.events["id"]).as_py()),
        "begin": int(stream.time[0]),
        "end": int(stream.time[-1]),
        "days": round((int(stream.time[-1]) - int(stream.time[0])) / DAY, 3),
        "accounts": int(there.sum()),
        "benign_accounts": int((there & (campaign == BENIGN)).sum()),
        "campaign_accounts": int((there & (campaign >= 0)).sum()),
        "unlabelled_accounts": int((there & (campaign == UNLABELLED)).sum()),
        "truth_accounts_without_events": int((~there).sum()),
        "campaign_share": round(float((of_row >= 0).mean()), 6),
        "campaigns": {
            name: {
                "accounts": int((there & (campaign == c)).sum()),
                "exchanges": int((of_row == c).sum()),
                "share": round(float((of_row == c).mean()), 6),
            }
            for c, name in enumerate(accounts.campaigns)
        },
        "kinds": {
            name: int((there & (accounts.kind == k) & (campaign == BENIGN)).sum())
            for k, name in enumerate(accounts.kinds)
            if np.any(there & (accounts.kind == k) & (campaign == BENIGN))
        },
    }
