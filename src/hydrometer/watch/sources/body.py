"""The body of an HTTP request: unpacked, and never to more than a limit."""

from __future__ import annotations

import zlib

from hydrometer.errors import InputError

__all__ = ["LIMIT", "unpack"]

LIMIT = 64 << 20
"""Most bytes that a body may unfold to."""

_WINDOW = {"gzip": 31, "x-gzip": 31, "deflate": 15}


def unpack(body: bytes, content_encoding: str = "", *, limit: int = LIMIT) -> bytes:
    """Return the body without its content encoding.

    Raises
    ------
    InputError
        If the encoding is unknown, the body is damaged, or it unfolds to more than the limit.

    Examples
    --------
    >>> import gzip
    >>> unpack(gzip.compress(b"[]"), "gzip")
    b'[]'
    """
    encoding = content_encoding.strip().lower()
    if encoding in ("", "identity"):
        if len(body) > limit:
            raise _large(limit)
        return body
    if encoding not in _WINDOW:
        raise InputError(
            "unknown content encoding", got=encoding[:40], wanted="gzip, deflate or identity"
        )
    out, rest = [], body
    left = limit + 1
    try:
        while rest and left > 0:  # a gzip body may be of several members
            stream = zlib.decompressobj(_WINDOW[encoding])
            part = stream.decompress(rest, left)
            out.append(part)
            left -= len(part)
            if not stream.eof:
                if left > 0:
                    raise InputError("the body is cut short", wanted=f"a whole {encoding} stream")
                break
            rest = stream.unused_data
    except zlib.error as err:
        raise InputError(f"the body is no {encoding}", got=str(err)[:80]) from err
    if left <= 0:
        raise _large(limit)
    return b"".join(out)


def _large(limit: int) -> InputError:
    return InputError(
        "the body is too large",
        wanted=f"at most {limit >> 20} MiB unpacked",
        next_step="send smaller batches",
    )
