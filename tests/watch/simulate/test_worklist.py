import pytest

from hydrometer.watch.simulate.scenario import SEEDS
from hydrometer.watch.simulate.worklist import make_examples, make_worklist


@pytest.mark.parametrize("kind", SEEDS)
def test_tasks_are_as_good_as_all_different(world, dice, kind):
    tasks = make_worklist(world.library, dice, (kind,), 1500)
    assert len(set(tasks)) == len(tasks) == 1500


def test_skills_have_the_same_share(world, dice):
    tasks = make_worklist(world.library, dice, ("maths", "analysis"), 1000)
    assert 0.45 < sum(t.startswith("Monthly") for t in tasks) / 1000 < 0.55


def test_the_examples_of_alpaca(world, dice):
    assert make_examples(world.library, dice).count("Instruction:") == 3
