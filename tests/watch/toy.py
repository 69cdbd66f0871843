"""A small labelled stream and an honest toy detector, for the tests of the benchmark."""

import numpy as np

from hydrometer.watch.evaluate_stream import load_stream
from hydrometer.watch.evaluate_truth import Label
from hydrometer.watch.key import Key
from hydrometer.watch.observation import Observation
from hydrometer.watch.result import Cluster, Scan
from hydrometer.watch.sources.decoded import Decoded

KEY = Key(bytes(32))
MINUTE = 60_000_000
HOUR = 60 * MINUTE
START = 1_790_000_000_000_000 // HOUR * HOUR
BUSY, QUIET = 10, 60
"""Campaign accounts, which send every three minutes; benign ones, every half hour."""
LETTERS = [f"{a}o{b}" for a in "bcdfghjklmnprstvwxyz" for b in "abcdefghijklmnopqrstuvwxyz"][:500]


def rows(seed=0, hours=10):
    """Observations in the order of time."""
    rng = np.random.default_rng(seed)
    out = []
    for who, n, gap in (("c", BUSY, 3), ("b", QUIET, 30)):
        for i in range(n):
            for k in range(hours * 60 // gap):
                at = START + k * gap * MINUTE + int(rng.integers(1, gap * MINUTE))
                words = " ".join(LETTERS[x] for x in rng.integers(0, 500, size=8))
                text = f"Write a task on {words}, step by step" if who == "c" else words
                out.append(Observation(f"{who}{i}-{k}", f"{who}{i}", at, "m", user=text, turns=1))
    return sorted(out, key=lambda o: o.time)


def labels():
    found = {f"c{i}": Label("alpha", "naive") for i in range(BUSY)}
    return found | {f"b{i}": Label("", "chat" if i else "class") for i in range(QUIET)}


def stream(observations=None, truth=None, **more):
    observations = rows() if observations is None else observations
    parts = [
        Decoded(observations=observations[i : i + 500]) for i in range(0, len(observations), 500)
    ]
    return load_stream(parts, truth or labels(), KEY, **more)


class Counts:
    """State: exchanges of each account."""

    def __init__(self):
        self.n = {}

    @property
    def nbytes(self):
        return 16 * len(self.n)


class Toy:
    """Scores by count; from ``bar`` on, all such accounts are one cluster."""

    def __init__(self, bar=20, extra=()):
        self.state, self.bar, self.extra = Counts(), bar, tuple(extra)
        self.looks, self.begin = 0, None

    def add(self, batch):
        for account in batch.column("account").to_pylist():
            self.state.n[account] = self.state.n.get(account, 0) + 1
        if self.begin is None:
            self.begin = batch.column("time")[0].as_py()

    def trim(self, time):
        self.trimmed = time

    def scan(self, time):
        self.looks += 1
        return self.peek(time)

    def peek(self, time):
        n = self.state.n
        accounts = np.array(sorted(n), dtype=np.uint64)
        scores = np.array([n[int(a)] for a in accounts], dtype=np.float64)
        loud = (*(int(a) for a in accounts[scores >= self.bar]), *self.extra)
        clusters = ()
        if loud:
            level = "alarm" if len(loud) > 5 else "suspect"
            share = tuple(0.9 if i % 2 else 0.1 for i in range(len(loud)))
            clusters = (
                Cluster("c-0000000000000001", loud, share, START, time, 1, 1.0, 1.0, level),
            )
        return Scan(time, self.begin, sum(n.values()), accounts, scores, clusters, 1, 1.0)
