"""Real answers, read where the data is at hand."""

from pathlib import Path

import pytest

from hydrometer.exchange import to_table
from hydrometer.features.feature import length
from hydrometer.stats.summary import Count
from hydrometer.store.readers import read
from hydrometer.store.store import open_store

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is absent"),
]


def test_alpaca_eval_loses_nothing():
    found = read(DATA / "alpaca_eval" / "responses.parquet")
    assert (found.format, len(found.exchanges), found.rejected) == ("answers", 67_615, [])
    store = open_store()
    assert store.append(to_table(found.exchanges).to_batches()) == 67_615
    assert len(store.fold(length, Count, by="model")) == 84
    store.close()


def test_zeroeval_loses_nothing():
    found = read(DATA / "zeroeval" / "gsm.parquet")
    assert len(found.exchanges) == 57_398
    assert len({e.model for e in found.exchanges}) == 44
