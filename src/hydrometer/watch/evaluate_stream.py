"""A labelled stream in memory, in the order of time: events, whose they are, prompts for peers."""

from __future__ import annotations

import time as clock
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hydrometer.errors import InputError
from hydrometer.watch.evaluate_truth import UNLABELLED, Accounts, Label, label_accounts
from hydrometer.watch.event import EVENTS
from hydrometer.watch.key import Key
from hydrometer.watch.observe import Observer
from hydrometer.watch.sources.decoded import Decoded

__all__ = ["Part", "Stream", "load_stream"]

_REASONS = 20
KEPT = 4096
"""Characters kept of a prompt: more than any of the peers reads."""


@dataclass(frozen=True)
class Part:
    """A stretch of a stream: what a method is fed with.

    Attributes
    ----------
    events : RecordBatch
        In `hydrometer.watch.event.EVENTS`.
    account : ndarray of int32
        Row in `Accounts`.
    time : ndarray of int64
        Microseconds since 1970.
    prompts : tuple of str
        Beginnings of the last user messages, empty where none is recorded; no text at all where
        none was asked for.
    """

    events: pa.RecordBatch
    account: NDArray[np.int32]
    time: NDArray[np.int64]
    prompts: tuple[str, ...]


@dataclass(frozen=True)
class Stream:
    """All events of a benchmark, sorted by time (ties in the order of the file).

    Attributes
    ----------
    events : Table
    account : ndarray of int32, shape (n,)
    time : ndarray of int64, shape (n,)
    prompts : tuple of str
        Empty unless they were asked for.
    accounts : Accounts
    rejected : int
        Rows that gave no observation.
    reasons : mapping of str to int
        Why, the most frequent.
    skipped : int
        Parts of the log that are no model call.
    seconds : mapping of str to float
        Processor time of decoding and of observing.
    """

    events: pa.Table
    account: NDArray[np.int32]
    time: NDArray[np.int64]
    prompts: tuple[str, ...]
    accounts: Accounts
    rejected: int
    reasons: dict[str, int]
    skipped: int
    seconds: dict[str, float]

    def __len__(self) -> int:
        return int(self.time.size)

    def part(self, begin: int, end: int) -> Part:
        """Return the rows from ``begin`` up to ``end``."""
        batches = self.events.slice(begin, end - begin).combine_chunks().to_batches()
        batch = batches[0] if batches else pa.RecordBatch.from_pylist([], schema=EVENTS)
        return Part(batch, self.account[begin:end], self.time[begin:end], self.prompts[begin:end])


def load_stream(
    parts: Iterable[Decoded],
    labels: dict[str, Label],
    key: Key,
    *,
    text: bool = True,
    prompts: bool = False,
    allow_unlabelled: bool = False,
) -> Stream:
    """Decode and observe a whole stream, and put it in the order of time.

    Parameters
    ----------
    parts : iterable of Decoded
        From `hydrometer.watch.sources.registry.read_files`.
    labels : mapping of str to Label
    key : Key
    text : bool
        False: metadata only.
    prompts : bool
        Keep the last user message of each exchange, for methods that need it raw.
    allow_unlabelled : bool
        Whether accounts without a label may be in the stream; they are fed to the methods and
        count nowhere.

    Raises
    ------
    InputError
        If there is no event, no account of the truth has one, or accounts lack a label.
    """
    observer = Observer(key, text=text)
    batches: list[pa.RecordBatch] = []
    names: list[str] = []
    texts: list[str] = []
    reasons: Counter[str] = Counter()
    rejected = skipped = 0
    seconds = {"decode": 0.0, "observe": 0.0}
    begun = clock.process_time()
    for part in parts:
        decoded = clock.process_time()
        seconds["decode"] += decoded - begun
        rejected, skipped = rejected + len(part.rejected), skipped + part.skipped
        reasons.update(r.reason for r in part.rejected)
        if part.observations:
            batches.append(observer(part.observations))
            names.extend(o.account for o in part.observations)
            if prompts:
                texts.extend((o.user or "")[:KEPT] for o in part.observations)
        begun = clock.process_time()
        seconds["observe"] += begun - decoded
    if not names:
        raise InputError(
            "no event in the stream",
            got=f"{rejected} rows that could not be read",
            wanted="exchanges with account and time",
            next_step="; ".join(r for r, _ in reasons.most_common(1)) or "see --format",
        )
    accounts = label_accounts(labels, names, key)
    account = np.fromiter((accounts.place[n] for n in names), np.int32, count=len(names))
    _check(accounts, account, allow_unlabelled)
    table = pa.Table.from_batches(batches, schema=EVENTS)
    time = table.column("time").to_numpy()
    if np.any(np.diff(time) < 0):
        order = np.argsort(time, kind="stable")
        table, time, account = table.take(order), time[order], account[order]
        texts = [texts[i] for i in order.tolist()] if prompts else texts
    return Stream(
        table.combine_chunks(),
        account,
        time,
        tuple(texts),
        accounts,
        rejected,
        dict(reasons.most_common(_REASONS)),
        skipped,
        seconds,
    )


def _check(accounts: Accounts, account: NDArray[np.int32], allow_unlabelled: bool) -> None:
    seen = np.unique(account)
    strange = seen[accounts.campaign[seen] == UNLABELLED]
    if strange.size == seen.size:
        raise InputError(
            "no account of the truth has an event",
            got=f"{seen.size} other accounts",
            next_step="name the accounts in the truth as the events name them",
        )
    if strange.size and not allow_unlabelled:
        names = {row: name for name, row in accounts.place.items()}
        raise InputError(
            "accounts of the events are not in the truth",
            got=f"{strange.size} of {seen.size}, such as {names[int(strange[0])][:60]}",
            wanted="a row for each account",
            next_step="complete the truth, or give --allow-unlabelled",
        )
