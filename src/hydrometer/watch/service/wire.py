"""Frames between the processes of the service: a small JSON header and raw bytes behind it."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Mapping
from typing import Any

import msgspec

from hydrometer.errors import InputError

__all__ = ["LARGEST", "pack", "read", "receive", "send"]

_SIZES = struct.Struct(">II")
LARGEST = 1 << 30
"""Bytes above which a frame is a defect, not data."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


def pack(header: Mapping[str, Any], body: bytes = b"") -> bytes:
    r"""Return what stands before the body: both sizes and the header.

    Examples
    --------
    >>> pack({"kind": "stop"})
    b'\x00\x00\x00\x0f\x00\x00\x00\x00{"kind":"stop"}'
    """
    told = _encode(header)
    return _SIZES.pack(len(told), len(body)) + told


def send(sock: socket.socket, header: Mapping[str, Any], body: bytes = b"") -> None:
    """Write one frame; blocks while the other side does not read."""
    sock.sendall(pack(header, body) + body)


def receive(sock: socket.socket) -> tuple[dict[str, Any], bytes] | None:
    """Return the next frame, or None where the other side is gone.

    Raises
    ------
    InputError
        If the bytes are no frame.
    """
    sizes = _exactly(sock, _SIZES.size)
    if sizes is None:
        return None
    told, size = _checked(sizes)
    header = _exactly(sock, told)
    body = _exactly(sock, size)
    return None if header is None or body is None else (_header(header), body)


async def read(reader: asyncio.StreamReader) -> tuple[dict[str, Any], bytes] | None:
    """Return the next frame of a stream, or None at its end.

    Raises
    ------
    InputError
        If the bytes are no frame.
    """
    try:
        told, size = _checked(await reader.readexactly(_SIZES.size))
        return _header(await reader.readexactly(told)), await reader.readexactly(size)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


def _checked(sizes: bytes) -> tuple[int, int]:
    told, size = _SIZES.unpack(sizes)
    if told + size > LARGEST:
        raise InputError("not a frame", got=f"{told + size} bytes", wanted=f"at most {LARGEST}")
    return told, size


def _header(data: bytes) -> dict[str, Any]:
    try:
        return _decode(data)
    except msgspec.MsgspecError as err:
        raise InputError("the frame has no header", got=str(err)[:80]) from err


def _exactly(sock: socket.socket, size: int) -> bytes | None:
    if size == 0:
        return b""
    out = bytearray(size)
    view, at = memoryview(out), 0
    while at < size:
        try:
            got = sock.recv_into(view[at:])
        except ConnectionError:
            return None
        if got == 0:
            return None
        at += got
    return bytes(out)
