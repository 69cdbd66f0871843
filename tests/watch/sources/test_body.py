"""Content encodings, and bombs."""

import gzip
import zlib

import pytest

from hydrometer.errors import InputError
from hydrometer.watch.sources.body import unpack


def test_encodings():
    for encoding, packed in (
        ("", b"data"),
        ("identity", b"data"),
        ("GZIP", gzip.compress(b"data")),
        ("gzip", gzip.compress(b"da") + gzip.compress(b"ta")),
        ("deflate", zlib.compress(b"data")),
    ):
        assert unpack(packed, encoding) == b"data"


def test_a_bomb_is_not_unfolded():
    bomb = gzip.compress(bytes(50 << 20))
    assert len(bomb) < 100_000
    with pytest.raises(InputError, match="too large"):
        unpack(bomb, "gzip", limit=1 << 20)
    with pytest.raises(InputError, match="too large"):
        unpack(gzip.compress(bytes(600)) * 3, "gzip", limit=1000)
    with pytest.raises(InputError, match="too large"):
        unpack(bytes(11), limit=10)
    assert unpack(gzip.compress(bytes(10)), "gzip", limit=10) == bytes(10)


@pytest.mark.parametrize(
    ("body", "encoding", "says"),
    [
        (b"data", "gzip", "no gzip"),
        (gzip.compress(b"data" * 99)[:-9], "gzip", "cut short"),
        (b"data", "br", "unknown content encoding"),
    ],
)
def test_damage(body, encoding, says):
    with pytest.raises(InputError, match=says):
        unpack(body, encoding)
