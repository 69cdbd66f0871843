"""The habits of collection, each alone and together."""

import numpy as np
import pytest
from tests.watch.detect.detect_toys import check_contract, population, view

from hydrometer.watch.detect.profile import FEATURES
from hydrometer.watch.detect.signals.hoarding import ASPECTS, habits, measure


def hoarding(rng, aspects=ASPECTS, high=0.9):
    return view(rng, **{a: high + (1 - high) * rng.random(120) for a in aspects})


def test_contract():
    check_contract(measure, hoarding(np.random.default_rng(0)))


@pytest.mark.parametrize("aspect", ASPECTS)
def test_each_habit_speaks_alone(aspect):
    rng = np.random.default_rng(1)
    planted, plain = hoarding(rng, [aspect]), hoarding(rng, [aspect], high=0.0)
    assert measure(planted).strength > 0.9 > measure(plain).strength + 0.5
    assert measure(planted).log_e > np.log(100)
    assert set(measure(planted).measures) & set(ASPECTS) == {aspect}


def test_the_opposite_habits_speak_against():
    rng = np.random.default_rng(2)
    assert measure(view(rng, answer=0.1 * rng.random(120))).strength < -0.9


def test_a_member_that_sends_much_has_one_vote():
    rng = np.random.default_rng(3)
    of = np.sort(np.concatenate([np.arange(20), np.zeros(500, dtype=int)]))
    value = np.where(of == 0, 1.0, 0.5)
    assert measure(view(rng, of=of, answer=value)).strength < 0.3


def test_a_habit_that_all_share_says_nothing():
    rng = np.random.default_rng(4)
    people = population(rng, sample=np.ones((600, len(FEATURES))))
    found = measure(view(rng, people=people, single=np.ones(120), pinned=np.ones(120)))
    assert found.strength == 0.0


def test_habits_of_each_exchange():
    rng = np.random.default_rng(5)
    answer = np.where(np.arange(120) < 60, 2.0, np.nan)
    found = habits(view(rng, answer=answer))
    assert (found[:60] == 1.0).all()
    assert np.isnan(found[60:]).all()
