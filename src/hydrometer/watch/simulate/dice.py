"""Random draws, one at a time and cheap: a generator's numbers, taken in blocks."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from math import exp, log, pi, sqrt
from typing import TypeVar

import numpy as np

__all__ = ["Dice", "Range"]

T = TypeVar("T")
Range = float | tuple[float, float]
"""A number, or the lower and upper end of what is drawn for each instance."""

BLOCK = 1 << 14


class Dice:
    """Scalar draws from one NumPy generator.

    A call of a generator costs a microsecond; a stream of events needs dozens of draws each. So
    uniform numbers are made in blocks, and everything else is made of them.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of all draws; also used for whole arrays.

    Examples
    --------
    >>> dice = Dice(np.random.default_rng(1))
    >>> 0.0 <= dice() < 1.0, dice.below(3) in (0, 1, 2)
    (True, True)
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self._block: list[float] = []

    def __call__(self) -> float:
        """Return a uniform number in [0, 1)."""
        try:
            return self._block.pop()
        except IndexError:
            self._block = self.rng.random(BLOCK).tolist()
            return self._block.pop()

    def several(self, n: int) -> list[float]:
        """Return n uniform numbers."""
        block = self._block
        if n > len(block):
            self._block = block = self.rng.random(max(BLOCK, n)).tolist()
        out = block[len(block) - n :]
        del block[len(block) - n :]
        return out

    def chance(self, p: float) -> bool:
        """Return True with probability p."""
        return self() < p

    def below(self, n: int) -> int:
        """Return one of 0 ... n - 1."""
        return int(self() * n)

    def pick(self, choices: Sequence[T]) -> T:
        """Return one of the choices, all equally likely."""
        try:
            return choices[int(self._block.pop() * len(choices))]
        except IndexError:
            return choices[int(self() * len(choices))]

    def popular(self, choices: Sequence[T]) -> T:
        """Return one of the choices, the r-th with probability near 1 / r (Zipf)."""
        n = len(choices)
        if n == 1:
            return choices[0]
        return choices[min(int((n + 1) ** self()) - 1, n - 1)]

    def weighted(self, choices: Sequence[T], weights: Sequence[float]) -> T:
        """Return one of the choices with probability in proportion to its weight."""
        edges, total = [], 0.0
        for w in weights:
            total += w
            edges.append(total)
        return choices[min(bisect_right(edges, self() * total), len(edges) - 1)]

    def some(self, choices: Sequence[T], k: int) -> list[T]:
        """Return up to k different places of the choices, in random order."""
        n = len(choices)
        k = min(k, n)
        if k * 3 > n:
            return [choices[i] for i in self.rng.permutation(n)[:k]]
        seen: dict[int, None] = {}
        while len(seen) < k:
            seen[int(self() * n)] = None
        return [choices[i] for i in seen]

    def shuffled(self, choices: Sequence[T]) -> list[T]:
        """Return the choices in random order."""
        out = list(choices)
        for i in range(len(out) - 1, 0, -1):
            j = int(self() * (i + 1))
            out[i], out[j] = out[j], out[i]
        return out

    def normal(self) -> float:
        """Return a standard normal number (Box and Muller)."""
        u = self()
        angle = (np.cos if self() < 0.5 else np.sin)(2.0 * pi * self())
        return sqrt(-2.0 * log(1.0 - u)) * float(angle)

    def lognormal(self, median: float, sigma: float) -> float:
        """Return a log-normal number."""
        return median * exp(sigma * self.normal())

    def within(self, value: Range) -> float:
        """Return the number, or one drawn from the range: evenly in its logarithm if it can be."""
        if not isinstance(value, tuple):
            return float(value)
        low, high = value
        if low <= 0.0:
            return low + (high - low) * self()
        return float(low * (high / low) ** self())

    def count(self, value: Range) -> int:
        """Return a whole number of at least 1 from the range."""
        return max(1, round(self.within(value)))
