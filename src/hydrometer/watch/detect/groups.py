"""Shared things to groups: things used by nearly the same accounts belong together.

A template leaves many shingles, and they are used by the same accounts; so do the templates of one
worklist, the addresses of one proxy pool, one means of payment.  Things are joined when their sets
of accounts are alike (MinHash of accounts, banded, then compared), which needs no pass over the
events and is a fold over objects: objects may be split over machines by band.

A thing whose accounts all begin with one and the same text is not a frame but a question that many
ask: a popular prompt, an assignment, a public benchmark.  It joins no group.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components

from hydrometer.watch.detect.pairs import Pairs
from hydrometer.watch.event import Kind

__all__ = [
    "BAND",
    "HASHES",
    "Band",
    "Groups",
    "Limits",
    "Sharing",
    "band",
    "find_groups",
    "merge",
    "runs",
    "usualness",
]

Hashes = NDArray[np.uint64]

HASHES, BAND = 32, 2
"""MinHash values of a set of accounts, and how many make a band."""

TIES = (Kind.PAYMENT, Kind.SIGNUP, Kind.IP, Kind.NET, Kind.TLS, Kind.OTHER)
"""Kinds of links that may found a group. A client's name and its parameters are shared by design,
and an organisation is one customer: they speak in signals and explanations."""


@dataclass(frozen=True)
class Limits:
    """What may become a group.

    Parameters
    ----------
    accounts : int
        Fewest accounts of an object, and of a group.
    distinct : float
        Smallest share of an object's accounts whose first texts differ.
    alike : float
        Smallest Jaccard similarity of the accounts of two objects of a group.
    common : float
        Largest share of all accounts that may use an object.
    usual : float
        Largest `usualness` of a link.
    """

    accounts: int
    distinct: float
    alike: float
    common: float
    usual: float


@dataclass(frozen=True)
class Groups:
    """Objects and their groups, and what each object shows.

    Attributes
    ----------
    object : ndarray of uint64, shape (n,)
        Ascending.
    group : ndarray of int64, shape (n,)
        Number of its group, from 0.
    accounts : ndarray of int64, shape (n,)
        Accounts that use it.
    count : int
        Groups.
    """

    object: Hashes
    group: NDArray[np.int64]
    accounts: NDArray[np.int64]
    count: int


@dataclass(frozen=True)
class Sharing:
    """Who uses each thing, as the bands need it.

    Attributes
    ----------
    accounts : ndarray of uint64
        Ascending.
    weight : ndarray of float64
        Of each account: one over what it uses.
    account : ndarray of int64
        Places in ``accounts``: those of the first thing, of the second, and so on.
    first : ndarray of int64, shape (n,)
        Where the accounts of each thing begin.
    """

    accounts: Hashes
    weight: NDArray[np.float64]
    account: NDArray[np.int64]
    first: NDArray[np.int64]


@dataclass(frozen=True)
class Band:
    """Some MinHash values of every thing, shape (n, BAND), and the pairs of which all agree."""

    marks: NDArray[np.float32]
    left: NDArray[np.int64]
    right: NDArray[np.int64]


def find_groups(
    pairs: Pairs, limits: Limits, total: int, bands: Callable[[Sharing], list[Band]]
) -> Groups:
    """Return the groups of a table of pairs.

    Parameters
    ----------
    pairs : Pairs
    limits : Limits
    total : int
        Accounts in all.
    bands : callable
        Gives every `band`; they may be found on many machines.
    """
    begins = pairs.begins()
    sharing = np.diff(np.append(begins, len(pairs)))
    kind = (pairs.object[begins] >> np.uint64(60)).astype(np.int64)
    text = kind <= Kind.SYSTEM
    tying = np.isin(kind, TIES if text.any() else (*TIES, Kind.SHAPE))
    rare = usualness(kind, sharing) <= limits.usual
    chosen = np.flatnonzero(
        (sharing >= limits.accounts)
        & (sharing <= max(limits.common * total, 4 * limits.accounts))
        & (text | (tying & rare))
    )
    rows = runs(begins[chosen], sharing[chosen])
    owner = np.repeat(np.arange(chosen.size), sharing[chosen])
    different = _distinct(owner, pairs.digest[rows], chosen.size)
    kept = ~text[chosen] | (different >= limits.distinct * sharing[chosen])
    chosen = chosen[kept]
    rows = runs(begins[chosen], sharing[chosen])
    objects = pairs.object[begins[chosen]]
    sizes = sharing[chosen]
    accounts, which, uses = np.unique(pairs.account, return_inverse=True, return_counts=True)
    first = np.concatenate([[0], np.cumsum(sizes)])[: sizes.size]
    found = bands(Sharing(accounts, 1.0 / uses, which[rows], first)) if sizes.size else []
    label, count = _join(found, sizes.size, limits.alike)
    return Groups(objects, label, sizes, count)


def usualness(kind: NDArray[np.int64], sharing: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return, for each thing, how usual it is to share a thing of its kind as widely.

    The share of accounts, among those with a thing of the kind, whose thing has as many accounts
    or more: near 1 for a day of sign-up that thirty others have too where every day has thirty,
    near 0 for a means of payment of thirty where nearly all have their own.
    """
    out = np.ones(kind.size)
    for k in np.unique(kind):
        mine = np.flatnonzero(kind == k)
        order = mine[np.argsort(-sharing[mine], kind="stable")]
        total = np.cumsum(sharing[order]) / sharing[order].sum()
        last = np.searchsorted(-sharing[order], -sharing[order], side="right") - 1
        out[order] = total[last]
    return out


RARE = 0.125
"""Usualness up to which a shared link is a tie between two accounts."""


