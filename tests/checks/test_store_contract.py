"""What every store promises, whatever the engine."""

import importlib.util

import numpy as np
import pytest

from hydrometer.errors import InputError, SchemaError, StoreError
from hydrometer.exchange import SCHEMA, Exchange, Message, from_batch, to_table
from hydrometer.features.feature import length, status
from hydrometer.stats.summary import Count, Moments, TopK
from hydrometer.store.store import open_store

needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="ray is not installed: hydrometer[ray]"
)
ENGINES = ["duckdb", pytest.param("ray", marks=[pytest.mark.ray, needs_ray])]


def exchanges(n, start=0):
    rng = np.random.default_rng(7)
    words = rng.integers(0, 60, size=start + n)
    return [
        Exchange(
            prompt=(Message("user", f"Question {i % 17}\0é"),),
            response=None if i % 11 == 0 else "a" * int(words[i]),
            status="error" if i % 11 == 0 else "ok",
            model=f"m{i % 3}",
            account=None if i % 2 else f"acc{i % 5}",
            headers={"region": "eu"},
            source=f"f:{i}",
        )
        for i in range(start, start + n)
    ]


def batches(found, size=64):
    return to_table(found).to_batches(max_chunksize=size)


@pytest.fixture(params=ENGINES)
def make(request, tmp_path):
    opened = []

    def open_one(name="s", *, engine=None):
        store = open_store(tmp_path / f"{name}.{request.param}", engine=request.param)
        opened.append(store)
        return store

    if request.param == "ray":
        import ray

        if not ray.is_initialized():
            ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield open_one
    for store in opened:
        store.close()


def rows(store, where=None, **options):
    return [e for b in store.scan(where, **options) for e in from_batch(b)]


def test_what_goes_in_comes_out_in_order(make):
    store, found = make(), exchanges(300)
    assert store.append(batches(found[:200])) == 200
    assert store.append(batches(found[200:])) == 100
    assert rows(store) == found
    assert rows(store, batch_size=7) == found
    assert all(b.schema == SCHEMA and b.num_rows <= 7 for b in store.scan(batch_size=7))


def test_append_is_idempotent_by_id(make):
    store, found = make(), exchanges(50)
    assert store.append(batches(found + found)) == 50
    assert store.append(batches(found, 13)) == 0
    assert store.append(batches(exchanges(60))) == 10
    assert rows(store) == exchanges(60)


def test_empty(make):
    store = make()
    assert store.append([]) == 0
    assert list(store.scan()) == []
    assert store.fold(length, Count) == 0
    assert np.isnan(store.fold(length, Moments)["mean"])
    assert store.fold(length, Count, by="model") == {}


def test_a_failed_append_adds_nothing(make):
    store, found = make(), exchanges(30)

    def broken():
        yield from batches(found, 10)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.append(broken())
    assert rows(store) == []
    with pytest.raises(SchemaError):
        store.append([to_table(found).drop_columns(["model"]).to_batches()[0]])
    assert store.append(batches(found)) == 30


def test_it_is_still_there_after_reopening(make):
    store, found = make(), exchanges(20)
    store.append(batches(found))
    store.close()
    again = make()
    assert rows(again) == found
    assert again.append(batches(exchanges(25))) == 5


@pytest.mark.parametrize(
    "where",
    [
        {"model": "m1"},
        {"model": ["m0", "m2"], "status": "ok"},
        {"account": None},
        {"account": [None, "acc2"]},
        {"model": []},
        {"version": 1},
    ],
)
def test_where(make, where):
    store, found = make(), exchanges(100)
    store.append(batches(found))

    def fits(e):
        return all(getattr(e, k) in (v if isinstance(v, list) else [v]) for k, v in where.items())

    want = [e for e in found if fits(e)]
    assert rows(store, where) == want
    assert store.fold(length, Count, where=where) == len(want)


def test_bad_conditions_are_input_errors(make):
    store = make()
    store.append(batches(exchanges(5)))
    for where in ({"x": 1}, {"model": 5}, {"prompt": []}, {"version": "x"}, {"m\0": 1}):
        with pytest.raises(InputError):
            list(store.scan(where))
        with pytest.raises(InputError):
            store.fold(length, Count, where=where)
    with pytest.raises(InputError):
        store.fold(length, Count, by="headers")


@pytest.mark.parametrize("summary", [Count, Moments, TopK])
@pytest.mark.parametrize("by", [None, "model", "account"])
def test_fold_is_the_fold_of_its_parts(make, summary, by):
    """However the rows are cut into appends and batches, the number is the same."""
    feature = status if summary is TopK else length
    found = exchanges(400)
    whole, cut = make("whole"), make("cut")
    whole.append(batches(found, 400))
    for i in range(0, 400, 90):
        cut.append(batches(found[i : i + 90], 31))
    same(whole.fold(feature, summary, by=by), cut.fold(feature, summary, by=by), summary)
    groups = {getattr(e, by) for e in found} if by else {None}
    for name in groups:
        direct = summary()
        part = [e for e in found if by is None or getattr(e, by) == name]
        direct.update(feature(to_table(part).combine_chunks().to_batches()[0]))
        got = whole.fold(feature, summary, by=by)
        same(got[name] if by else got, direct.get(), summary)


def same(a, b, summary):
    if isinstance(a, dict):
        assert list(a) == list(b)
        for key in a:
            same(a[key], b[key], summary)
    elif summary.tolerance == 0:
        assert a == b
    else:
        assert a == pytest.approx(b, rel=summary.tolerance * 10, nan_ok=True)


def test_unknown_engine_and_bad_file(tmp_path):
    with pytest.raises(InputError, match="unknown store engine"):
        open_store(engine="x")
    (tmp_path / "x.duckdb").write_bytes(b"not a database" * 100)
    with pytest.raises(StoreError):
        open_store(tmp_path / "x.duckdb")
