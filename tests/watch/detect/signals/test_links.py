"""Things in common that chance would not give."""

import numpy as np
import pytest
from tests.watch.detect.detect_toys import check_contract, link_columns, thing, view

from hydrometer.watch.detect.signals.links import CLIENT, NAMES, measure
from hydrometer.watch.event import Kind


def tied(rng, kind=Kind.PAYMENT, have=15, sharing=16, usual=0.02, **more):
    """Of 20 members some have one thing, which as many of 600 accounts have in all."""
    chance = np.zeros(16)
    chance[kind] = sharing * (sharing - 1) / (600 * 599)
    return view(
        rng,
        link_object=np.full(have, thing(kind, 1)),
        link_member=np.arange(have),
        link_sharing=np.full(have, sharing),
        link_usual=np.full(have, usual),
        link_chance=chance,
        **more,
    )


def test_contract():
    check_contract(measure, tied(np.random.default_rng(0)))


@pytest.mark.parametrize("kind", list(NAMES))
def test_each_kind_speaks_alone(kind):
    found = measure(tied(np.random.default_rng(1), kind))
    assert found.strength > 0.6
    assert found.log_e > np.log(100)
    assert found.measures["tied"] == (0.0 if kind in CLIENT else 0.75)
    assert NAMES[kind] in found.detail


def test_what_all_the_world_has_ties_nobody():
    rng = np.random.default_rng(2)
    found = measure(tied(rng, Kind.AGENT, have=15, sharing=450, usual=0.9))
    assert found.strength == found.measures["tied"] == 0
    assert found.log_e < 0


def test_a_usual_thing_ties_nobody_though_it_is_unlikely():
    found = measure(tied(np.random.default_rng(3), usual=0.5))
    assert found.strength == found.measures["tied"] == 0
    assert found.log_e < 0


def test_many_small_ties_add_up():
    """Ten pairs, each with a means of payment of its own, where nearly nobody shares one."""
    rng = np.random.default_rng(7)
    alone = thing(Kind.PAYMENT, 100) + np.arange(600, dtype=np.uint64)
    pairs = {}
    for n in (1, 10):
        objects = alone.copy()
        objects[: 2 * n] = thing(Kind.PAYMENT, 1) + np.arange(2 * n, dtype=np.uint64) // 2
        links = link_columns(objects, np.arange(600), np.arange(20), 600)
        pairs[n] = measure(view(rng, **links))
    assert pairs[10].measures["tied"] == 1.0
    assert pairs[10].log_e > np.log(100) > pairs[1].log_e


def test_what_founded_the_group_is_no_evidence():
    shared = np.array([thing(Kind.PAYMENT, 1)])
    found = measure(tied(np.random.default_rng(4), shared=shared))
    assert np.isnan(found.log_e)
    assert found.strength > 0.6


def test_a_chance_pair_among_many_is_no_evidence():
    """Where thousands of things are shared by two, one is by two of any twenty accounts."""
    rng = np.random.default_rng(6)
    objects = thing(Kind.PAYMENT, 1) + np.arange(600, dtype=np.uint64) // 2
    objects[30:] = thing(Kind.PAYMENT, 999) + np.arange(570, dtype=np.uint64)
    links = link_columns(objects, np.arange(600), np.array([0, 1, *range(30, 48)]), 600)
    found = measure(view(rng, **links))
    assert found.strength == 0
    assert found.log_e < 1


def test_one_organisation_is_no_tie():
    found = measure(tied(np.random.default_rng(5), Kind.ORG))
    assert np.isnan(found.strength)
    assert "no identity" in found.detail
