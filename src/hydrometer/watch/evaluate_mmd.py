"""A peer: windows of all traffic, and accounts, against benign prompts by a two-sample test.

After a published test for model extraction: prompts are embedded, each window of traffic is
compared with a benign reference by the maximum mean discrepancy, and a window alarms above the
95th percentile of benign windows. It names no account; the account score beside it is the same
statistic over an account's last prompts.

References
----------
arXiv 2606.05725 (the window test); Gretton, A. et al. (2012), JMLR 13, 723-773, lemma 6 (the
unbiased estimate) and section 8 (the median heuristic).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.spatial.distance import pdist

from hydrometer.errors import InputError
from hydrometer.watch.evaluate_stream import Part, Stream
from hydrometer.watch.evaluate_truth import BENIGN
from hydrometer.watch.result import Scan

__all__ = ["WINDOW", "Embedding", "HashedTexts", "MmdWindow"]

WINDOW = 1500
"""Exchanges of a window, as published."""

LAST = 20
"""Prompts of an account that its score compares."""

BUCKETS, DIMENSIONS, WORDS = 4096, 384, 256

Vectors = NDArray[np.float32]
Embedding = Callable[[Sequence[str]], Vectors]


class HashedTexts:
    """Embeds texts without a model: hashed words, weighted by rarity, randomly projected.

    Parameters
    ----------
    sample : sequence of str
        Texts from which the rarity of words is taken.
    seed : int
        Of the projection.

    Examples
    --------
    >>> embed = HashedTexts(["one two", "two three"], seed=0)
    >>> embed(["one two", "one two", ""]).shape
    (3, 384)
    """

    name = f"hashed words, 2^12 buckets, tf-idf, projected to {DIMENSIONS}"

    def __init__(self, sample: Sequence[str], *, seed: int) -> None:
        self._known: dict[str, int] = {}
        rng = np.random.default_rng(seed)
        self._projection = rng.normal(size=(BUCKETS, DIMENSIONS)).astype(np.float32)
        self._rarity = np.ones(BUCKETS, dtype=np.float32)
        share = (self._count(sample) > 0).sum(axis=0)
        rarity = np.log((1 + len(sample)) / (1 + np.asarray(share))) + 1
        self._rarity = rarity.astype(np.float32)

    def _count(self, texts: Sequence[str]) -> Any:
        known, columns, ends = self._known, [], [0]
        if len(known) > 1_000_000:
            known.clear()
        for text in texts:
            for word in text[: 16 * WORDS].lower().split()[:WORDS]:
                bucket = known.get(word)
                if bucket is None:
                    data = word.encode("utf-8", "surrogatepass")
                    bucket = known[word] = zlib.crc32(data) % BUCKETS
                columns.append(bucket)
            ends.append(len(columns))
        ones = np.ones(len(columns), dtype=np.float32)
        table = csr_array((ones, columns, ends), shape=(len(texts), BUCKETS))
        table.sum_duplicates()
        return table

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """Return unit vectors, shape (n, 384); of empty texts, zeros."""
        table = self._count(texts)
        table.data = (1 + np.log(table.data)) * self._rarity[table.indices]
        vectors = np.asarray(table @ self._projection, dtype=np.float32)
        lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        return np.asarray(vectors / lengths, dtype=np.float32)


class MmdWindow:
    """Windows of `WINDOW` exchanges against a benign reference, and each account's last prompts.

    It is given what nobody has in use: reference and threshold come from the benign accounts of
    this very stream. That is its best chance.

    Parameters
    ----------
    stream : Stream
        With prompts.
    seed : int
        Chooses the reference and the projection.
    embed : callable, optional
        Texts to unit vectors; `HashedTexts` where none is given.
    name : str, optional
        How tables call it.

    Raises
    ------
    InputError
        If the stream has no text, or fewer than two benign windows.
    """

    def __init__(
        self,
        stream: Stream,
        *,
        seed: int,
        embed: Embedding | None = None,
        name: str = "MMD window",
    ) -> None:
        benign = np.flatnonzero(stream.accounts.campaign[stream.account] == BENIGN)
        benign = (
            benign[[bool(stream.prompts[i]) for i in benign]] if stream.prompts else benign[:0]
        )
        self._size = min(WINDOW, benign.size // 3)
        if self._size < 100:
            raise InputError(
                "too few benign prompts for windows",
                got=f"{benign.size} with text",
                wanted="at least 300",
            )
        self.name, self._accounts = name, stream.accounts
        rng = np.random.default_rng(seed)
        chosen = np.sort(rng.choice(benign, self._size, replace=False))
        texts = [stream.prompts[i] for i in chosen]
        self._embed = HashedTexts(texts, seed=seed) if embed is None else embed
        self._reference = self._embed(texts)
        middle = float(np.median(pdist(self._reference[:1000])))
        self._scale = 0.5 / max(middle, 1e-6) ** 2
        self._inner = _off_diagonal(self._kernel(self._reference, self._reference))
        rest = np.setdiff1d(benign, chosen)
        self._null = np.array(
            [
                self._statistic(self._embed([stream.prompts[i] for i in rows]))
                for rows in _windows(rest, self._size, most=200)
            ]
        )
        self._threshold = float(np.quantile(self._null, 0.95))
        n = len(stream.accounts)
        self._held = np.zeros((n, LAST, self._reference.shape[1]), dtype=np.float16)
        self._cross = np.zeros((n, LAST))
        self._count = np.zeros(n, dtype=np.int64)
        self._open: list[Vectors] = []
        self._whose: list[NDArray[np.int32]] = []
        self._events, self._begin = 0, 0
        self.windows: list[dict[str, Any]] = []

    def _kernel(self, a: Vectors, b: Vectors) -> NDArray[np.float32]:
        square = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1)[None] - 2.0 * (a @ b.T)
        return np.asarray(np.exp(-self._scale * np.maximum(square, 0.0)), dtype=np.float32)

    def _statistic(self, vectors: Vectors) -> float:
        cross = float(self._kernel(vectors, self._reference).mean(dtype=np.float64))
        return _off_diagonal(self._kernel(vectors, vectors)) + self._inner - 2.0 * cross

    def add(self, part: Part) -> None:
        """Embed the prompts and judge the windows that they fill."""
        if not part.time.size:
            return
        if not self._events:
            self._begin = int(part.time[0])
        self._events += part.time.size
        for begin in range(0, part.time.size, 4096):
            mine = slice(begin, min(begin + 4096, part.time.size))
            there = np.flatnonzero([bool(p) for p in part.prompts[mine]]) + begin
            if not there.size:
                continue
            vectors = self._embed([part.prompts[i] for i in there])
            self._remember(part.account[there], vectors)
            self._open.append(vectors)
            self._whose.append(part.account[there])
            if sum(v.shape[0] for v in self._open) >= self._size:
                self._close(int(part.time[there[-1]]))

    def _remember(self, who: NDArray[np.int32], vectors: Vectors) -> None:
        cross = self._kernel(vectors, self._reference).mean(axis=1)
        for row, account in enumerate(who.tolist()):
            place = self._count[account] % LAST
            self._held[account, place] = vectors[row]
            self._cross[account, place] = cross[row]
            self._count[account] += 1

    def _close(self, time: int) -> None:
        """Judge all full windows that are open; keep the rest."""
        vectors, whose = np.concatenate(self._open), np.concatenate(self._whose)
        end = vectors.shape[0] // self._size * self._size
        for begin in range(0, end, self._size):
            campaign = self._accounts.campaign[whose[begin : begin + self._size]]
            shares = np.bincount(campaign[campaign >= 0], minlength=len(self._accounts.campaigns))
            value = self._statistic(vectors[begin : begin + self._size])
            self.windows.append(
                {
                    "time": time,
                    "alarm": value > self._threshold,
                    "campaign_exchanges": shares,
                }
            )
        self._open, self._whose = [vectors[end:]], [whose[end:]]

    def scan(self, time: int) -> Scan:
        """Return nothing: the test names no account, and its windows are judged as they fill."""
        return self._told(time, np.zeros(0, dtype=np.int64), np.zeros(0))

    def peek(self, time: int) -> Scan:
        """Return each account's statistic over its last prompts; accounts with one have none."""
        there = np.flatnonzero(self._count >= 2)
        scores = np.zeros(there.size)
        for place, account in enumerate(there.tolist()):
            n = min(int(self._count[account]), LAST)
            held = self._held[account, :n].astype(np.float32)
            inner = _off_diagonal(self._kernel(held, held))
            scores[place] = inner + self._inner - 2.0 * self._cross[account, :n].mean()
        return self._told(time, there, scores)

    def _told(self, time: int, rows: NDArray[np.int64], scores: NDArray[np.float64]) -> Scan:
        return Scan(
            time=time,
            begin=self._begin,
            events=self._events,
            accounts=self._accounts.pseudonym[rows],
            scores=scores,
            clusters=(),
            tested=0,
            budget=0.0,
        )

    def notes(self) -> dict[str, Any]:
        """Return what the windows said: alarms with and without campaign traffic in them."""
        clean = [w for w in self.windows if not w["campaign_exchanges"].sum()]
        mixed = [w for w in self.windows if w["campaign_exchanges"].sum()]
        total = np.zeros(len(self._accounts.campaigns), dtype=np.int64)
        first: dict[str, int] = {}
        for w in self.windows:
            total += w["campaign_exchanges"]
            for c in np.flatnonzero(w["campaign_exchanges"]) if w["alarm"] else ():
                first.setdefault(self._accounts.campaigns[int(c)], int(total[c]))
        return {
            "embedding": getattr(self._embed, "name", "given"),
            "window": self._size,
            "threshold": self._threshold,
            "benign_windows_for_threshold": int(self._null.size),
            "windows": len(self.windows),
            "windows_without_campaign": len(clean),
            "alarms_without_campaign": sum(bool(w["alarm"]) for w in clean),
            "windows_with_campaign": len(mixed),
            "alarms_with_campaign": sum(bool(w["alarm"]) for w in mixed),
            "first_alarm_after_exchanges": first,
        }


def _off_diagonal(kernel: NDArray[np.float32]) -> float:
    n = kernel.shape[0]
    return float((kernel.sum(dtype=np.float64) - np.trace(kernel)) / (n * (n - 1)))


def _windows(rows: NDArray[np.int64], size: int, *, most: int) -> list[NDArray[np.int64]]:
    """Return up to ``most`` windows of consecutive rows, spread evenly."""
    whole = rows.size // size
    picked = np.unique(np.linspace(0, whole - 1, min(most, whole)).astype(int))
    return [rows[i * size : (i + 1) * size] for i in picked]
