"""A local model asked on several workers at once, by Ray."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from hydrometer.errors import HydrometerError, MissingExtra, ModelError
from hydrometer.exchange import Exchange
from hydrometer.models.model import Model, Query
from hydrometer.models.spec import Spec, open_model

__all__ = ["RayModel"]


class _Worker:
    """One copy of the model, in a process of its own."""

    def __init__(self, spec: Spec, options: dict[str, Any]) -> None:
        self._spec, self._options = spec, options
        self._model: Model | None = None

    def answer(self, queries: list[Query]) -> list[Exchange]:
        if self._model is None:  # here, so that what cannot be opened is an error of the task
            self._model = open_model(self._spec, **self._options)
        return self._model.answer(queries)


class RayModel:
    """The same answers as from one process, sooner: the prompts are parted among workers.

    A local model's draws depend on the query and the seed, never on the
    batch, so it does not matter which worker answers what.

    Parameters
    ----------
    spec : Spec
        A model on this machine.
    clock : callable
        Returns the present; it is sent to the workers.
    seed, batch_size, plain
        See `open_model`.
    workers : int
        Copies of the model.

    Raises
    ------
    MissingExtra
        If Ray is not installed.
    """

    prefill = True

    def __init__(
        self,
        spec: Spec,
        *,
        clock: Callable[[], datetime],
        seed: int,
        batch_size: int,
        plain: bool,
        workers: int,
    ) -> None:
        try:
            import ray
        except ImportError as err:
            raise MissingExtra('engine = "ray"', "ray") from err
        self._ray = ray
        self.name = spec.name or Path(spec.where).name
        self.batch_size = batch_size
        self._spec, self._workers = spec, workers
        self._options = {"clock": clock, "seed": seed, "batch_size": batch_size, "plain": plain}

    def answer(self, queries: Sequence[Query]) -> list[Exchange]:
        """Return one exchange for each query, in order."""
        found: dict[int, Exchange] = {}
        self.stream(queries, admit=lambda i: True, done=found.__setitem__)
        return [found[i] for i in range(len(queries))]

    def stream(
        self,
        queries: Sequence[Query],
        *,
        admit: Callable[[int], bool],
        done: Callable[[int, Exchange], None],
    ) -> None:
        """Ask in order, each free worker the next batch; see `StreamingModel`.

        Raises
        ------
        ModelError
            If a worker dies.
        """
        ray = self._ray
        if not ray.is_initialized():
            ray.init(
                include_dashboard=False, log_to_driver=False, configure_logging=False,
                num_cpus=self._workers,
            )  # fmt: skip
        actor = ray.remote(num_cpus=1, max_restarts=2, max_task_retries=2)(_Worker)
        free = [actor.remote(self._spec, self._options) for _ in range(self._workers)]
        crew = list(free)
        running: dict[Any, tuple[Any, list[int]]] = {}
        at = 0
        try:
            while at < len(queries) or running:
                while free and at < len(queries):
                    batch = self._admitted(at, len(queries), admit)
                    if not batch:
                        break
                    at = batch[-1] + 1
                    worker = free.pop()
                    task = worker.answer.remote([queries[i] for i in batch])
                    running[task] = (worker, batch)
                if not running:
                    return  # a second no: the budget is at its end
                ready, _ = ray.wait(list(running), num_returns=1)
                worker, batch = running.pop(ready[0])
                free.append(worker)
                for i, answer in zip(batch, ray.get(ready[0]), strict=True):
                    done(i, answer)
        except ray.exceptions.RayTaskError as err:
            cause = err.cause if isinstance(err.cause, HydrometerError) else None
            raise cause or ModelError(f"a worker failed: {err.cause}"[:300]) from err
        except ray.exceptions.RayError as err:
            raise ModelError(
                "a worker died", got=str(err)[:200], next_step="fewer workers, or a smaller batch"
            ) from err
        finally:
            for worker in crew:
                ray.kill(worker)

    def _admitted(self, at: int, end: int, admit: Callable[[int], bool]) -> list[int]:
        """Return the numbers of the next batch, as far as the budget goes."""
        batch: list[int] = []
        while at < end and len(batch) < self.batch_size and admit(at):
            batch.append(at)
            at += 1
        return batch
