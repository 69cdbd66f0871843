"""How far from the peers, whichever way."""

import numpy as np
import pytest
from tests.watch.detect.detect_toys import check_contract, view

from hydrometer.watch.detect.profile import FEATURES
from hydrometer.watch.detect.signals.shift import measure


def test_contract():
    rng = np.random.default_rng(0)
    check_contract(measure, view(rng, answer=0.95 + 0.05 * rng.random(120)))


@pytest.mark.parametrize("name", FEATURES)
@pytest.mark.parametrize("end", [0.0, 1.0])
def test_each_feature_speaks_alone_and_both_ways(name, end):
    found = measure(view(np.random.default_rng(1), **{name: np.full(120, end)}))
    assert found.strength == 1.0
    assert found.log_e > np.log(100)


def test_exchanges_like_any_other_do_not():
    rng = np.random.default_rng(2)
    found = measure(view(rng, answer=rng.random(120), single=rng.random(120)))
    assert abs(found.strength) < 0.2
    assert found.log_e < 1


def test_nothing_recorded_is_said():
    assert "nothing is recorded" in measure(view(np.random.default_rng(3))).detail
