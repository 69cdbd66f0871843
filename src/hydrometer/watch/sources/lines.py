"""From bytes to JSON documents, each with its line: an array, JSON lines, or one document."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from hydrometer.errors import InputError

__all__ = ["documents", "numbered"]

_ROWS = msgspec.json.Decoder(list[msgspec.Raw])
_ANY = msgspec.json.Decoder(msgspec.Raw)


def documents(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the documents of a body: the items of an array, or its lines, or all of it.

    Items of an array are numbered from 1.

    Raises
    ------
    InputError
        If the body is empty, or an array that is not JSON.

    Examples
    --------
    >>> list(documents(b'[{"a": 1}, 2]')), list(documents(b'{"a": 1}'))
    ([(1, b'{"a": 1}'), (2, b'2')], [(1, b'{"a": 1}')])
    """
    start = body.removeprefix(b"\xef\xbb\xbf").strip()
    if not start:
        raise InputError("the body is empty", wanted="JSON or JSON lines")
    if start[:1] == b"[":
        try:
            rows = _ROWS.decode(start)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as err:
            raise InputError(
                "the body is not JSON", got=str(err)[:160], wanted="an array of objects"
            ) from err
        yield from ((n, bytes(row)) for n, row in enumerate(rows, 1))
    elif b"\n" in start and not _whole(start):
        yield from numbered(start.split(b"\n"))
    else:
        yield 1, start


def _whole(body: bytes) -> bool:
    """Return whether a text of several lines is one document; cheap where it is not."""
    try:
        _ANY.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return True


def numbered(lines: Iterator[bytes] | list[bytes], first: int = 1) -> Iterator[tuple[int, bytes]]:
    """Yield lines that are not blank with their numbers."""
    for n, line in enumerate(lines, first):
        line = line.strip()
        if line:
            yield n, line
