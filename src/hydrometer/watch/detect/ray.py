"""The steps of a monitor on many workers, by Ray: state by account, pairs of things by band.

Events go to workers by the hash of their account, so that what two workers hold is never of one
account; their states are merged here. The MinHash values of things are found band by band, the
graph of what agrees is put together here, and so are its connected components. The second look
goes over stretches of events. Each worker runs the code of `LocalEngine`, and every step is a fold
or is put in order afterwards: the numbers are the same, whatever the number of workers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hydrometer.errors import MissingExtra, StoreError
from hydrometer.watch.detect.groups import BAND, HASHES, Band, Sharing, band
from hydrometer.watch.detect.select import Found, Lookup, gather, select, select_accounts
from hydrometer.watch.detect.state import State

__all__ = ["RayEngine"]

_CHUNK = 131_072
"""Events of one task of the second look."""
_AHEAD = 2
"""Tasks for each worker that may wait: bounds the memory that events in flight take."""


class RayEngine:
    """An engine for `hydrometer.watch.detect.monitor.Monitor`.

    Joins the Ray that runs, or that ``RAY_ADDRESS`` names; else it starts one on this machine.

    Parameters
    ----------
    workers : int, optional
        Parts that the accounts are split into; one for each processor by default.

    Raises
    ------
    MissingExtra
        If Ray is not installed.
    StoreError
        If Ray cannot be started or reached.
    """

    def __init__(self, workers: int | None = None) -> None:
        ray = _ray()
        try:
            if not ray.is_initialized():
                ray.init(include_dashboard=False, log_to_driver=False, configure_logging=False)
            self._workers = workers or max(int(ray.cluster_resources().get("CPU", 1)), 1)
        except Exception as err:  # Ray raises no class of its own here
            raise StoreError(
                "Ray cannot be started or reached",
                got=str(err).strip()[-300:],
                next_step="check RAY_ADDRESS, or use --engine local",
            ) from err
        self.rows = 32_768 * self._workers
        self._pending: deque[list[Any]] = deque()

    def fold(self, state: State, batches: Sequence[pa.RecordBatch]) -> None:
        """Send events to the workers by account; take in what they finished, if much waits."""
        task = _ray().remote(_fold)
        for batch in batches:
            parts = _by_account(batch, self._workers)
            self._pending.append([task.remote(part) for part in parts])
        while len(self._pending) > _AHEAD:
            self._take(state)

    def settle(self, state: State) -> None:
        """Wait for the workers, and have all in the state."""
        while self._pending:
            self._take(state)

    def _take(self, state: State) -> None:
        new = State()
        for part in _get(self._pending.popleft()):
            new.merge(part)
        state.merge(new)

    def bands(self, sharing: Sharing) -> list[Band]:
        """Return every band; each is a task."""
        ray = _ray()
        task, shared = ray.remote(band), ray.put(sharing)
        found: list[Band] = _get([task.remote(shared, j) for j in range(0, HASHES, BAND)])
        return found

    def gather(
        self,
        events: Iterable[pa.RecordBatch],
        text: Lookup,
        accounts: Lookup,
        models: dict[str, int],
    ) -> Found:
        """Return the exchanges of groups; each stretch of events is a task."""
        ray = _ray()
        task = ray.remote(_gather)
        told = [ray.put(x) for x in (text, accounts, text.filter())]
        calls = (lambda chunk=chunk: task.remote(chunk, *told) for chunk in _chunks(events))
        parts = []
        for found, names in self._in_order(calls):
            # A worker numbers the models that it meets; here they get the monitor's numbers.
            number = np.array([models.setdefault(m, len(models)) for m in names], dtype=np.int32)
            rows = {k: getattr(found.rows, k) for k in found.rows.__dataclass_fields__}
            if len(found.rows):
                rows["model"] = number[rows["model"]]
            parts.append(Found(found.group, type(found.rows)(**rows)))
        return gather(parts)

    def _in_order(self, calls: Iterable[Callable[[], Any]]) -> Iterator[Any]:
        """Yield the results in the order of the calls, a bounded number of them under way."""
        waiting: deque[Any] = deque()
        for call in calls:
            waiting.append(call())
            if len(waiting) >= _AHEAD * self._workers:
                yield _get(waiting.popleft())
        while waiting:
            yield _get(waiting.popleft())


def _ray() -> Any:
    try:
        import ray
    except ImportError as err:
        raise MissingExtra("engine 'ray'", "ray") from err
    return ray


def _get(futures: Any) -> Any:
    ray = _ray()
    try:
        return ray.get(futures)
    except ray.exceptions.RayError as err:
        raise StoreError("a worker failed", got=str(err).strip()[-300:]) from err


def _by_account(batch: pa.RecordBatch, parts: int) -> list[pa.RecordBatch]:
    """Return the batch in parts; an account is always in the same one."""
    account = batch.column("account").to_numpy()
    of: NDArray[np.uint64] = (account >> np.uint64(32)) % np.uint64(parts)
    return [batch.filter(pa.array(of == np.uint64(p))) for p in range(parts)]


def _chunks(events: Iterable[pa.RecordBatch]) -> Iterator[list[pa.RecordBatch]]:
    chunk: list[pa.RecordBatch] = []
    rows = 0
    for batch in events:
        chunk.append(batch)
        rows += batch.num_rows
        if rows >= _CHUNK:
            yield chunk
            chunk, rows = [], 0
    if chunk:
        yield chunk


def _fold(batch: pa.RecordBatch) -> State:
    state = State()
    state.update(batch)
    return state


def _gather(
    batches: list[pa.RecordBatch], text: Lookup, accounts: Lookup, table: NDArray[np.bool_]
) -> tuple[Found, list[str]]:
    models: dict[str, int] = {}
    parts = []
    for batch in batches:
        parts.append(select(batch, text, table, models))
        if accounts.object.size:
            parts.append(select_accounts(batch, accounts, models))
    return gather(parts), list(models)
