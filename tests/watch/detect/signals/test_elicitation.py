"""Phrases of collection, against their common use."""

import numpy as np
import pytest
from tests.watch.detect.detect_toys import check_contract, population, view

from hydrometer.watch.detect.profile import FEATURES
from hydrometer.watch.detect.signals.elicitation import measure


def asking(rng, usual=0.1, mine=1.0):
    """A population of which some ask so, and a group of which more do."""
    sample = (rng.random((600, len(FEATURES))) < usual).astype(float)
    people = population(rng, sample=sample)
    asked = (rng.random((2, 120)) < mine).astype(float)
    return view(rng, people=people, elicit=asked[0], trace=asked[1])


def test_contract():
    check_contract(measure, asking(np.random.default_rng(0)))


def test_it_grows_with_the_share_of_prompts():
    rng = np.random.default_rng(1)
    found = [measure(asking(rng, mine=s)).strength for s in (0.1, 0.4, 0.7, 1.0)]
    assert found == sorted(found)
    assert abs(found[0]) < 0.1
    assert found[3] == pytest.approx(0.9, abs=0.03)


def test_where_everybody_asks_so_it_says_nothing():
    found = measure(asking(np.random.default_rng(2), usual=0.95, mine=0.95))
    assert abs(found.strength) < 0.1
    assert found.log_e < 1


def test_the_e_value_is_large_for_a_group_that_asks():
    assert measure(asking(np.random.default_rng(3))).log_e > np.log(100)


def test_no_text_is_said():
    found = measure(view(np.random.default_rng(4), single=np.ones(120)))
    assert np.isnan(found.strength)
    assert found.detail == "no text is recorded"
