"""From a body to documents."""

import pytest

from hydrometer.errors import InputError
from hydrometer.watch.sources.lines import documents


def test_shapes():
    assert list(documents(b'\xef\xbb\xbf{"a": 1}\n\n  {"a": 2}\r\n')) == [
        (1, b'{"a": 1}'),
        (3, b'{"a": 2}'),
    ]
    assert list(documents(b'{\n "a": 1\n}')) == [(1, b'{\n "a": 1\n}')]
    assert list(documents(b'[1, "x"]')) == [(1, b"1"), (2, b'"x"')]
    assert list(documents(b"nonsense")) == [(1, b"nonsense")]


@pytest.mark.parametrize("body", [b"", b" \n", b"[1,", b"[" * 100_000])
def test_no_document(body):
    with pytest.raises(InputError):
        list(documents(body))
