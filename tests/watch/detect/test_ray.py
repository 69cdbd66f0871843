"""Ray gives what one process gives, bit for bit."""

import sys

import numpy as np
import pytest

from hydrometer.errors import MissingExtra, StoreError
from hydrometer.watch.detect.monitor import Monitor
from hydrometer.watch.detect.ray import RayEngine
from hydrometer.watch.detect.settings import load_settings
from hydrometer.watch.key import Key
from hydrometer.watch.observe import Observer

from .streams import START, arrays, events, rows

DAY = 86_400_000_000


def test_without_ray_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtra, match=r"hydrometer\[ray\]"):
        RayEngine()


@pytest.fixture(scope="module")
def ray():
    found = pytest.importorskip("ray", reason="needs the extra `ray`")
    if not found.is_initialized():
        found.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    return found


def same(a, b):
    assert a.clusters, "nothing was found: the test shows nothing"
    assert repr(a.clusters) == repr(b.clusters)
    assert (a.time, a.begin, a.events, a.tested) == (b.time, b.begin, b.events, b.tested)
    np.testing.assert_array_equal(a.accounts, b.accounts)
    np.testing.assert_array_equal(a.scores, b.scores)


@pytest.mark.ray
@pytest.mark.parametrize("workers", [1, 3])
def test_states_and_scans_are_equal_over_several_looks(ray, workers):
    engine = RayEngine(workers)
    engine.rows = 200  # many folds under way
    ours, theirs = Monitor(load_settings()), Monitor(load_settings(), engine=engine)
    for day, seed in enumerate((0, 1)):
        for batch in events(seed=seed):
            ours.add(batch)
            theirs.add(batch)
        time = START + (3 + day) * DAY
        same(ours.scan(time), theirs.scan(time))
        for (name, a), (_, b) in zip(arrays(ours.state), arrays(theirs.state), strict=True):
            np.testing.assert_array_equal(a, b, err_msg=name)
    copy_of = Monitor(load_settings(), lambda: events(seed=0) + events(seed=1), engine=engine)
    for batch in events(seed=0) + events(seed=1):
        copy_of.add(batch)
    copy_of.settle()
    assert copy_of.state.events == ours.state.events


@pytest.mark.ray
def test_without_text_links_make_the_groups(ray):
    found = Observer(Key(bytes(32)), text=False)(rows())
    ours, theirs = (Monitor(load_settings(), engine=e) for e in (None, RayEngine(2)))
    for monitor in (ours, theirs):
        monitor.add(found)
    same(ours.scan(START + 3 * DAY), theirs.scan(START + 3 * DAY))


@pytest.mark.ray
def test_nothing_is_no_trouble(ray):
    scan = Monitor(load_settings(), engine=RayEngine(2)).scan(START)
    assert (scan.events, scan.clusters) == (0, ())


@pytest.mark.ray
def test_a_worker_that_fails_is_our_error(ray):
    monitor = Monitor(load_settings(), engine=RayEngine(2))
    monitor.add(events()[0].drop_columns(["digest"]))
    with pytest.raises(StoreError, match="a worker failed"):
        monitor.settle()
