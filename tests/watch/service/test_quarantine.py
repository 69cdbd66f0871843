import json
from hashlib import sha256

import pytest

from hydrometer.errors import StoreError
from hydrometer.watch.observation import Rejected
from hydrometer.watch.service.quarantine import Quarantine

ROW = Rejected("/v1/ingest/litellm", 3, "no time; got: 'a secret'; wanted: one", '{"x": "é"}')


def read(path):
    return [json.loads(x) for x in path.read_text("utf-8").splitlines()]


def test_a_row_is_told_by_its_hash_and_not_by_its_text(tmp_path):
    path = tmp_path / "q.jsonl"
    Quarantine(path).add([ROW, ROW], arrival=7)
    data = ROW.raw.encode()
    assert read(path) == 2 * [
        {
            "arrival": 7,
            "source": "/v1/ingest/litellm",
            "line": 3,
            "reason": "no time",
            "sha256": sha256(data).hexdigest(),
            "length": len(data),
        }
    ]
    assert "secret" not in path.read_text()
    assert path.stat().st_mode & 0o077 == 0


def test_the_raw_row_is_kept_only_where_it_was_asked_for(tmp_path):
    path = tmp_path / "q.jsonl"
    Quarantine(path, keep=True).add([ROW], arrival=7)
    (told,) = read(path)
    assert told["raw"] == ROW.raw
    assert told["reason"] == ROW.reason


def test_a_flood_of_bad_rows_does_not_fill_the_disk(tmp_path):
    path = tmp_path / "q.jsonl"
    quarantine = Quarantine(path, largest=1000)
    for n in range(100):
        quarantine.add([ROW._replace(line=n)], arrival=7)
    assert sum(p.stat().st_size for p in tmp_path.iterdir()) < 3000
    assert read(path)[-1]["line"] == 99


def test_nothing_to_write_makes_no_file_and_a_failure_is_ours(tmp_path):
    Quarantine(tmp_path / "q.jsonl").add([], arrival=7)
    assert not (tmp_path / "q.jsonl").exists()
    with pytest.raises(StoreError, match="quarantine could not be written"):
        Quarantine(tmp_path / "absent" / "q.jsonl").add([ROW], arrival=7)


def test_half_a_surrogate_pair_is_no_reason_to_fail(tmp_path):
    path = tmp_path / "q.jsonl"
    Quarantine(path).add([ROW._replace(raw="\ud800", source="s")], arrival=7)
    assert read(path)[0]["length"] == 1
