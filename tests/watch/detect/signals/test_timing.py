"""Regular gaps and no nights."""

import numpy as np
from tests.watch.detect.detect_toys import START, check_contract, view

from hydrometer.watch.detect.signals.timing import HOUR, measure


def sent(gaps):
    """Members with these gaps, in hours, shape (members, n)."""
    time = START + (np.cumsum(gaps, axis=1) * HOUR).astype(np.int64)
    of = np.repeat(np.arange(gaps.shape[0]), gaps.shape[1])
    order = np.argsort(time.ravel(), kind="stable")
    return view(
        np.random.default_rng(0), members=gaps.shape[0], of=of[order], time=time.ravel()[order]
    )


def test_contract():
    rng = np.random.default_rng(0)
    check_contract(measure, sent(1 + 0.1 * rng.random((20, 30))))


def test_a_clock_speaks_chance_less_and_people_against():
    rng = np.random.default_rng(1)
    clock = measure(sent(1 + 0.1 * rng.random((20, 30))))
    chance = measure(sent(rng.exponential(1.0, (20, 30))))
    bouts = measure(sent(np.where(rng.random((20, 30)) < 0.1, 24.0, 0.02)))
    assert clock.strength == 1.0 > chance.strength > 0 > bouts.strength
    assert clock.measures["cv"] < 0.2
    assert 0.7 < chance.measures["cv"] < 1.2


def test_evenness_sees_a_night():
    gaps = np.full((20, 48), 0.5)
    assert measure(sent(gaps)).measures["evenness"] > 0.95
    assert measure(sent(gaps / 12)).measures["evenness"] < 0.5


def test_short_histories_are_silent():
    found = measure(sent(np.ones((20, 3))))
    assert np.isnan(found.strength)
    assert "too few" in found.detail
