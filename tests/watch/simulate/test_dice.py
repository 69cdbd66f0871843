import numpy as np
import pytest

from hydrometer.watch.simulate.dice import Dice


def test_draws_follow_their_laws(dice):
    assert abs(np.mean([dice() for _ in range(20_000)]) - 0.5) < 0.01
    ranks = [dice.popular(range(100)) for _ in range(20_000)]
    # Zipf: the first is about twice as frequent as the second.
    assert ranks.count(0) > 1.6 * ranks.count(1)
    assert abs(np.std([dice.normal() for _ in range(20_000)]) - 1.0) < 0.03
    assert abs(np.median([dice.lognormal(50.0, 1.0) for _ in range(5000)]) - 50.0) < 4.0
    told = [dice.weighted("ab", (3, 1)) for _ in range(8000)]
    assert 0.72 < told.count("a") / 8000 < 0.78


def test_samples_and_ranges(dice):
    assert sorted(dice.some(range(5), 9)) == [0, 1, 2, 3, 4]
    assert len(set(dice.some(range(1000), 30))) == 30
    assert sorted(dice.shuffled("hydro")) == sorted("hydro")
    assert len(dice.several(40_000)) == 40_000
    assert len(dice.several(3)) == 3
    assert all(2 <= dice.count((2.0, 9.0)) <= 9 for _ in range(200))
    assert dice.within(4) == 4.0
    with pytest.raises(IndexError):
        dice.pick(())


def test_the_same_seed_draws_the_same():
    a, b = (Dice(np.random.default_rng(4)) for _ in range(2))
    assert [a() for _ in range(20_000)] == [b() for _ in range(20_000)]
