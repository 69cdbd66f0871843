"""From views to clusters: scores, membership, levels and the tests that were charged."""

import math

import numpy as np
import pytest
from tests.watch.detect.detect_toys import population, view

from hydrometer.watch.detect.judge import judge
from hydrometer.watch.detect.register import Register
from hydrometer.watch.detect.settings import load_settings
from hydrometer.watch.detect.signals import SIGNALS

SETTINGS = load_settings()
HABITS = ("ratio", "answer", "batch", "pinned", "single", "scripted")
NOW = 10**15


def people():
    rng = np.random.default_rng(30)
    return population(rng)


def collector(whole, seed=31, **more):
    rng = np.random.default_rng(seed)
    habits = {name: 0.9 + 0.1 * rng.random(120) for name in HABITS}
    asks = {"elicit": np.ones(120), "trace": np.ones(120)}
    text = {"hits": np.full(120, 8), "objects": np.full(120, 14)}
    digest = {"digest": np.arange(1, 121, dtype=np.uint64)}
    return view(rng, people=whole, **{**habits, **asks, **text, **digest, **more})


def judged(views, whole, register=None):
    return judge(views, SETTINGS, register or Register(), whole, NOW)


def test_a_score_is_the_weighted_sum_of_strengths():
    whole = people()
    (found,), _, tested = judged([collector(whole)], whole)
    want = sum(s.weight * s.strength for s in found.signals if not math.isnan(s.strength))
    assert found.score == pytest.approx(want)
    assert {s.name: s.weight for s in found.signals} == SETTINGS.weights
    assert found.level == "alarm"
    assert tested == 1


def test_the_e_value_is_the_average_of_those_given():
    whole = people()
    seen = collector(whole)
    (found,), _, _ = judged([seen], whole)
    logs = [measure(seen).log_e for measure in SIGNALS.values()]
    assert found.log_e == pytest.approx(np.log(np.nanmean(np.exp(logs))))


def test_members_have_their_scores_and_nobody_else():
    whole = people()
    seen = collector(whole)
    (found,), scores, _ = judged([seen], whole)
    inside = np.isin(whole.account, seen.members)
    assert (scores[inside] > 2.0).all()
    assert not scores[~inside].any()
    assert sorted(found.accounts) == seen.members.tolist()
    assert list(found.membership) == sorted(found.membership, reverse=True)


def test_membership_grows_with_what_is_shared():
    whole = people()
    of = np.repeat(np.arange(20), 6)
    seen = collector(whole, of=of, hits=np.where(of < 10, 10, 1))
    (found,), _, _ = judged([seen], whole)
    share = dict(zip(found.accounts, found.membership, strict=True))
    strong, weak = seen.members[:10], seen.members[10:]
    assert min(share[int(a)] for a in strong) > max(share[int(a)] for a in weak)
    assert all(0.0 <= m <= 1.0 for m in found.membership)


def test_members_of_a_link_are_those_who_behave_so():
    whole = people()
    of = np.tile(np.arange(20), 6)
    low = {name: np.where(of < 5, 0.3, 0.9) for name in HABITS}
    seen = collector(whole, hits=np.zeros(120, int), **low)
    clusters, _, _ = judged([seen], whole)
    share = dict(zip(clusters[0].accounts, clusters[0].membership, strict=True))
    assert not share.keys() & {int(a) for a in seen.members[:5]}
    assert min(share[int(a)] for a in seen.members[5:]) > 0.8


def test_an_open_reading_lowers_the_scores():
    whole = people()
    same = collector(whole, digest=np.full(120, 3, dtype=np.uint64))
    (found,), scores, _ = judged([same], whole)
    assert found.level != "alarm"
    assert scores.max() == pytest.approx(max(found.score - 1.0, 0.0), rel=0.05)


def test_small_groups_are_not_read_and_each_look_is_charged():
    whole, register = people(), Register()
    small = view(np.random.default_rng(1), members=7, people=whole)
    assert judged([small], whole, register) == ((), pytest.approx(np.zeros(600)), 0)
    judged([collector(whole, seed=s) for s in (1, 2, 3)], whole, register)
    assert register.looks == 3
    judged([collector(whole, seed=s) for s in (1, 2, 3)], whole, register)
    assert register.looks == 3


def test_what_was_an_alarm_is_still_shown():
    whole, register = people(), Register()
    judged([collector(whole)], whole, register)
    (found,), scores, _ = judge([], SETTINGS, register, whole, NOW + 1)
    assert found.level == "alarm"
    assert scores.any()
