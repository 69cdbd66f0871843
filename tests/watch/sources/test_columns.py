"""Our own exchanges column by column: the same as row by row."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from hydrometer.errors import InputError
from hydrometer.exchange import Exchange, Message, Sampling, to_table
from hydrometer.watch.sources.attribution import Attribution, parse_attribution
from hydrometer.watch.sources.columns import decode_batch
from hydrometer.watch.sources.exchange import decode
from hydrometer.watch.sources.registry import read_files


def exchange(n, **more):
    known = {
        "prompt": (Message("system", "s"), Message("user", "one"), Message("user", f"two {n}")),
        "response": "r",
        "model": "m",
        "account": f"a{n}",
        "time": datetime(2026, 1, 1, 0, 0, n, 250_000, tzinfo=UTC),
        "sampling": Sampling(temperature=0.5, max_tokens=9),
        "tokens_in": 5,
        "headers": {"user-agent": "curl/8", "x-request-id": str(n), "x-pool": "eu-3"},
    }
    return Exchange(**{**known, **more})


ROWS = [
    exchange(1),
    exchange(2, prompt=(Message("system", "a"), Message("developer", "b"), Message("user", ""))),
    exchange(3, prompt=(Message("assistant", "x"),), headers={}, sampling=Sampling()),
    exchange(4, response=None, status="throttled", error="slow down", tokens_out=0),
    exchange(5, logprobs=(-0.5,), status="truncated"),
]


def batch_of(rows):
    return to_table(rows).combine_chunks().to_batches()[0]


def read(batch, mapping=None):
    return decode_batch(batch, attribution=mapping or Attribution(), source="f", first=10)


def test_columns_give_what_rows_give(tmp_path):
    from hydrometer.store.write import write

    write(ROWS, tmp_path / "f.jsonl")
    by_rows = decode(
        (tmp_path / "f.jsonl").read_bytes(), attribution=Attribution(), source="f"
    ).observations
    by_columns = read(batch_of(ROWS)).observations
    assert by_columns == by_rows
    assert [o.user for o in by_columns] == ["two 1", None, None, "two 4", "two 5"]
    assert [o.system for o in by_columns][:3] == ["s", "a\nb", None]
    assert [o.turns for o in by_columns] == [2, 1, 0, 2, 2]
    assert [o.logprobs for o in by_columns] == [None] * 4 + [True]
    write(ROWS, tmp_path / "f.parquet")
    parts = list(read_files(tmp_path / "f.parquet", attribution=Attribution(), batch=2))
    assert [o for p in parts for o in p.observations] == by_rows
    assert len(parts) == 3


def test_a_slice_of_a_batch():
    whole = read(batch_of(ROWS)).observations
    assert read(batch_of(ROWS).slice(1, 3)).observations == whole[1:4]
    assert read(batch_of(ROWS).slice(0, 0)).observations == []


def test_columns_may_be_absent():
    batch = batch_of(ROWS).select(["account", "time"])
    found = read(batch).observations
    assert [o.account for o in found] == ["a1", "a2", "a3", "a4", "a5"]
    assert {(o.user, o.turns, o.stream, o.status) for o in found} == {(None, None, None, "ok")}
    assert len({o.request for o in found}) == 5
    for name, says in (("account", "names the account"), ("time", "no column 'time'")):
        with pytest.raises(InputError, match=says):
            read(batch.drop_columns([name]))


def test_rows_without_account_or_time_are_set_aside():
    columns = batch_of(ROWS).to_pydict()
    columns["account"][1] = None
    columns["time"][3] = None
    found = read(pa.RecordBatch.from_pydict(columns, schema=batch_of(ROWS).schema))
    assert [o.account for o in found.observations] == ["a1", "a3", "a5"]
    assert [(r.line, r.reason.split(";")[0]) for r in found.rejected] == [
        (11, "the row names no account"),
        (13, "the row has no time that can be read"),
    ]
    assert '"prompt"' in found.rejected[0].raw


def test_other_types_of_the_same_columns():
    batch = pa.RecordBatch.from_pydict(
        {
            "account": [1, 2],
            "time": ["2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"],
            "prompt": ["Hello", '[{"role": "user", "content": "Hi"}]'],
            "headers": ['{"x-pool": "eu-3"}', None],
            "stream": [True, None],
            "choices": [2, None],
        }
    )
    first, second = read(batch).observations
    assert (first.account, first.time, first.user) == ("1", 1767225600000000, "Hello")
    assert (first.links, first.stream, first.choices) == ({"other:x-pool": "eu-3"}, True, 2)
    assert (second.user, second.links) == ("Hi", {})
    naive = pa.RecordBatch.from_arrays(
        [pa.array(["a"]), pa.array([1767225600250], pa.timestamp("ms"))], ["account", "time"]
    )
    assert read(naive).observations[0].time == 1767225600250000


def test_the_mapping_names_columns_and_headers():
    mapping = parse_attribution(
        """
        [exchange]
        account = ["headers.X-Pool", "account"]
        [exchange.links]
        org = ["model"]
        """
    )
    found = read(batch_of(ROWS), mapping).observations
    assert [o.account for o in found] == ["eu-3", "eu-3", "a3", "eu-3", "eu-3"]
    assert found[0].links == {"org": "m", "agent": "curl/8", "other:x-pool": "eu-3"}
