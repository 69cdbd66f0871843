"""What the signals look at: the exchanges of one group of accounts, and the population beside."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hydrometer.watch.detect.groups import chance_of_tie, runs, usualness
from hydrometer.watch.detect.pairs import Pairs
from hydrometer.watch.detect.profile import FEATURES
from hydrometer.watch.event import Kind

__all__ = ["Population", "Rows", "View", "build_views"]


@dataclass(frozen=True)
class Rows:
    """Exchanges that belong to a group, sorted by time, then id. All arrays have one length.

    Attributes
    ----------
    id, account, digest : ndarray of uint64
    time : ndarray of int64
        Microseconds since 1970.
    model : ndarray of int32
        Number of the model.
    features : ndarray of float32, shape (n, len(FEATURES))
    hits : ndarray of int32
        Objects of the exchange that are the group's.
    objects : ndarray of int32
        Objects of the exchange.
    script : ndarray of int32
    words : ndarray of int32
    """

    id: NDArray[np.uint64]
    account: NDArray[np.uint64]
    digest: NDArray[np.uint64]
    time: NDArray[np.int64]
    model: NDArray[np.int32]
    features: NDArray[np.float32]
    hits: NDArray[np.int32]
    objects: NDArray[np.int32]
    script: NDArray[np.int32]
    words: NDArray[np.int32]

    def __len__(self) -> int:
        return int(self.id.size)


@dataclass(frozen=True)
class Population:
    """Every account of the window, each with one exchange drawn at random.

    Attributes
    ----------
    account : ndarray of uint64, shape (n,)
        Ascending.
    n : ndarray of int64
        Exchanges of each.
    first : ndarray of int64
        Time of the first.
    sample : ndarray of float32, shape (n, len(FEATURES))
    begin, end : int
        The window, microseconds since 1970.
    models : ndarray of int64, shape (models, days)
        Exchanges by model and day since ``begin``.
    names : tuple of str
        Models by number.
    fan : ndarray of float64
        User agents, SDKs and networks of each account that shows any.
    """

    account: NDArray[np.uint64]
    n: NDArray[np.int64]
    first: NDArray[np.int64]
    sample: NDArray[np.float32]
    begin: int
    end: int
    models: NDArray[np.int64]
    names: tuple[str, ...]
    fan: NDArray[np.float64]
    sorted_: dict[str, NDArray[np.float64]] = field(default_factory=dict, compare=False)

    def reference(self, feature: str) -> NDArray[np.float64]:
        """Return the recorded values of a feature over the population, ascending."""
        if feature not in self.sorted_:
            values = self.sample[:, FEATURES.index(feature)].astype(np.float64)
            self.sorted_[feature] = np.sort(values[~np.isnan(values)])
        return self.sorted_[feature]

    def ranks(self, feature: str, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return mid-ranks in [0, 1] among the population; their mean is 1/2 under the null."""
        ref = self.reference(feature)
        out = np.full(values.size, np.nan)
        known = ~np.isnan(values)
        if ref.size and known.any():
            x = values[known].astype(np.float64)
            low = np.searchsorted(ref, x, side="left")
            high = np.searchsorted(ref, x, side="right")
            out[known] = (low + high) / (2.0 * ref.size)
        return out


