"""What signals see: ranks, means of members, and the links that a member has."""

import numpy as np
import pytest
from scipy import stats
from tests.watch.detect.detect_toys import (
    START,
    benign,
    campaign,
    monitor,
    population,
    thing,
    view,
)

from hydrometer.watch.detect.pairs import Pairs
from hydrometer.watch.detect.profile import FEATURES
from hydrometer.watch.detect.view import _typical, build_views
from hydrometer.watch.event import Kind


def test_ranks_are_uniform_for_exchanges_like_any_other():
    rng = np.random.default_rng(8)
    people = population(rng, accounts=2000)
    found = people.ranks("answer", rng.random(2000))
    # Two samples of 2000 each: the population is one draw too.
    assert stats.kstest(found, "uniform").statistic < 1.95 * np.sqrt(2 / 2000)


def test_ties_and_what_is_not_recorded():
    sample = np.zeros((4, len(FEATURES)))
    sample[:, 0] = [0, 0, 1, np.nan]
    sample[:, 1] = np.nan
    people = population(np.random.default_rng(0), accounts=4, sample=sample)
    found = people.ranks("single", np.array([0.0, 1.0, np.nan, 9.0, -9.0]))
    np.testing.assert_allclose(found, [1 / 3, 5 / 6, np.nan, 1.0, 0.0])
    assert people.reference(FEATURES[1]).size == 0
    assert np.isnan(people.ranks(FEATURES[1], np.zeros(2))).all()


def test_each_member_has_one_vote():
    made = view(np.random.default_rng(1), members=3, of=np.array([0, 0, 0, 1]))
    np.testing.assert_allclose(
        made.per_member(np.array([1.0, 0.0, np.nan, 4.0])), [0.5, 4.0, np.nan]
    )
    assert made.counts().tolist() == [3, 1, 0]


def test_views_of_groups_hold_their_members_links():
    rng = np.random.default_rng(2)
    people = population(rng, accounts=30)
    rows = view(rng, members=12, people=people, each=2).rows
    group = np.zeros(len(rows), dtype=np.int64)
    members = np.unique(rows.account)
    pairs = Pairs()
    pay = np.full(5, thing(Kind.PAYMENT, 3))
    who = np.array([*members[:4], *np.setdiff1d(people.account, members)[:1]], dtype=np.uint64)
    pairs.update(pay, np.sort(who), np.zeros(5, np.int64), pay)
    shingle = np.full(12, 5, dtype=np.uint64)
    pairs.update(shingle, members, np.zeros(12, np.int64), shingle)
    (made,) = build_views(
        group, rows, np.array([5], np.uint64), np.zeros(1, np.int64), 2, pairs, people
    )
    assert made.members.tolist() == members.tolist()
    assert (made.members[made.of] == rows.account).all()
    assert sorted(made.link_account.tolist()) == sorted(members[:4].tolist())
    assert set(made.link_object.tolist()) == {int(pay[0])}
    assert set(made.link_sharing.tolist()) == {5}
    assert made.objects.tolist() == [5]
    assert (made.whole == 10).all()


def test_the_monitor_s_population_is_everybody():
    rng = np.random.default_rng(3)
    rows = benign(rng, accounts=50) + campaign(rng, accounts=10, each=3, model="new")
    watch = monitor(rows)
    watch.settle()
    people = watch._population(max(r.time for r in rows))
    assert people.account.size == 60
    assert people.n.sum() == len(rows) == people.models.sum()
    assert dict(zip(people.names, people.models.sum(axis=1).tolist(), strict=True))["new"] == 30
    assert people.begin == min(r.time for r in rows) >= START
    assert people.fan.tolist() == pytest.approx(np.full(60, 2.0))


def test_a_view_leaves_out_what_hardly_holds_the_frame():
    rng = np.random.default_rng(4)
    people = population(rng, accounts=30)
    hits = np.where(np.arange(120) % 6 == 0, 1, 6)
    rows = view(rng, members=20, people=people, hits=hits, of=np.arange(120) // 6).rows
    group = np.zeros(120, dtype=np.int64)
    objects, none = np.array([5], np.uint64), np.zeros(1, np.int64)
    (made,) = build_views(group, rows, objects, none, 1, Pairs(), people)
    assert made.rows.hits.tolist() == [6] * 100
    assert made.members.size == 20


def test_many_who_share_a_phrase_are_not_the_measure():
    account = np.concatenate([np.arange(60), np.arange(100, 200)]).astype(np.uint64)
    hits = np.concatenate([np.full(60, 9), np.full(100, 3)]).astype(np.int32)
    assert _typical(account, hits).tolist() == [True] * 60 + [False] * 100
    assert _typical(account[60:], hits[60:]).all()
    assert _typical(account, np.zeros(160, dtype=np.int32)).all()
