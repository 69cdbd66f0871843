import asyncio

from hydrometer.watch.service import outbox
from hydrometer.watch.service.outbox import Outbox
from hydrometer.watch.service.sight import Sight


class Service:
    """Takes batches as the service does, with the answers that a test sets."""

    def __init__(self, *answers):
        self.answers, self.got, self.told = list(answers), [], []

    async def post(self, path, body, extra=""):
        status = self.answers.pop(0) if self.answers else 200
        if status is None:
            raise ConnectionError
        self.got.append((status, body.count(b"\n") + 1))
        self.told.append(extra)
        return status, b"{}"


def sights(n):
    return [Sight(f"a{k}", {}, None, k) for k in range(n)]


def test_it_sends_by_itself_and_again_after_a_failure(monkeypatch):
    monkeypatch.setattr(outbox, "EVERY", 0.01)
    service = Service(None, 503, 200)

    async def run():
        box = Outbox(service)
        for s in sights(3):
            box.put(s)
        while box.sent < 3:
            await asyncio.sleep(0.01)
        await box.close(1.0)
        return box

    box = asyncio.run(asyncio.wait_for(run(), 10))
    assert service.got == [(503, 3), (200, 3)]
    assert (box.sent, box.dropped) == (3, 0)


def test_batches_are_bounded_and_a_refusal_counts_as_dropped(monkeypatch):
    monkeypatch.setattr(outbox, "BATCH", 4)
    service = Service(200, 413, 200)

    async def run():
        box = Outbox(service)
        box._waiting.extend(sights(10))
        await box.flush()
        return box

    box = asyncio.run(run())
    assert [n for _, n in service.got] == [4, 4, 2]
    assert (box.sent, box.dropped) == (6, 4)
    assert service.told[-1] == "x-hydrometer-dropped: 4\r\n"
