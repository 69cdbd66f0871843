import asyncio
import socket
import threading

import pytest

from hydrometer.errors import InputError
from hydrometer.watch.service import wire


@pytest.fixture
def pair():
    a, b = socket.socketpair()
    with a, b:
        yield a, b


def test_frames_arrive_whole_and_in_order(pair):
    a, b = pair
    body = bytes(range(256)) * 20_000  # more than a socket holds
    sender = threading.Thread(
        target=lambda: [wire.send(a, {"n": n}, body[: n * 100_000]) for n in (0, 3, 1)]
    )
    sender.start()
    got = [wire.receive(b) for _ in range(3)]
    sender.join()
    assert [h["n"] for h, _ in got] == [0, 3, 1]
    assert [d for _, d in got] == [b"", body[:300_000], body[:100_000]]
    a.close()
    assert wire.receive(b) is None


def test_a_frame_cut_short_is_the_end(pair):
    a, b = pair
    a.sendall(wire.pack({"kind": "body"}, b"12345") + b"123")
    a.close()
    assert wire.receive(b) is None


@pytest.mark.parametrize("data", [b"\xff" * 8, b"\x00\x00\x00\x02\x00\x00\x00\x00no"])
def test_bytes_that_are_no_frame_are_an_error(pair, data):
    a, b = pair
    a.sendall(data)
    with pytest.raises(InputError):
        wire.receive(b)


def test_the_asynchronous_reader_reads_the_same():
    async def run():
        reader = asyncio.StreamReader()
        reader.feed_data(wire.pack({"kind": "x"}, b"ab") + b"ab" + b"\x00")
        reader.feed_eof()
        return await wire.read(reader), await wire.read(reader)

    assert asyncio.run(run()) == (({"kind": "x"}, b"ab"), None)
