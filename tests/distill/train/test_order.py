from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrometer.distill.train.config import TrainConfig
from hydrometer.distill.train.order import order, updates


@given(st.integers(1, 40), st.integers(0, 200), st.integers(0, 5))
def test_each_pass_sees_each_example_once(examples, wanted, seed):
    got = order(examples, wanted, seed=seed)
    assert len(got) == wanted
    for i in range(0, wanted - examples + 1, examples):
        assert sorted(got[i : i + examples]) == list(range(examples))
    counts = Counter(got)
    assert max(counts.values(), default=0) - min(counts[i] for i in range(examples)) <= 1
    assert order(examples, wanted, seed=seed) == got
    assert order(examples, wanted + 7, seed=seed)[:wanted] == got


def test_another_seed_is_another_order_and_passes_differ():
    a, b = order(50, 100, seed=0), order(50, 100, seed=1)
    assert a != b
    assert a[:50] != a[50:]


@pytest.mark.parametrize(
    ("config", "examples", "processes", "wanted"),
    [
        ({"epochs": 1, "batch_size": 8}, 16, 1, 2),
        ({"epochs": 1, "batch_size": 8}, 17, 1, 3),
        ({"epochs": 1, "batch_size": 8}, 17, 2, 2),
        ({"epochs": 3, "batch_size": 4, "accumulate": 2}, 16, 1, 6),
        ({"epochs": 0.01, "batch_size": 8}, 16, 1, 1),
        ({"epochs": 9, "steps": 5}, 16, 4, 5),
    ],
)
def test_how_many_updates(config, examples, processes, wanted):
    assert updates(TrainConfig(**config), examples, processes) == wanted
