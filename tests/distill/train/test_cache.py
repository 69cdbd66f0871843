import json

import numpy as np
import pytest

from hydrometer.distill.train.cache import (
    Header,
    LogitCache,
    is_cache,
    shard_done,
    start,
    write_shard,
)
from hydrometer.distill.train.tokens import Row
from hydrometer.errors import InputError

K = 4
ROWS = [Row(f"r{i}", tuple(range(i + 3)), 2) for i in range(5)]


def header(**other):
    values = {
        "teacher": "t", "teacher_sha256": "0" * 64, "engine": "none 1", "versions": {},
        "dtype": "float32", "k": K, "temperature": 1.0, "vocabulary": 300,
        "vocabulary_sha256": "1" * 64, "rows": len(ROWS), "rows_sha256": "2" * 64,
        "shard_rows": 2,
    }  # fmt: skip
    return Header(**{**values, **other})


def arrays(row, seed=0):
    rng = np.random.default_rng([seed, len(row.ids)])
    n = len(row.ids) - row.start
    ids = np.stack([rng.permutation(300)[:K] for _ in range(n)])
    p = rng.dirichlet(np.ones(K + 1), size=n)
    return ids, np.log(p[:, :K]), np.log(p[:, K])


def fill(folder, head, shards=None):
    start(folder, head)
    for s in range(head.shards) if shards is None else shards:
        part = ROWS[s * head.shard_rows : (s + 1) * head.shard_rows]
        write_shard(folder, s, head, part, [arrays(r) for r in part])


def test_what_is_written_is_read(tmp_path):
    fill(tmp_path, header())
    assert is_cache(tmp_path)
    cache = LogitCache(tmp_path)
    assert (len(cache), cache.header) == (5, header())
    for row in ROWS:
        ids, logprobs, tail = cache.find(row)
        want = arrays(row)
        assert (ids == want[0]).all()
        assert logprobs == pytest.approx(want[1], rel=1e-3, abs=1e-3)
        assert tail == pytest.approx(want[2], rel=1e-6)
        assert isinstance(ids.base, np.memmap) or isinstance(ids, np.memmap)


@pytest.mark.parametrize(
    ("vocabulary", "kind"), [(1 << 16, np.uint16), ((1 << 16) + 1, np.uint32)]
)
def test_ids_take_the_room_that_they_need(tmp_path, vocabulary, kind):
    fill(tmp_path, header(vocabulary=vocabulary))
    ids, logprobs, tail = LogitCache(tmp_path).find(ROWS[0])
    assert (ids.dtype, logprobs.dtype, tail.dtype) == (kind, np.float16, np.float32)


def test_a_shard_that_is_missing_is_told_and_the_others_stay(tmp_path):
    fill(tmp_path, header(), shards=[0, 2])
    assert [shard_done(tmp_path, s) for s in range(3)] == [True, False, True]
    with pytest.raises(InputError, match="shard 1 of"):
        LogitCache(tmp_path)
    fill(tmp_path, header(), shards=[1])
    assert len(LogitCache(tmp_path)) == 5


@pytest.mark.parametrize("part", ["ids", "logprobs", "tail"])
def test_a_changed_byte_is_seen(tmp_path, part):
    fill(tmp_path, header())
    path = tmp_path / f"shard-00001.{part}.npy"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(InputError, match="missing or damaged"):
        LogitCache(tmp_path)


def test_another_row_is_not_found(tmp_path):
    fill(tmp_path, header())
    cache = LogitCache(tmp_path)
    for row in (Row("r0", (0, 1, 9), 2), Row("r0", ROWS[0].ids, 1)):
        with pytest.raises(InputError, match="no logits for example r0"):
            cache.find(row)


def test_one_folder_holds_one_cache(tmp_path):
    fill(tmp_path, header())
    with pytest.raises(InputError, match="another teacher") as caught:
        start(tmp_path, header(k=9, temperature=2.0))
    assert "k, temperature" in caught.value.got
    start(tmp_path, header())


def test_the_digest_is_of_the_numbers(tmp_path):
    fill(tmp_path / "a", header())
    fill(tmp_path / "b", header())
    start(tmp_path / "c", header())
    for s in range(3):
        part = ROWS[2 * s : 2 * s + 2]
        write_shard(tmp_path / "c", s, header(), part, [arrays(r, seed=1) for r in part])
    a, b, c = (LogitCache(tmp_path / n).digest for n in "abc")
    assert a == b != c


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 2}', '{"format": 1}'])
def test_no_header(tmp_path, text):
    (tmp_path / "header.json").write_text(text)
    with pytest.raises(InputError):
        LogitCache(tmp_path)


def test_the_header_says_how_the_numbers_were_made(tmp_path):
    fill(tmp_path, header())
    found = json.loads((tmp_path / "header.json").read_text())
    assert {"teacher_sha256", "engine", "versions", "dtype", "k", "temperature",
            "vocabulary_sha256"} <= found.keys()  # fmt: skip
