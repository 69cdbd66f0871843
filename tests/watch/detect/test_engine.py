"""The engine of one process does the three steps as their own functions do."""

import numpy as np
from tests.watch.detect.detect_toys import OBSERVER, benign, state_of

from hydrometer.watch.detect.engine import LocalEngine
from hydrometer.watch.detect.groups import BAND, HASHES, Sharing
from hydrometer.watch.detect.select import Lookup
from hydrometer.watch.detect.state import State

ROWS = benign(np.random.default_rng(13), accounts=30)
BATCH = OBSERVER(ROWS)


def test_a_fold_is_an_update():
    found, engine = State(), LocalEngine()
    engine.fold(found, [BATCH.slice(0, 9), BATCH.slice(9)])
    engine.settle(found)
    assert found.get() == state_of(ROWS).get()


def test_bands_see_which_things_have_the_same_accounts():
    accounts = np.arange(1, 21, dtype=np.uint64)
    uses = np.concatenate([np.arange(10), np.arange(10), np.arange(10, 20)])
    sharing = Sharing(accounts, np.ones(20), uses, np.array([0, 10, 20]))
    found = LocalEngine().bands(sharing)
    assert len(found) * BAND == HASHES
    marks = np.concatenate([b.marks for b in found], axis=1)
    assert (marks[0] == marks[1]).all()
    assert not (marks[0] == marks[2]).any()
    assert all((b.left.tolist(), b.right.tolist()) == ([0], [1]) for b in found)


def test_exchanges_by_text_and_by_account():
    objects = np.unique(BATCH["sketch"].flatten().to_numpy())[:1]
    one, needed = np.zeros(1, dtype=np.int64), np.ones(2, dtype=np.int64)
    who = BATCH["account"].to_numpy()[:1]
    found = LocalEngine().gather(
        [BATCH], Lookup(objects, one, needed), Lookup(who, one + 1, needed), {}
    )
    n = int((BATCH["account"].to_numpy() == who).sum())
    assert np.bincount(found.group)[1] == n
    assert (found.rows.hits[found.group == 0] == 1).all()
    assert (found.group == 0).any()
