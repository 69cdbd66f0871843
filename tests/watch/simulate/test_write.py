from dataclasses import replace

import pyarrow.parquet as pq

from hydrometer.exchange import SCHEMA, from_batch
from hydrometer.watch.simulate.scenario import Campaign, Stream
from hydrometer.watch.simulate.write import blocks, write_parquet

STREAM = Stream(days=4.0, release_day=2.0, drift=0.3)


def written(sink, stream, path):
    seen = []
    write_parquet(sink, sink.order(), stream, path, lambda done, total: seen.append((done, total)))
    assert seen[-1] == (len(sink), len(sink))
    return pq.read_table(path)


def test_the_file_is_in_the_schema_and_its_hashes_hold(stream_of, tmp_path):
    sink, _ = stream_of(Campaign("c", accounts=5, start=1.0), plain=40)
    table = written(sink, STREAM, tmp_path / "e.parquet")
    assert table.schema.equals(SCHEMA)
    exchanges = from_batch(table)
    assert [e.id for e in exchanges] == table["id"].to_pylist()
    assert [e.key for e in exchanges] == table["key"].to_pylist()
    assert len({e.id for e in exchanges}) == len(sink)
    times = [e.time for e in exchanges]
    assert times == sorted(times)
    assert times[0] >= STREAM.start
    told = {e.headers["x-stream"] for e in exchanges} | {e.headers["x-tools"] for e in exchanges}
    assert told == {"true", "false"}
    by_account = {label.account: 0 for label in sink.labels}
    for e in exchanges:
        by_account[e.account] += 1
    first = sink.labels[0].account
    assert by_account[first] == sink.account.count(0)


def test_redacted_texts_are_empty(stream_of, tmp_path):
    sink, _ = stream_of(plain=10)
    table = written(sink, replace(STREAM, text=False), tmp_path / "e.parquet")
    assert {m["content"] for p in table["prompt"].to_pylist() for m in p} == {""}
    assert set(table["response"].to_pylist()) <= {"", None}
    assert min(table["tokens_in"].to_pylist()) > 4


def test_blocks_cover_everything(stream_of):
    sink, _ = stream_of(plain=30)
    rows = [i for _, block in blocks(sink.order()) for i in block]
    assert sorted(rows) == list(range(len(sink)))
