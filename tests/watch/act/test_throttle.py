"""Token buckets: the rate they allow, and that they stay small."""

from hydrometer.watch.act.throttle import Throttle

SECOND = 1_000_000


def test_the_rate_is_kept_whatever_the_demand():
    t = Throttle()
    passed = [now for now in range(0, 600 * SECOND, SECOND) if t.take(7, 6, now) == 0]
    assert len(passed) in (65, 66)  # a full bucket of six, and six a minute for ten minutes


def test_accounts_do_not_share_a_bucket():
    t = Throttle()
    assert [t.take(a, 1, 0) for a in (1, 2)] == [0, 0]
    assert t.take(1, 1, 0) == 60


def test_a_clock_that_steps_back_shuts_nobody_out():
    t = Throttle()
    for _ in range(9):
        t.take(7, 6, 3_600 * SECOND)
    assert t.take(7, 6, 0) <= 10


def test_buckets_are_bounded():
    t = Throttle(most=10)
    for account in range(1_000):
        t.take(account, 60, account)
    assert len(t) == 10
