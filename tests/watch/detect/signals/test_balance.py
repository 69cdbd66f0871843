"""Equal quotas and turns that alternate, against people who come in bouts."""

import numpy as np
from tests.watch.detect.detect_toys import START, check_contract, view

from hydrometer.watch.detect.signals.balance import DAY, measure


def dealt(rng, members=20, each=12):
    """A dispatcher: one round after the other, each in another order."""
    of = np.concatenate([rng.permutation(members) for _ in range(each)])
    return view(rng, members=members, of=of)


def people(rng, members=20):
    """Bouts of very different length."""
    bouts = np.repeat(np.arange(members), 1 + rng.lognormal(2, 1.2, members).astype(int))
    return view(rng, members=members, of=bouts)


def test_contract():
    check_contract(measure, dealt(np.random.default_rng(0)))


def test_a_dispatcher_speaks_and_people_do_not():
    rng = np.random.default_rng(1)
    one, other = measure(dealt(rng)), measure(people(rng))
    assert one.strength > 0.8
    assert one.log_e > np.log(100)
    assert other.strength < 0
    assert other.log_e < 0
    assert one.measures["repeats"] < one.measures["by_chance"] / 2
    assert other.measures["overdispersion"] > 0.5


def test_equal_quotas_in_random_order_are_half_of_it():
    rng = np.random.default_rng(2)
    found = measure(view(rng, of=rng.permutation(np.repeat(np.arange(20), 12))))
    assert measure(people(rng)).strength < found.strength < measure(dealt(rng)).strength


def test_who_came_late_has_sent_less():
    rng = np.random.default_rng(3)
    begin = rng.integers(0, 10, 20) * DAY
    time = np.concatenate([START + np.arange(b, 10 * DAY, DAY // 4) for b in begin])
    of = np.repeat(np.arange(20), [len(np.arange(b, 10 * DAY, DAY // 4)) for b in begin])
    order = np.argsort(time, kind="stable")
    found = measure(view(rng, of=of[order], time=time[order], days=10))
    assert found.measures["overdispersion"] < 0.1


def test_too_little_to_tell():
    found = measure(view(np.random.default_rng(4), each=1))
    assert np.isnan(found.strength)
    assert "too few" in found.detail
