"""The table of pairs: the law exactly, and what trimming may never do."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hydrometer.watch.detect.pairs import PAIR_BYTES, Pairs

COLUMNS = ("object", "account", "n", "first", "last", "digest")
uses = st.lists(
    st.tuples(*(st.integers(0, 4), st.integers(0, 3), st.integers(-3, 3), st.integers(0, 2)))
)


def table(rows):
    found = Pairs()
    a = np.array(rows, dtype=np.int64).reshape(-1, 4)
    u = a.astype(np.uint64)
    found.update(u[:, 0], u[:, 1], a[:, 2], u[:, 3])
    return found


def plain(pairs):
    return [getattr(pairs, c).tolist() for c in COLUMNS]


def slow(rows):
    """The definition: for each pair its count, times and the digest of its earliest use."""
    seen = {}
    for o, a, t, d in rows:
        seen.setdefault((o, a), []).append((t, d))
    out = []
    for (o, a), v in sorted(seen.items()):
        out.append((o, a, len(v), min(v)[0], max(t for t, _ in v), min(v)[1]))
    return [list(c) for c in zip(*out, strict=True)] or [[]] * 6


@given(uses, st.randoms(use_true_random=False), st.integers(0, 5))
def test_the_law_holds_exactly(rows, chance, cut):
    assert plain(table(rows)) == slow(rows)
    mixed = list(rows)
    chance.shuffle(mixed)
    a, b, c = table(mixed[:cut]), table(mixed[cut : 2 * cut]), table(mixed[2 * cut :])
    b.merge(c)
    a.merge(b)
    assert plain(a) == slow(rows)


def test_one_by_one_is_all_at_once():
    rng = np.random.default_rng(2)
    rows = rng.integers(0, 6, size=(200, 4)).tolist()
    found = Pairs()
    for row in rows:
        found.merge(table([row]))
    assert plain(found) == slow(rows)
    assert found.nbytes == PAIR_BYTES * len(found)


def test_trim_forgets_what_nobody_shares_and_is_old():
    found = table([(1, 1, 0, 0), (1, 2, 0, 0), (2, 1, 0, 0), (3, 1, 9, 0)])
    found.trim(young=5, cap=10)
    assert found.object.tolist() == [1, 1, 3]


@given(st.integers(0, 2**32), st.integers(1, 8))
def test_trim_keeps_the_rarest_and_the_cap(seed, cap):
    rng = np.random.default_rng(seed)
    rows = [(o, a, 1, 0) for o in range(1, 15) for a in rng.permutation(15)[:o].tolist()]
    found = table(rows)
    sharing = np.bincount(found.object.astype(int))
    before = {a: found.object[found.account == a].astype(int) for a in range(15)}
    found.trim(young=0, cap=cap)
    for a, had in before.items():
        kept = found.object[found.account == a].astype(int)
        assert kept.size == min(cap, had.size)
        # What one account alone has is worth least; of shared things the rarest are worth most.
        worth = np.where(sharing > 1, -sharing, -99)
        gone = np.setdiff1d(had, kept)
        assert not gone.size or worth[kept].min() >= worth[gone].max()


def test_a_rare_repeated_thing_outlives_common_ones():
    common = [(o, a, t, 0) for o in range(30) for a in range(60) for t in range(2)]
    rare = [(99, a, t, 0) for a in (0, 1) for t in range(3)]
    alone = [(200 + i, 0, 0, 0) for i in range(50)]
    found = table(common + rare + alone)
    found.trim(young=-1, cap=5)
    assert found.account[found.object == 99].tolist() == [0, 1]
    assert not (found.object >= 200).any()
    assert np.bincount(found.account.astype(int)).max() == 5


def test_an_empty_table():
    found = Pairs()
    found.merge(Pairs())
    found.trim(young=0, cap=1)
    assert len(found) == found.nbytes == found.begins().size == 0
