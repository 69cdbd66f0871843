"""Events a second on one core: decode, observe, log, state; with text and without."""

from __future__ import annotations

import time as clock
from collections.abc import Callable, Iterable
from typing import Any

import pyarrow as pa

from hydrometer.watch.key import Key
from hydrometer.watch.observe import Observer
from hydrometer.watch.sources.decoded import Decoded

__all__ = ["measure_speed"]

Sink = Callable[[pa.RecordBatch], object]


def measure_speed(
    read: Callable[[], Iterable[Decoded]],
    key: Key,
    fold: Sink,
    *,
    text: bool,
    rows: int,
    log: Sink | None = None,
    settle: Callable[[], object] | None = None,
) -> dict[str, Any]:
    """Measure the path of an event in processor seconds of this process, all threads together.

    Parameters
    ----------
    read : callable
        Reads the log from its beginning.
    key : Key
    fold : callable
        Takes a batch of events into the state.
    text : bool
        Whether prompts are read; the decoder does so in any case.
    rows : int
        Events after which to stop.
    log : callable, optional
        Takes a batch of events into the log on disk.
    settle : callable, optional
        Ends the folding of what waits; its time counts as folding.

    Returns
    -------
    dict
        Rows, seconds of each step, and events a second with the log and without.
    """
    observer = Observer(key, text=text)
    seconds = dict.fromkeys(("decode", "observe", "log", "state"), 0.0)
    done = 0
    mark = clock.process_time()

    def lap(name: str) -> None:
        nonlocal mark
        now = clock.process_time()
        seconds[name] += now - mark
        mark = now

    for part in read():
        lap("decode")
        if part.observations:
            batch = observer(part.observations)
            lap("observe")
            fold(batch)
            lap("state")
            if log is not None:
                log(batch)
                lap("log")
        done += len(part.observations)
        if done >= rows:
            break
    if settle is not None:
        settle()
        lap("state")
    bare = seconds["decode"] + seconds["observe"] + seconds["state"]
    out: dict[str, Any] = {"rows": done, "seconds": {k: round(v, 3) for k, v in seconds.items()}}
    out["events_per_s"] = round(done / bare, 1) if bare > 0 else None
    whole = bare + seconds["log"]
    out["events_per_s_with_log"] = round(done / whole, 1) if log is not None else None
    return out
