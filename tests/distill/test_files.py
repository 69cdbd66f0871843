import hashlib

import pytest

from hydrometer.distill.files import (
    file_digest,
    read_json,
    read_lines,
    write_json,
    write_lines,
    write_text,
)
from hydrometer.errors import InputError


def test_written_and_read_again(tmp_path):
    write_json({"b": "\u2028", "a": [1]}, tmp_path / "a.json")
    assert read_json(tmp_path / "a.json") == {"a": [1], "b": "\u2028"}
    write_lines([{"a": "x\ny"}, {"a": None}], tmp_path / "a.jsonl")
    assert read_lines(tmp_path / "a.jsonl") == [{"a": "x\ny"}, {"a": None}]
    write_text("hello\n", tmp_path / "a.txt")
    assert file_digest(tmp_path / "a.txt") == hashlib.sha256(b"hello\n").hexdigest()
    assert not list(tmp_path.glob("*.tmp"))


def test_a_failed_writing_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.jsonl"
    write_lines([{"a": 1}], path)

    def rows():
        yield {"a": 2}
        raise OSError(28, "No space left on device")

    with pytest.raises(InputError, match=r"No space left.*nothing is lost"):
        write_lines(rows(), path)
    assert read_lines(path) == [{"a": 1}]


@pytest.mark.parametrize("write", [write_json, write_text, write_lines])
def test_what_cannot_be_written(tmp_path, write):
    value = {"write_text": "x", "write_lines": [{}]}.get(write.__name__, {})
    with pytest.raises(InputError, match="cannot write"):
        write(value, tmp_path / "no" / "file")


@pytest.mark.parametrize("text", ["", "[]", "{", "3", "\udcff"])
def test_what_cannot_be_read(tmp_path, text):
    path = tmp_path / "a.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError, match="cannot read"):
        read_json(path)
    with pytest.raises(InputError, match="cannot read"):
        read_json(tmp_path / "absent")
    with pytest.raises(InputError, match="cannot read"):
        read_lines(tmp_path / "absent")
    with pytest.raises(InputError, match="cannot read"):
        file_digest(tmp_path / "absent")
