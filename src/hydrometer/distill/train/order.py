"""The order in which a training sees its examples: decided before it begins, by a seed."""

from __future__ import annotations

import math

import numpy as np

from hydrometer.distill.train.config import TrainConfig

__all__ = ["order", "updates"]


def updates(config: TrainConfig, examples: int, processes: int) -> int:
    """Return how many updates a training makes.

    Examples
    --------
    >>> updates(TrainConfig(batch_size=8, epochs=2), 20, 1)
    5
    """
    if config.steps is not None:
        return config.steps
    whole = config.batch_size * config.accumulate * processes
    return max(1, math.ceil(config.epochs * examples / whole - 1e-9))


def order(examples: int, wanted: int, *, seed: int) -> list[int]:
    """Return which example comes when: a permutation for each pass, one after the other.

    Known beforehand, it does not depend on where a run was interrupted.

    Parameters
    ----------
    examples : int
        How many there are.
    wanted : int
        How many places there are to fill.
    seed : int
        Permutes.

    Examples
    --------
    >>> sorted(order(3, 6, seed=0))
    [0, 0, 1, 1, 2, 2]
    """
    rng = np.random.default_rng([seed, examples])
    passes = [rng.permutation(examples) for _ in range(math.ceil(wanted / examples))]
    return [int(i) for i in np.concatenate(passes)[:wanted]] if passes else []
