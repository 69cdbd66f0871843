import numpy as np

from hydrometer.watch.simulate.scenario import Stream
from hydrometer.watch.simulate.world import NEW_MODEL, draw_habit, make_world


def test_habits_leave_most_unset_and_some_move_to_the_new_model(world, dice):
    habits = [draw_habit(world, dice) for _ in range(2000)]
    assert 0.6 < np.mean([h.temperature is None for h in habits]) < 0.75
    assert 0.55 < np.mean([h.max_tokens is None for h in habits]) < 0.7
    adopts = np.array([h.adopts for h in habits])
    assert adopts.min() >= world.release
    within = np.mean(adopts < world.release + 86400.0)
    assert 0.08 < within < 0.25
    mover = habits[int(np.argmin(adopts))]
    assert mover.asks(adopts.min() - 1.0) == mover.model
    assert mover.asks(adopts.min() + 1.0) == NEW_MODEL
    assert mover.length(dice) >= 1


def test_without_a_release_nobody_moves(material, dice):
    world = make_world(Stream(), material, seed=1)
    assert {draw_habit(world, dice).adopts for _ in range(300)} == {float("inf")}
