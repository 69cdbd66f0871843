"""Groups: planted ones are found, heavy users and popular questions found none."""

import numpy as np
import pytest
from tests.watch.detect.detect_toys import groups_of, thing

from hydrometer.watch.detect.groups import merge, runs, usualness
from hydrometer.watch.detect.pairs import Pairs
from hydrometer.watch.event import Kind


def table(uses, digest=None):
    """Pairs of objects and sets of accounts; each account's first text is its own by default."""
    found = Pairs()
    for o, accounts in uses.items():
        a = np.array(sorted(accounts), dtype=np.uint64)
        d = a + np.uint64(1000) if digest is None else np.full(a.size, digest, dtype=np.uint64)
        found.update(np.full(a.size, o, dtype=np.uint64), a, np.zeros(a.size, np.int64), d)
    return found


def noise(rng, objects=300, accounts=1000, each=12):
    return {
        1000 + i: set(rng.choice(accounts, each, replace=False).tolist()) for i in range(objects)
    }


def labels(found, objects):
    return [int(found.group[np.flatnonzero(found.object == o)[0]]) for o in objects]


def test_things_of_the_same_accounts_are_one_group():
    rng = np.random.default_rng(0)
    one = {o: set(range(20)) - {o} for o in range(1, 9)}
    two = {o: set(range(500, 520)) - {500 + o} for o in range(11, 19)}
    pairs = table({**noise(rng), **one, **two})
    found = groups_of(pairs, 1000)
    a, b = set(labels(found, one)), set(labels(found, two))
    assert len(a) == len(b) == 1
    assert a != b
    assert (found.group == a.pop()).sum() == 8
    assert found.accounts[found.object == 3] == 19


def test_heavy_users_join_nothing():
    rng = np.random.default_rng(1)
    uses = {o: s | set(range(900, 912)) for o, s in noise(rng, objects=200, accounts=900).items()}
    found = groups_of(table(uses), 1000)
    assert np.bincount(found.group).max() <= 2


def test_a_popular_question_is_no_group():
    uses = {o: set(range(30)) for o in range(1, 6)}
    assert groups_of(table(uses, digest=7), 100).count == 0
    assert groups_of(table(uses), 100).count == 1
    # Where texts are not recorded, nothing says that it is a question.
    assert groups_of(table(uses, digest=0), 100).count == 1


def test_few_accounts_or_nearly_all_are_no_group():
    assert groups_of(table({1: set(range(7)), 2: set(range(7))}), 100).count == 0
    assert groups_of(table({1: set(range(90)), 2: set(range(90))}), 100).count == 0


def test_links_that_found_and_those_that_do_not():
    own = {thing(Kind.PAYMENT, i): {i} for i in range(100, 400)}
    same = set(range(30))
    for kind, groups in ((Kind.PAYMENT, 1), (Kind.AGENT, 0), (Kind.SDK, 0), (Kind.ORG, 0)):
        pairs = table({**own, thing(kind, 1): same})
        assert groups_of(pairs, 400).count == groups, kind
    # Parameters found a group only where no text is recorded.
    shapes = {thing(Kind.SHAPE, i): set(range(10 * i, 10 * i + 60)) for i in range(30)}
    rare = {**shapes, thing(Kind.SHAPE, 99): set(range(300, 312))}
    assert groups_of(table(rare), 400, usual=1.0).count > 0
    text = {1: set(range(12)), 2: set(range(12))}
    assert (groups_of(table({**rare, **text}), 400, usual=1.0).object < 9).all()


def test_a_usual_link_founds_nothing():
    days = {thing(Kind.SIGNUP, i): set(range(20 * i, 20 * i + 20)) for i in range(30)}
    assert groups_of(table(days), 600).count == 0


def test_usualness_by_hand():
    kind = np.array([1, 1, 1, 1, 2, 2])
    sharing = np.array([1, 1, 2, 6, 5, 5])
    np.testing.assert_allclose(usualness(kind, sharing), [1, 1, 0.8, 0.6, 1, 1])
    assert usualness(kind[:0], sharing[:0]).size == 0


def test_runs_by_hand():
    assert runs(np.array([5, 0, 9]), np.array([2, 0, 3])).tolist() == [5, 6, 9, 10, 11]
    assert runs(np.array([], dtype=int), np.array([], dtype=int)).size == 0


def merged(members, weight=None):
    group = np.repeat(np.arange(len(members)), [len(m) for m in members])
    member = np.array([a for m in members for a in m], dtype=np.uint64)
    w = np.array([(weight or {}).get(a, 1.0) for m in members for a in m])
    return merge(group, member, w, len(members))


def test_alike_groups_become_one_and_others_do_not():
    label, count = merged([range(10), range(4, 14), range(50, 60)])
    assert label[0] == label[1] != label[2]
    assert count == 2
    assert merged([range(20), range(15, 35)])[1] == 2


def test_a_small_group_goes_to_the_one_that_holds_it():
    # Both large groups hold the small one; it joins the smaller of them and does not bridge.
    small, near, far = range(8), range(40), [*range(8), *range(100, 180)]
    label, count = merged([small, near, far])
    assert count == 2
    assert label[0] == label[1] != label[2]


def test_heavy_users_do_not_make_groups_alike():
    heavy = range(1000, 1020)
    parts = [[*range(10), *heavy], [*range(20, 30), *heavy]]
    assert merged(parts)[1] == 1
    assert merged(parts, {a: 0.01 for a in heavy})[1] == 2


def test_the_order_of_accounts_names_does_not_matter():
    rng = np.random.default_rng(3)
    uses = {**noise(rng, objects=60), **{o: set(range(20)) for o in range(1, 6)}}
    for seed in range(3):
        name = np.random.default_rng(seed).permutation(1000) + 7
        renamed = {o: {int(name[a]) for a in s} for o, s in uses.items()}
        found = groups_of(table(renamed), 1000)
        assert len(set(labels(found, range(1, 6)))) == 1
        assert (found.group == labels(found, [1])[0]).sum() == 5


@pytest.mark.parametrize("total", [0, 10])
def test_nothing_has_no_groups(total):
    found = groups_of(Pairs(), total)
    assert found.count == found.object.size == 0
    assert merged([])[1] == 0