@dataclass(frozen=True)
class View:
    """One group of accounts as the signals see it.

    Attributes
    ----------
    members : ndarray of uint64, shape (m,)
        Ascending.
    of : ndarray of int64
        Member of each row.
    rows : Rows
        The group's exchanges.
    whole : ndarray of int64, shape (m,)
        All exchanges of each member, the group's and others.
    objects : ndarray of uint64
        What is shared.
    link_object, link_account : ndarray of uint64
        Identity and infrastructure links of the members, one row each.
    link_sharing : ndarray of int64
        Accounts of the whole population that have that link.
    link_usual : ndarray of float64
        How usual it is to share a link of its kind as widely, in [0, 1].
    link_chance : ndarray of float64, shape (16,)
        By kind: the chance that two accounts drawn at random share a rare thing of it.
    population : Population
    """

    members: NDArray[np.uint64]
    of: NDArray[np.int64]
    rows: Rows
    whole: NDArray[np.int64]
    objects: NDArray[np.uint64]
    link_object: NDArray[np.uint64]
    link_account: NDArray[np.uint64]
    link_sharing: NDArray[np.int64]
    link_usual: NDArray[np.float64]
    link_chance: NDArray[np.float64]
    population: Population

    def per_member(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the mean of the rows of each member; NaN where none is recorded."""
        known = ~np.isnan(values)
        n = np.bincount(self.of[known], minlength=self.members.size)
        total = np.bincount(self.of[known], weights=values[known], minlength=self.members.size)
        with np.errstate(invalid="ignore"):
            return np.where(n > 0, total / np.maximum(n, 1), np.nan)

    def counts(self) -> NDArray[np.int64]:
        """Return how many of the group's exchanges each member sent."""
        return np.bincount(self.of, minlength=self.members.size)


def build_views(
    group: NDArray[np.int64],
    rows: Rows,
    object: NDArray[np.uint64],
    group_of_object: NDArray[np.int64],
    count: int,
    pairs: Pairs,
    population: Population,
) -> list[View]:
    """Return one view for each group that has exchanges; ``group`` is ascending over the rows."""
    tail = int(np.searchsorted(pairs.object, np.uint64(Kind.SHAPE << 60)))
    link_object, link_account = pairs.object[tail:], pairs.account[tail:]
    things, which, users = np.unique(link_object, return_inverse=True, return_counts=True)
    kind = (things >> np.uint64(60)).astype(np.int64)
    rank = usualness(kind, users)
    chance = chance_of_tie(kind, users, rank, population.account.size)
    usual = rank[which]
    by_account = np.argsort(link_account, kind="stable")
    link_object, link_account = link_object[by_account], link_account[by_account]
    sharing, usual = users[which][by_account], usual[by_account]
    bounds = np.searchsorted(group, np.arange(count + 1))
    order = np.argsort(group_of_object, kind="stable")
    object_bounds = np.searchsorted(group_of_object[order], np.arange(count + 1))
    views = []
    for g in range(count):
        part = slice(int(bounds[g]), int(bounds[g + 1]))
        if part.start == part.stop:
            continue
        core = np.flatnonzero(_typical(rows.account[part], rows.hits[part])) + part.start
        mine = Rows(**{k: getattr(rows, k)[core] for k in Rows.__dataclass_fields__})
        members, of = np.unique(mine.account, return_inverse=True)
        low = np.searchsorted(link_account, members, side="left")
        high = np.searchsorted(link_account, members, side="right")
        at = runs(low, high - low)
        views.append(
            View(
                members=members,
                of=of.astype(np.int64),
                rows=mine,
                whole=population.n[np.searchsorted(population.account, members)],
                objects=object[order[object_bounds[g] : object_bounds[g + 1]]],
                link_object=link_object[at],
                link_account=link_account[at],
                link_sharing=sharing[at],
                link_usual=usual[at],
                link_chance=chance,
                population=population,
            )
        )
    return views


def _typical(account: NDArray[np.uint64], hits: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Return which exchanges hold at least half of the shared things that a member's usually hold.

    A frame leaves many; what a frame was filled with, or a turn of phrase, has few of them in
    common with the group, and others use it too.
    """
    _, of, n = np.unique(account, return_inverse=True, return_counts=True)
    each = np.sort(np.bincount(of, weights=hits) / n)
    # The median of what is shared, not of who shares: many who share a phrase are not the measure.
    usual = each[np.searchsorted(np.cumsum(each), 0.5 * each.sum())]
    return hits >= 0.5 * float(usual)
