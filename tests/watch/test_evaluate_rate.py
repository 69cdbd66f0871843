"""The rate limit as a peer: buckets of the clock, whatever the parts."""

import numpy as np
import pytest
from tests.watch.toy import HOUR, MINUTE, START, labels, stream

from hydrometer.watch.evaluate_rate import RateLimit
from hydrometer.watch.observation import Observation

DAY_START = START // (24 * HOUR) * (24 * HOUR)


def scores(held, hours, cuts):
    peer = RateLimit(held.accounts, hours=hours)
    for begin, end in zip([0, *cuts], [*cuts, len(held)], strict=True):
        peer.add(held.part(begin, end))
    scan = peer.scan(int(held.time[-1]))
    return dict(zip(scan.accounts.tolist(), scan.scores.tolist(), strict=True))


@pytest.mark.parametrize("hours", [1, 24])
def test_the_most_in_one_bucket_however_it_is_cut(hours):
    held = stream()
    whole = scores(held, hours, [])
    assert whole == scores(held, hours, [1, 777, 778, 1500])
    most = {}
    for a, t in zip(held.account.tolist(), held.time.tolist(), strict=True):
        key = (int(held.accounts.pseudonym[a]), t // (hours * HOUR))
        most[key] = most.get(key, 0) + 1
    wanted = {}
    for (account, _), n in most.items():
        wanted[account] = max(wanted.get(account, 0), n)
    assert whole == wanted


def test_an_hour_begins_on_the_clock():
    at = [DAY_START + 59 * MINUTE, DAY_START + 60 * MINUTE, DAY_START + 61 * MINUTE]
    held = stream([Observation(f"r{t}", "b1", t, "m") for t in at], labels())
    assert list(scores(held, 1, []).values()) == [2.0]
    assert list(scores(held, 24, []).values()) == [3.0]


def test_nothing_yet():
    scan = RateLimit(stream().accounts, hours=1).scan(0)
    assert scan.accounts.dtype == np.uint64
    assert scan.accounts.size == 0
