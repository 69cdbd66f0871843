"""Mergeable summaries: the law that makes stream, batch and cluster one program.

For every summary ``fold(a) + fold(b) == fold(a ++ b)``. Integer summaries obey
it exactly; floating-point ones to the tolerance that they state.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Count", "Moments", "Summary", "TopK"]


class Summary(Protocol):
    """What `Store.fold` needs of a summary.

    A summary is created empty by calling its class (or a factory) without
    arguments, is small and can be pickled.
    """

    tolerance: float
    """Largest relative difference between two orders of merging; 0 is exact."""

    def update(self, values: NDArray[Any]) -> None:
        """Take in an array, first axis = rows."""

    def merge(self, other: Any) -> None:
        """Take in another summary of the same class."""

    def get(self) -> Any:
        """Return the value; NaN, never 0, where there is no data."""


class Count:
    """Number of rows.

    Examples
    --------
    >>> a, b = Count(), Count()
    >>> a.update(np.zeros(3)); b.update(np.zeros(4)); a.merge(b)
    >>> a.get()
    7
    """

    tolerance = 0.0

    def __init__(self) -> None:
        self.n = 0

    def update(self, values: NDArray[Any]) -> None:
        """Count the rows of an array."""
        self.n += len(values)

    def merge(self, other: Count) -> None:
        """Add another count."""
        self.n += other.n

    def get(self) -> int:
        """Return the count."""
        return self.n


class Moments:
    """Count, mean and variance of one column.

    References
    ----------
    Chan, Golub, LeVeque (1983), Algorithms for computing the sample variance,
    eq. (2.1): the pairwise update.
    """

    tolerance = 1e-12

    def __init__(self) -> None:
        self.n = 0
        self.mean = 0.0
        self.m2 = 0.0

    def update(self, values: NDArray[Any]) -> None:
        """Take in a 1-d array; NaN rows are left out."""
        x = np.asarray(values, dtype=float)
        x = x[~np.isnan(x)]
        if x.size:
            self._add(x.size, float(x.mean()), float(((x - x.mean()) ** 2).sum()))

    def merge(self, other: Moments) -> None:
        """Take in another summary."""
        self._add(other.n, other.mean, other.m2)

    def _add(self, n: int, mean: float, m2: float) -> None:
        if n == 0:
            return
        total = self.n + n
        delta = mean - self.mean
        self.m2 += m2 + delta * delta * self.n * n / total
        self.mean += delta * n / total
        self.n = total

    def get(self) -> dict[str, float]:
        """Return ``n``, ``mean`` and ``var`` (denominator n - 1; NaN below 2)."""
        return {
            "n": float(self.n),
            "mean": self.mean if self.n else float("nan"),
            "var": self.m2 / (self.n - 1) if self.n > 1 else float("nan"),
        }


class TopK:
    """Counts of values (strings or integers), exact.

    Examples
    --------
    >>> c = TopK(); c.update(np.array(["a", "b", "a"])); c.get()
    {'a': 2, 'b': 1}
    """

    tolerance = 0.0

    def __init__(self) -> None:
        self.counts: dict[Any, int] = {}

    def update(self, values: NDArray[Any]) -> None:
        """Count the values of a 1-d array."""
        found, n = np.unique(np.asarray(values), return_counts=True)
        for value, k in zip(found.tolist(), n.tolist(), strict=True):
            self.counts[value] = self.counts.get(value, 0) + int(k)

    def merge(self, other: TopK) -> None:
        """Add the counts of another."""
        for value, k in other.counts.items():
            self.counts[value] = self.counts.get(value, 0) + k

    def get(self) -> dict[Any, int]:
        """Return the counts, most frequent first, ties by value."""
        return dict(sorted(self.counts.items(), key=lambda kv: (-kv[1], str(kv[0]))))
