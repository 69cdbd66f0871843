import asyncio

import pytest

from hydrometer.errors import InputError
from hydrometer.watch.service.client import Client


def play(handle, steps):
    """Run steps with a client against a server of raw bytes."""

    async def run():
        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        client = Client(f"http://127.0.0.1:{port}", "a-token")
        try:
            return await steps(client)
        finally:
            await client.close()
            server.close()
            await asyncio.sleep(0.02)

    return asyncio.run(run())


async def asked(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    size = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    return head, await reader.readexactly(size)


def test_a_connection_is_kept_and_one_that_was_closed_is_opened_again():
    seen = []

    async def handle(reader, writer):
        n = len(seen)
        try:
            for _ in range(2):  # then the server hangs up, without saying so
                head, body = await asked(reader)
                seen.append((n, head, body))
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        except asyncio.IncompleteReadError:
            pass
        writer.close()

    async def steps(client):
        for k in range(5):
            assert await client.post("/p", b"%d" % k, "x-more: 1\r\n") == (200, b"ok")
            await asyncio.sleep(0.02)

    play(handle, steps)
    assert [body for _, _, body in seen] == [b"0", b"1", b"2", b"3", b"4"]
    assert len({n for n, _, _ in seen}) == 3
    head = seen[0][1]
    assert head.startswith(b"POST /p HTTP/1.1\r\n")
    assert b"authorization: Bearer a-token\r\n" in head
    assert b"x-more: 1\r\n" in head


def test_a_late_answer_never_meets_a_new_question():
    async def handle(reader, writer):
        try:
            while True:
                _, body = await asked(reader)
                if body == b"slow":
                    await asyncio.sleep(0.1)
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n" + body)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def steps(client):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await client.post("/", b"slow")
        await asyncio.sleep(0.15)
        return await client.post("/", b"fast")

    assert play(handle, steps) == (200, b"fast")


@pytest.mark.parametrize("answer", [b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b""])
def test_an_answer_that_cannot_be_read_is_an_oserror(answer):
    async def handle(reader, writer):
        await asked(reader)
        writer.write(answer)
        writer.close()

    async def steps(client):
        with pytest.raises(OSError, match="no answer"):
            await client.post("/", b"x")

    play(handle, steps)


@pytest.mark.parametrize("url", ["", "ftp://x", "http://", "127.0.0.1:80", "http://h:x"])
def test_what_is_no_url_is_refused(url):
    with pytest.raises(InputError):
        Client(url)
