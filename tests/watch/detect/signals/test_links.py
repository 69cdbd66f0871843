"""Things in common that chance would not give."""

import numpy as np
import pytest
from tests.watch.detect.detect_toys import check_contract, thing, view

from hydrometer.watch.detect.signals.links import NAMES, measure
from hydrometer.watch.event import Kind


def tied(rng, kind=Kind.PAYMENT, have=15, sharing=16, usual=0.02, **more):
    """Of 20 members some have one thing, which as many accounts have in all."""
    return view(
        rng,
        link_object=np.full(have, thing(kind, 1)),
        link_member=np.arange(have),
        link_sharing=np.full(have, sharing),
        link_usual=np.full(have, usual),
        **more,
    )


def test_contract():
    check_contract(measure, tied(np.random.default_rng(0)))


@pytest.mark.parametrize("kind", list(NAMES))
def test_each_kind_speaks_alone(kind):
    found = measure(tied(np.random.default_rng(1), kind))
    assert found.strength > 0.6
    assert found.log_e > np.log(100)
    assert found.measures["tied"] == 0.75
    assert NAMES[kind] in found.detail


def test_what_all_the_world_has_ties_nobody():
    rng = np.random.default_rng(2)
    found = measure(tied(rng, Kind.AGENT, have=15, sharing=450, usual=0.9))
    assert found.strength == found.measures["tied"] == 0
    assert found.log_e < 0


def test_a_usual_thing_has_no_weight_though_it_is_unlikely():
    found = measure(tied(np.random.default_rng(3), usual=0.5))
    assert found.strength == 0
    assert found.measures["tied"] == 0.75


def test_what_founded_the_group_is_no_evidence():
    shared = np.array([thing(Kind.PAYMENT, 1)])
    found = measure(tied(np.random.default_rng(4), shared=shared))
    assert np.isnan(found.log_e)
    assert found.strength > 0.6


def test_one_organisation_is_no_tie():
    found = measure(tied(np.random.default_rng(5), Kind.ORG))
    assert np.isnan(found.strength)
    assert "no identity" in found.detail
