"""Files of every kind, in parts."""

import gzip

import pytest

from hydrometer.errors import InputError
from hydrometer.watch.sources import files
from hydrometer.watch.sources.files import expand, parts


def lines(path, batch=2):
    return [p.lines for p in parts(str(path), batch)]


def test_expand(tmp_path):
    for name in ("b.jsonl", "a.jsonl", "c.txt"):
        (tmp_path / name).write_text("{}")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "d.jsonl").write_text("{}")
    names = [p.rpartition("/")[2] for p in expand(f"{tmp_path}/*.jsonl")]
    assert names == ["a.jsonl", "b.jsonl"]
    assert len(expand(str(tmp_path))) == 3
    assert len(expand(f"{tmp_path}/**/*.jsonl")) == 3
    assert expand(f"file://{tmp_path}/c.txt") == [f"{tmp_path}/c.txt"]
    with pytest.raises(InputError, match="no file matches"):
        expand(f"{tmp_path}/*.parquet")


def test_lines_plain_and_gzipped(tmp_path):
    data = b'\xef\xbb\xbf{"a": 1}\n\n{"a": 2}\n{"a": 3}'
    (tmp_path / "a").write_bytes(data)
    (tmp_path / "b").write_bytes(gzip.compress(data))
    wanted = [[(1, b'{"a": 1}'), (3, b'{"a": 2}')], [(4, b'{"a": 3}')]]
    assert lines(tmp_path / "a") == lines(tmp_path / "b") == wanted


def test_documents(tmp_path):
    (tmp_path / "a").write_bytes(b'[{"a": 1},\n {"a": 2}, 3]')
    assert [len(x) for x in lines(tmp_path / "a")] == [2, 1]
    (tmp_path / "b").write_bytes(b'{\n "a": 1\n}\n')
    assert lines(tmp_path / "b") == [[(1, b'{\n "a": 1\n}')]]
    (tmp_path / "c").write_bytes(b'{"broken": \n{"a": 1}\n')
    assert [n for n, _ in lines(tmp_path / "c")[0]] == [1, 2]


def test_a_line_without_end_is_set_aside(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "LONGEST", 2000)
    (tmp_path / "a").write_bytes(b'{"a": 1}\n{"b": "' + b"x" * 9000 + b'"}\n{"a": 2}')
    (first, last) = lines(tmp_path / "a")
    assert [n for n, _ in first + last] == [1, 2, 3]
    assert b"a line of more than" in first[1][1]
    assert last[0][1] == b'{"a": 2}'


@pytest.mark.parametrize(
    "data",
    [b"", b"\n", b"a,b\n1,2", b"[1,", b"PAR1 nonsense", gzip.compress(b"{}\n" * 999)[:-20]],
)
def test_what_cannot_be_read(tmp_path, data):
    path = tmp_path / "broken"
    path.write_bytes(data)
    with pytest.raises(InputError, match="cannot read broken"):
        lines(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="cannot read absent"):
        lines(tmp_path / "absent")
