"""Many clients behind one account."""

import numpy as np
from tests.watch.detect.detect_toys import check_contract, population, thing, view

from hydrometer.watch.detect.signals.fanout import measure
from hydrometer.watch.event import Kind


def clients(rng, each, kind=Kind.NET):
    """Each member shows as many networks; others show one to four."""
    things = np.array([thing(kind, i) for i in range(20 * each)], dtype=np.uint64)
    return view(
        rng,
        people=population(rng),
        link_object=things,
        link_member=np.repeat(np.arange(20), each),
        link_sharing=np.ones(20 * each, dtype=np.int64),
    )


def test_contract():
    check_contract(measure, clients(np.random.default_rng(0), 9))


def test_it_grows_with_what_an_account_shows():
    rng = np.random.default_rng(1)
    found = [measure(clients(rng, n)) for n in (1, 2, 3, 9)]
    strength = [f.strength for f in found]
    assert strength == sorted(strength)
    assert strength[0] < 0 < 0.9 < strength[3]
    assert found[3].log_e > np.log(20) > found[1].log_e


def test_each_kind_of_client_speaks_alone():
    for kind in (Kind.AGENT, Kind.SDK, Kind.NET):
        assert measure(clients(np.random.default_rng(2), 9, kind)).strength > 0.9


def test_other_links_are_no_clients():
    found = measure(clients(np.random.default_rng(3), 9, Kind.PAYMENT))
    assert np.isnan(found.strength)
    assert "no client headers" in found.detail
