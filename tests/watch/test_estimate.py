"""Rows expected of a file."""

import gzip

import pyarrow as pa
import pyarrow.parquet as pq

from hydrometer.watch.estimate import expected_rows


def test_parquet_is_exact_and_lines_are_about_right(tmp_path):
    pq.write_table(pa.table({"a": list(range(123))}), tmp_path / "a.parquet")
    assert expected_rows(str(tmp_path / "a.parquet")) == 123
    text = b"".join(b'{"n": %d}\n' % i for i in range(200_000))
    (tmp_path / "a.jsonl").write_bytes(text)
    assert abs(expected_rows(str(tmp_path / "a.jsonl")) - 200_000) < 20_000
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(text))
    assert 50_000 < expected_rows(str(tmp_path / "a.jsonl.gz")) < 800_000


def test_what_cannot_be_known_is_nothing(tmp_path):
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 and no more")
    (tmp_path / "bad.gz").write_bytes(b"\x1f\x8b and no more")
    for name in ("empty", "bad.parquet", "bad.gz", "none"):
        assert expected_rows(str(tmp_path / name)) == 0
    assert expected_rows("s3://bucket/a.parquet") == 0
