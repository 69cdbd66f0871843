"""Traffic that moves to a new model at once."""

import numpy as np
from tests.watch.detect.detect_toys import START, check_contract, population, view

from hydrometer.watch.detect.signals.pivot import DAY, measure


def release(rng, mine, day=3, usual=10):
    """A model appears; ``mine`` is the share of the group's exchanges that it gets."""
    models = np.zeros((2, 6), dtype=np.int64)
    models[0], models[1, day:] = 100, usual
    time = START + np.sort(rng.integers(0, 6 * DAY, 400))
    new = (time >= START + day * DAY) & (rng.random(400) < mine)
    people = population(rng, models=models)
    return view(rng, people=people, of=np.arange(400) % 20, time=time, model=new.astype(np.int32))


def test_contract():
    check_contract(measure, release(np.random.default_rng(0), 0.8))


def test_it_grows_with_what_moves():
    rng = np.random.default_rng(1)
    found = [measure(release(rng, s)).strength for s in (0.05, 0.4, 0.9)]
    assert found[0] < 0.1 < found[1] < found[2]
    assert found[2] > 0.7


def test_where_everybody_moves_it_says_little():
    assert measure(release(np.random.default_rng(2), 0.9, usual=900)).strength < 0.1


def test_a_model_of_the_first_day_is_no_release():
    found = measure(release(np.random.default_rng(3), 0.9, day=0))
    assert np.isnan(found.strength)
    assert found.detail == "no release inside the window"


def test_no_e_value_is_given():
    assert np.isnan(measure(release(np.random.default_rng(4), 0.9)).log_e)
