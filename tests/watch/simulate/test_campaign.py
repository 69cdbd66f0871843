from collections import Counter, defaultdict

import numpy as np
import pytest

from hydrometer.watch.simulate.campaign import schedule
from hydrometer.watch.simulate.scenario import Campaign
from hydrometer.watch.simulate.world import NEW_MODEL

DAY = 86400.0


def base(**how):
    return Campaign("c", **{"accounts": 40, "per_day": 20.0, "start": 1.0, "days": 2.0, **how})


def headers(sink, name):
    """The different values of a header for each account."""
    found = defaultdict(set)
    for account, profile in zip(sink.account, sink.profile, strict=True):
        found[account].add(sink.profiles[profile].get(name))
    return found


def test_size_and_truth(stream_of):
    sink, made = stream_of(base(), plain=50)
    assert made["campaigns"]["c"] == {"accounts": 40, "exchanges": 1600, "cover": 0}
    counts = Counter(label.campaign for label in sink.labels)
    assert counts == {"": 50, "c": 40}
    mine = [sink.labels[a].campaign == "c" for a in sink.account]
    times = np.array(sink.time)[mine]
    assert sum(mine) == 1600
    assert times.min() > 0.99 * DAY
    assert times.max() < 3.01 * DAY


def test_the_worklist_is_walked_without_replacement(stream_of):
    for worklist, repeats in ((True, False), (False, True)):
        sink, _ = stream_of(base(worklist=worklist))
        told = [m[0][1] for m in sink.messages]
        assert (len(set(told)) < 0.8 * len(told)) == repeats


def test_a_queue_hands_round_and_jitter_does_not(world, dice):
    for timing, rounds in (("queue", True), ("jitter", False)):
        times, seats = schedule(world, dice, base(timing=timing))
        assert np.all(np.diff(times) >= 0)
        even = all(len(set(seats[i : i + 40].tolist())) > 35 for i in range(0, 800, 40))
        assert even == rounds


def test_people_sleep_and_queues_do_not(world, dice):
    spread = {}
    for timing in ("queue", "human"):
        times, seats = schedule(world, dice, base(timing=timing, per_day=60.0))
        gaps = [np.diff(times[seats == s]) for s in range(40)]
        spread[timing] = np.median([g.std() / g.mean() for g in gaps])
    assert spread["human"] > 3 * spread["queue"]


@pytest.mark.parametrize("cover", [0.5, 0.9])
def test_the_share_of_cover_is_what_is_asked(stream_of, cover):
    sink, made = stream_of(base(cover=cover, per_day=8.0))
    own = made["campaigns"]["c"]
    total = own["exchanges"] + own["cover"]
    assert abs(own["cover"] / total - cover) < 0.05
    assert len(sink) == total


def test_warm_up_begins_before_the_campaign(stream_of):
    sink, _ = stream_of(base(start=2.5, days=1.0, cover=0.6, warmup=2.0))
    assert min(sink.time) < 1.2 * DAY


def test_slow_start(world, dice):
    times, _ = schedule(world, dice, base(slow_start=True))
    assert np.mean(times < (1.0 + 2.0 / 3.0) * DAY) < 0.15


def test_accounts_are_banned_and_replaced(stream_of):
    sink, made = stream_of(base(lifetime=0.5))
    assert made["campaigns"]["c"]["accounts"] > 100
    begun = {}
    for account, time in sorted(zip(sink.account, sink.time, strict=True), key=lambda x: x[1]):
        begun.setdefault(account, time)
    assert sum(t > 1.5 * DAY for t in begun.values()) > 60


def test_the_pivot_moves_half_of_it_to_the_new_model(stream_of):
    sink, _ = stream_of(base(start=0.5, days=3.5, pivot=True))
    late = np.array(sink.time) >= 2.0 * DAY
    assert late.mean() > 0.68
    new = np.array([m == NEW_MODEL for m in sink.model])
    assert not new[~late].any()
    assert new[np.array(sink.time) >= 3.0 * DAY].all()


def test_identity_is_shared_or_not(stream_of):
    sink, _ = stream_of(base(payments=3, signup_batches=2, mail_domains=2, addresses="pool"))
    for name, most in (
        ("x-payment", 3),
        ("x-signup", 2),
        ("x-email-domain", 2),
        ("x-forwarded-for", 20),
        ("user-agent", 1),
    ):
        assert len(set().union(*headers(sink, name).values())) <= most
    sink, _ = stream_of(base(addresses="residential", headers="account"))
    homes = headers(sink, "x-forwarded-for")
    assert len(set().union(*homes.values())) > 60
    assert len(set().union(*headers(sink, "user-agent").values())) > 10
    sink, _ = stream_of(base(headers="request"))
    assert np.mean([len(v) for v in headers(sink, "user-agent").values()]) > 8


def test_sampling(stream_of):
    sink, _ = stream_of(base(sampling="pinned"))
    assert set(sink.max_tokens) == {4096}
    sink, _ = stream_of(base(sampling="swept"))
    assert len(set(sink.temperature)) > 3
    sink, _ = stream_of(base(sampling="unset"))
    assert set(sink.max_tokens) == {None}
