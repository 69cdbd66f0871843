"""The second look: which exchanges belong to a group, whatever the order and the batches."""

import numpy as np
import pyarrow as pa
import pytest
from tests.watch.detect.detect_toys import OBSERVER, START, benign, campaign

from hydrometer.watch.detect.profile import FEATURES
from hydrometer.watch.detect.select import Lookup, gather, keep_members, select, select_accounts
from hydrometer.watch.detect.view import Rows

RNG = np.random.default_rng(6)
ROWS = benign(RNG, accounts=40) + campaign(RNG, accounts=10, each=4)
BATCH = OBSERVER(ROWS)


def lookup(needed=2):
    first = OBSERVER(campaign(np.random.default_rng(6), accounts=10, each=4))
    objects, n = np.unique(first["sketch"].flatten().to_numpy(), return_counts=True)
    shared = objects[n > 20]
    return Lookup(shared, np.zeros(shared.size, dtype=np.int64), np.array([needed]))


def looked(batches, found=None):
    names = {}
    table = (found or lookup()).filter()
    return gather([select(b, found or lookup(), table, names) for b in batches]), names


def equal(one, other):
    np.testing.assert_array_equal(one.group, other.group)
    for name in Rows.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(one.rows, name), getattr(other.rows, name))


def test_the_campaign_is_selected_and_nobody_else():
    found, _ = looked([BATCH])
    ours = set(OBSERVER(campaign(RNG, accounts=10, each=1))["account"].to_pylist())
    assert set(found.rows.account.tolist()) == ours
    assert len(found.rows) == 40
    assert (found.rows.hits >= 2).all()
    assert (found.rows.hits <= found.rows.objects).all()
    assert (np.diff(found.rows.time) >= 0).all()
    assert (found.rows.features[:, FEATURES.index("single")] == 1).all()


@pytest.mark.parametrize("size", [1, 7, 64])
def test_order_and_batches_leave_no_trace(size):
    whole, _ = looked([BATCH])
    mixed = BATCH.take(pa.array(np.random.default_rng(size).permutation(BATCH.num_rows)))
    parts = [mixed.slice(i, size) for i in range(0, mixed.num_rows, size)]
    equal(looked(parts)[0], whole)


def test_an_exchange_may_belong_to_two_groups():
    one = lookup(1)
    half = Lookup(one.object, np.arange(one.object.size) % 2, np.array([1, 1]))
    found, _ = looked([BATCH], half)
    assert (np.bincount(found.group) == 40).all()


def test_all_exchanges_of_accounts():
    who = np.sort(np.unique(BATCH["account"].to_numpy())[[3, 5]])
    twice = Lookup(np.sort(np.repeat(who, 2)), np.array([0, 1, 0, 1]), np.array([1, 1]))
    found = gather([select_accounts(b, twice, {}) for b in (BATCH.slice(0, 50), BATCH.slice(50))])
    n = int(np.isin(BATCH["account"].to_numpy(), who).sum())
    assert np.bincount(found.group).tolist() == [n, n]
    assert not found.rows.hits.any()


def test_models_are_numbered_once():
    rows = [ROWS[-1]._replace(model=m, request=m, time=START + i) for i, m in enumerate("yxy")]
    found, names = looked([OBSERVER(rows[:1]), OBSERVER(rows[1:])])
    assert names == {"y": 0, "x": 1}
    assert found.rows.model.tolist() == [0, 1, 0]


def test_nothing_to_look_for_or_at():
    none = Lookup(np.zeros(0, np.uint64), np.zeros(0, np.int64), np.zeros(0, np.int64))
    assert len(looked([BATCH], none)[0].rows) == 0
    assert len(looked([OBSERVER([])])[0].rows) == 0
    assert len(gather([]).rows) == 0
    assert len(gather([select_accounts(BATCH, none, {})]).rows) == 0


def test_only_members_keep_their_rows():
    found, _ = looked([BATCH])
    who = np.unique(found.rows.account)
    kept = keep_members(found, np.zeros(3, dtype=np.int64), who[[1, 4, 7]])
    assert np.unique(kept.rows.account).tolist() == who[[1, 4, 7]].tolist()
    assert len(kept.rows) == 12
    other = keep_members(found, np.ones(3, dtype=np.int64), who[[1, 4, 7]])
    assert len(other.rows) == 0
    none = np.zeros(0, dtype=np.int64)
    assert len(keep_members(found, none, none.astype(np.uint64)).rows) == 0
