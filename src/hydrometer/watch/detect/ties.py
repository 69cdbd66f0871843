"""Fragments of one campaign: groups with words of their own, tied by payment, address, sign-up.

Who gives each account a wording of its own breaks the text into groups that share no account. What
the accounts hang on is harder to multiply: groups are joined when their members share rare links
much more often than accounts at large do.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components

from hydrometer.watch.detect.groups import RARE, TIES, chance_of_tie, usualness
from hydrometer.watch.detect.pairs import Pairs
from hydrometer.watch.event import Kind

__all__ = ["join_tied"]

LEVEL = 1e-6
FEWEST = 3
"""Links that two groups share, at the least."""
SHARE = 0.3
"""Share of the members of either group that have a link of the other."""
WIDE = 64
"""Accounts of a link above which it joins nothing: an office, a campus, a cloud."""


def join_tied(
    pairs: Pairs, group: NDArray[np.int64], member: NDArray[np.uint64], count: int, total: int
) -> tuple[NDArray[np.int64], int]:
    """Return a new number for each group, those that are tied having one.

    Null hypothesis
        Which accounts have a link is random, given how many have it: the number of different links
        that members of two groups share is at most Poisson with the number of pairs of members
        times the chance of a tie (Chernoff's bound; Bonferroni over pairs of groups).

    Parameters
    ----------
    pairs : Pairs
    group, member : ndarray, shape (n,)
        Each pair of group and account once.
    count : int
        Groups.
    total : int
        Accounts of the population.
    """
    alone = np.arange(count), count
    tail = int(np.searchsorted(pairs.object, np.uint64(Kind.ORG << 60)))
    things, which, users = np.unique(pairs.object[tail:], return_inverse=True, return_counts=True)
    kind = (things >> np.uint64(60)).astype(np.int64)
    usual = usualness(kind, users) if things.size else np.zeros(0)
    rare = np.isin(kind, TIES) & (usual <= RARE) & (users > 1) & (users <= WIDE)
    if not rare.any() or count < 2:
        return alone
    chance = float(chance_of_tie(kind, users, np.where(rare, usual, 1.0), total).sum())
    accounts, column = np.unique(member, return_inverse=True)
    rows = np.flatnonzero(rare[which])
    at = np.searchsorted(accounts, pairs.account[tail:][rows])
    there = np.minimum(at, accounts.size - 1)
    inside = accounts[there] == pairs.account[tail:][rows]
    label = np.cumsum(rare) - 1
    size = (accounts.size, int(rare.sum()))
    ones = np.ones(int(inside.sum()), dtype=np.int32)
    has = csr_matrix((ones, (there[inside], label[which[rows[inside]]])), shape=size)
    of = csr_matrix(
        (np.ones(member.size, dtype=np.int32), (group, column)), shape=(count, accounts.size)
    )
    used = csr_matrix(of @ has)
    used.data[:] = 1
    shared = coo_matrix(used @ used.T)
    links_of = csr_matrix(has @ used.T)
    links_of.data[:] = 1
    touching = csr_matrix(of @ links_of)
    both = csr_matrix(of @ of.T)
    members = np.bincount(group, minlength=count)
    a, b = shared.row, shared.col
    upper = a < b
    a, b, seen = a[upper], b[upper], shared.data[upper].astype(np.float64)
    common = np.asarray(both[a, b]).ravel()
    # An account in both groups brings its own links to both: they tie nothing.
    seen = seen - 2.0 * common
    expected = np.maximum(members[a] * members[b] * chance, 1e-9)
    part_a = np.asarray(touching[a, b]).ravel() / np.maximum(members[a], 1)
    part_b = np.asarray(touching[b, a]).ravel() / np.maximum(members[b], 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_p = np.where(seen > expected, -(seen * np.log(seen / expected) - seen + expected), 0.0)
    tied = (
        (seen >= FEWEST)
        & (log_p <= math.log(LEVEL) - 2.0 * math.log(count))
        & (np.minimum(part_a, part_b) >= SHARE)
    )
    marks = np.ones(int(tied.sum()), dtype=np.int8)
    graph = csr_matrix((marks, (a[tied], b[tied])), shape=(count, count))
    found, new = connected_components(graph, directed=False)
    return new.astype(np.int64), int(found)
