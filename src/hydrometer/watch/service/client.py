"""A small HTTP client for one server: connections kept open, nothing but POST and JSON."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from urllib.parse import urlsplit

from hydrometer.errors import InputError

__all__ = ["Client"]

IDLE = 16
"""Connections kept open."""
HEAD = 64 << 10
"""Bytes of an answer's head; the answers of the service have far less."""

_Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Client:
    """Posts to the service.

    Parameters
    ----------
    url : str
        Such as ``http://127.0.0.1:8790``.
    token : str
        Bearer token; empty sends none.

    Raises
    ------
    InputError
        If the URL is none of HTTP.
    """

    def __init__(self, url: str, token: str = "") -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InputError("not the URL of a service", got=url[:80], wanted="http://HOST:PORT")
        self._host, self._tls = parts.hostname, parts.scheme == "https"
        try:
            self._port = parts.port or (443 if self._tls else 80)
        except ValueError as err:
            raise InputError("not the URL of a service", got=url[:80]) from err
        head = f"host: {parts.netloc}\r\ncontent-type: application/json\r\n"
        self._head = head + (f"authorization: Bearer {token}\r\n" if token else "")
        self._idle: list[_Pair] = []

    async def post(self, path: str, body: bytes, extra: str = "") -> tuple[int, bytes]:
        """Return status and body of the answer.

        Parameters
        ----------
        path : str
        body : bytes
            JSON or JSON lines.
        extra : str
            Further header lines, each with its line end.

        Raises
        ------
        OSError
            If the server cannot be reached, or hangs up.
        """
        while self._idle:
            pair = self._idle.pop()
            try:
                return await self._ask(pair, path, body, extra)
            except OSError:
                continue  # closed while it was idle: all that we post may be sent twice
        context = ssl.create_default_context() if self._tls else None
        pair = await asyncio.open_connection(self._host, self._port, ssl=context, limit=HEAD)
        return await self._ask(pair, path, body, extra)

    async def _ask(self, pair: _Pair, path: str, body: bytes, extra: str) -> tuple[int, bytes]:
        reader, writer = pair
        done = False
        try:
            head = (
                f"POST {path} HTTP/1.1\r\n{self._head}{extra}content-length: {len(body)}\r\n\r\n"
            )
            writer.write(head.encode("latin-1") + body)
            await writer.drain()
            status, size, keep = _parse(await reader.readuntil(b"\r\n\r\n"))
            answer = await reader.readexactly(size)
            done = keep
            return status, answer
        except (EOFError, asyncio.LimitOverrunError, ValueError, IndexError) as err:
            raise ConnectionError(f"no answer that can be read: {err}") from err
        finally:
            # Also when we are cancelled by a time-out: a late answer must not meet a new question.
            if done and len(self._idle) < IDLE:
                self._idle.append(pair)
            else:
                writer.close()

    async def close(self) -> None:
        """Close what is open."""
        while self._idle:
            writer = self._idle.pop()[1]
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


def _parse(head: bytes) -> tuple[int, int, bool]:
    r"""Return status, length of the body, and whether the connection stays open.

    Examples
    --------
    >>> _parse(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
    (200, 2, True)
    """
    first, *lines = head.decode("latin-1").split("\r\n")
    status = int(first.split(" ", 2)[1])
    fields = {}
    for line in lines:
        name, _, value = line.partition(":")
        fields[name.strip().lower()] = value.strip()
    if "content-length" not in fields and status not in (204, 304):
        raise ValueError("an answer without its length")
    return status, int(fields.get("content-length", 0)), fields.get("connection") != "close"
