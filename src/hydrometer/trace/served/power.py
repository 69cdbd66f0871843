"""How many prompts and decoys the served-log test needs, and whether it keeps its level.

Both questions are answered by resampling one recorded table of scores: subsets of prompts and of
decoys for power, a random candidate in the part of the served one for the level.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from hydrometer.errors import InputError
from hydrometer.stats.exchangeable import either_test

__all__ = ["Level", "Power", "measure_level", "measure_power", "relabel"]


@dataclass(frozen=True)
class Power:
    """Power at one number of prompts and decoys.

    Attributes
    ----------
    prompts, decoys : int
        Size of the design.
    median_log10_p : float
        Median over resamples of the decimal logarithm of the p-value.
    share : float
        Share of resamples with ``p <= alpha``.
    """

    prompts: int
    decoys: int
    median_log10_p: float
    share: float


@dataclass(frozen=True)
class Level:
    """False-positive rate at one nominal level.

    Attributes
    ----------
    alpha : float
        Nominal level.
    repetitions, alarms : int
        Resamples and those with ``p <= alpha``.
    low, high : float
        Exact 99 % binomial interval (Clopper-Pearson) of the rate.
    """

    alpha: float
    repetitions: int
    alarms: int
    low: float
    high: float

    @property
    def kept(self) -> bool:
        """Whether the interval does not lie wholly above ``alpha``."""
        return self.low <= self.alpha


def _complete(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    kept = scores[~np.isnan(scores).any(axis=1)]
    if len(kept) < 2 or kept.shape[1] < 2:
        raise InputError(
            "too few complete prompts to resample",
            got=f"{len(kept)} prompts with {scores.shape[1]} candidates",
            wanted="at least 2 prompts and 2 candidates",
        )
    return kept


def relabel(scores: NDArray[np.float64], *, rng: np.random.Generator) -> NDArray[np.float64]:
    """Let a random candidate of each complete set play the served one.

    Parameters
    ----------
    scores : ndarray of float, shape (n, m)
        Complete rows.
    rng : numpy.random.Generator
        Chooses the candidate.

    Returns
    -------
    ndarray of float, shape (n, m)
        The same rows, the chosen candidate in column 0.

    Examples
    --------
    >>> import numpy as np
    >>> sorted(relabel(np.array([[1.0, 2.0]]), rng=np.random.default_rng(0))[0].tolist())
    [1.0, 2.0]
    """
    out = scores.copy()
    rows = np.arange(len(out))
    chosen = rng.integers(0, out.shape[1], size=len(out))
    out[rows, 0], out[rows, chosen] = scores[rows, chosen], scores[rows, 0]
    return out


def measure_power(
    scores: NDArray[np.float64],
    *,
    prompts: int,
    decoys: int,
    repetitions: int,
    alpha: float,
    seed: int,
) -> Power:
    """Measure power by drawing prompts and decoys without replacement.

    Parameters
    ----------
    scores : ndarray of float, shape (n, m)
        Column 0 served; rows with NaN are left out.
    prompts, decoys : int
        Size of each resample; at most what there is.
    repetitions : int
        Resamples.
    alpha : float
        Level of each test.
    seed : int
        Seed of the resampling.

    Returns
    -------
    Power
        Over the resamples, which overlap: its spread is smaller than over new prompts.

    Raises
    ------
    InputError
        There are too few prompts or decoys.
    """
    table = _complete(scores)
    if not (1 <= prompts <= len(table) and 1 <= decoys < table.shape[1]):
        raise InputError(
            "the recorded scores are too few for this size",
            got=f"{prompts} prompts and {decoys} decoys",
            wanted=f"at most {len(table)} and {table.shape[1] - 1}",
        )
    rng = np.random.default_rng(seed)
    found = np.empty(repetitions)
    for r in range(repetitions):
        part = table[rng.permutation(len(table))[:prompts]]
        if decoys < table.shape[1] - 1:
            columns = (
                1
                + rng.permuted(np.tile(np.arange(table.shape[1] - 1), (prompts, 1)), axis=1)[
                    :, :decoys
                ]
            )
            part = np.hstack([part[:, :1], np.take_along_axis(part, columns, axis=1)])
        found[r] = either_test(part).log10_p
    share = float(np.mean(found <= np.log10(alpha)))
    return Power(prompts, decoys, float(np.median(found)), share)


def measure_level(
    scores: NDArray[np.float64],
    *,
    prompts: int,
    repetitions: int,
    alphas: tuple[float, ...] = (0.05, 0.01, 0.001),
    seed: int,
) -> tuple[Level, ...]:
    """Measure how often the test rejects when the served answer is a random candidate.

    Null hypothesis
        True by construction: the candidate that plays the served one is drawn uniformly.

    Parameters
    ----------
    scores : ndarray of float, shape (n, m)
        Any scores; best those of a trained suspect on prompts it never saw.
    prompts : int
        Prompts in each repetition, drawn without replacement.
    repetitions : int
        Independent relabellings.
    alphas : tuple of float
        Nominal levels.
    seed : int
        Seed of the resampling.

    Returns
    -------
    tuple of Level
        One for each nominal level, judged by an exact binomial interval.
    """
    table = _complete(scores)
    rng = np.random.default_rng(seed)
    size = min(prompts, len(table))
    found = np.empty(repetitions)
    for r in range(repetitions):
        part = table[rng.permutation(len(table))[:size]]
        found[r] = either_test(relabel(part, rng=rng)).p
    out = []
    for alpha in alphas:
        alarms = int(np.sum(found <= alpha))
        interval = stats.binomtest(alarms, repetitions).proportion_ci(0.99, method="exact")
        out.append(Level(alpha, repetitions, alarms, float(interval.low), float(interval.high)))
    return tuple(out)