def chance_of_tie(
    kind: NDArray[np.int64],
    sharing: NDArray[np.int64],
    usual: NDArray[np.float64],
    accounts: int,
) -> NDArray[np.float64]:
    """Return, by kind, the chance that two random accounts share a rare thing, shape (16,).

    Which accounts have a thing is random, given how many do: the pairs that share one, over all
    pairs.
    """
    rare = usual <= RARE
    pairs = sharing[rare].astype(np.float64) * (sharing[rare] - 1.0)
    total = max(accounts * (accounts - 1.0), 1.0)
    return np.bincount(kind[rare], weights=pairs, minlength=16) / total


def runs(begins: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the numbers of all rows of some runs."""
    if not begins.size:
        return np.zeros(0, dtype=np.int64)
    first = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    return np.repeat(begins - first, sizes) + np.arange(int(sizes.sum()))


def _distinct(owner: NDArray[np.int64], digest: Hashes, n: int) -> NDArray[np.int64]:
    """Return how many different digests each owner has; unknown digests all differ."""
    if not owner.size:
        return np.zeros(n, dtype=np.int64)
    order = np.lexsort((digest, owner))
    owner, digest = owner[order], digest[order]
    new = np.append(True, (owner[1:] != owner[:-1]) | (digest[1:] != digest[:-1]))
    return np.bincount(owner[new | (digest == 0)], minlength=n)


def band(sharing: Sharing, first: int) -> Band:
    """Return the MinHash values ``first`` to ``first + BAND - 1`` of all things, and what agrees.

    Of things that agree in all of them each is paired with the next, which joins them all.
    """
    n = sharing.first.size
    marks = np.empty((n, BAND), dtype=np.float32)
    for j in range(BAND):
        keys = _keys(sharing.accounts, sharing.weight, first + j)
        marks[:, j] = np.minimum.reduceat(keys[sharing.account], sharing.first)
    bits = marks.view(np.uint32).astype(np.uint64)
    value = bits[:, 0] << np.uint64(32) | bits[:, 1]
    order = np.argsort(value, kind="stable")
    same = np.flatnonzero(value[order[1:]] == value[order[:-1]])
    return Band(marks, order[same], order[same + 1])


def _keys(accounts: Hashes, weight: NDArray[np.float64], j: int) -> NDArray[np.float32]:
    """Return an exponential variate of each account for hash ``j``.

    The smallest of a set falls on each account with chance in proportion to its weight, so that
    two sets share it as often as their weighted Jaccard similarity.  An account that uses
    everything is in every set; weighed by one over what it uses, it counts for nothing, which is
    what keeping the degrees of accounts in a permutation would do.

    References
    ----------
    Ioffe, S. (2010), Improved consistent sampling, weighted minhash and L1 sketching, section 2;
    here a weight is the account's own, in whatever set, and the exponential race suffices.
    """
    mixed = (accounts ^ np.uint64(j * 0x9E3779B97F4A7C15 % 2**64)) * np.uint64(0x9FB21C651E98DF25)
    mixed ^= mixed >> np.uint64(32)
    mixed *= np.uint64(0xD6E8FEB86659FD93)
    mixed ^= mixed >> np.uint64(29)
    uniform = ((mixed >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
    return (-np.log(uniform) / weight).astype(np.float32)


def _join(bands: list[Band], n: int, alike: float) -> tuple[NDArray[np.int64], int]:
    """Return the group of each of ``n`` objects."""
    if not n:
        return np.zeros(0, dtype=np.int64), 0
    marks = np.concatenate([b.marks for b in bands], axis=1)
    a = np.concatenate([b.left for b in bands])
    b = np.concatenate([b.right for b in bands])
    near = (marks[a] == marks[b]).mean(axis=1) >= alike
    a, b = a[near], b[near]
    graph = coo_matrix((np.ones(a.size, dtype=np.int8), (a, b)), shape=(n, n))
    count, label = connected_components(graph, directed=False)
    return label.astype(np.int64), int(count)


ALIKE, INSIDE = 0.3, 0.7
"""Groups become one when their members are alike, or one is mostly inside another."""


def merge(
    group: NDArray[np.int64], member: Hashes, weight: NDArray[np.float64], count: int
) -> tuple[NDArray[np.int64], int]:
    """Join groups whose members overlap: the templates of one campaign, its addresses.

    Parameters
    ----------
    group, member : ndarray, shape (n,)
        Each pair of group and account once.
    weight : ndarray, shape (n,)
        Weight of the account: one over what it uses.
    count : int
        Groups.

    Returns
    -------
    ndarray of int64, shape (count,), and int
        New number of each group, and how many there are.
    """
    if not count:
        return np.zeros(0, dtype=np.int64), 0
    _, column = np.unique(member, return_inverse=True)
    root = np.sqrt(weight)
    table = csr_matrix((root, (group, column)), shape=(count, int(column.max(initial=0)) + 1))
    both = coo_matrix(table @ table.T)
    size = np.bincount(group, weights=weight, minlength=count)
    a, b = size[both.row], size[both.col]
    other = both.row != both.col
    near = other & (both.data / (a + b - both.data) >= ALIKE)
    # A small group goes to the one group that holds most of it, so that it joins no two others.
    inside = np.where(other & (a <= b) & (both.data >= INSIDE * a), both.data / b, 0.0)
    best = np.zeros(count)
    np.maximum.at(best, both.row, inside)
    near |= (inside > 0) & (inside == best[both.row])
    marks = np.ones(int(near.sum()), dtype=np.int8)
    graph = coo_matrix((marks, (both.row[near], both.col[near])), shape=(count, count))
    found, label = connected_components(graph, directed=False)
    return label.astype(np.int64), int(found)
