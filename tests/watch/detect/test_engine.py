"""The engine of one process: what a monitor hands over, and what it gets back."""

import numpy as np

from hydrometer.watch.detect.engine import LocalEngine
from hydrometer.watch.detect.groups import BAND, HASHES, Sharing
from hydrometer.watch.detect.monitor import Monitor
from hydrometer.watch.detect.select import Lookup
from hydrometer.watch.detect.settings import load_settings
from hydrometer.watch.detect.state import State

from .streams import arrays, events


class Small(LocalEngine):
    rows = 150


def test_how_often_a_monitor_folds_changes_nothing():
    often, rarely = Monitor(load_settings(), engine=Small()), Monitor(load_settings())
    for batch in events():
        often.add(batch)
        rarely.add(batch)
    assert often.state.events > 0  # before anybody asks
    assert rarely.state.events == 0
    time = 1_790_300_000_000_000
    assert repr(often.scan(time).clusters) == repr(rarely.scan(time).clusters)
    for (name, a), (_, b) in zip(arrays(often.state), arrays(rarely.state), strict=True):
        np.testing.assert_array_equal(a, b, err_msg=name)


def test_the_bands_join_things_of_the_same_accounts_and_no_others():
    accounts = np.arange(1, 41, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    accounts.sort()
    one, other = np.arange(20), np.arange(20, 40)
    sharing = Sharing(
        accounts, np.ones(40), np.concatenate([one, one, other]), np.array([0, 20, 40])
    )
    found = LocalEngine().bands(sharing)
    assert len(found) == HASHES // BAND
    assert {(int(a), int(b)) for x in found for a, b in zip(x.left, x.right, strict=True)} == {
        (0, 1)
    }
    assert all((x.marks[0] == x.marks[1]).all() and (x.marks >= 0).all() for x in found)


def test_exchanges_are_gathered_by_text_and_by_account():
    batches = events(accounts=20, campaign=0)
    state, models = State(), {}
    LocalEngine().fold(state, batches)
    text = Lookup(state.pairs.object[:1], np.array([0]), np.array([1, 1]))
    who = Lookup(state.profiles.account[:1], np.array([1]), np.array([1, 1]))
    found = LocalEngine().gather(batches, text, who, models)
    asked = state.pairs.account[:1]
    assert set(found.rows.account[found.group == 0].tolist()) == set(asked.tolist())
    assert (found.group == 1).sum() == state.profiles.n[0]
    assert (np.diff(found.rows.time[found.group == 1]) >= 0).all()
    assert set(models) == {"small", "large"}
