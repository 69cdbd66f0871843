import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hydrometer.watch.service.sight import LARGEST, TAIL, Sight


def feed(sight, asked=b"", answered=(), status=200, kind=b"application/json"):
    """Pass messages through, as a server does."""
    import asyncio

    async def receive():
        return {"type": "http.request", "body": asked}

    async def send(message):
        pass

    async def run():
        await sight.receiving(receive)()
        out = sight.sending(send)
        head = {"status": status, "headers": [(b"content-type", kind)]}
        await out({"type": "http.response.start", **head})
        for part in answered:
            await out({"type": "http.response.body", "body": part})

    asyncio.run(run())


def make(**more):
    return Sight("a", {}, None, 7, **more)


@pytest.mark.parametrize(
    ("status", "answer", "told"),
    [
        (200, b'{"choices": [{"finish_reason": "stop"}]}', "ok"),
        (200, b'{"choices": [{"finish_reason": "length"}]}', "truncated"),
        (200, b'{"stop_reason": "max_tokens", "usage": {"input_tokens": 1}}', "truncated"),
        (200, b'{"choices": [{"finish_reason": "content_filter"}]}', "filtered"),
        (200, b"not JSON", "ok"),
        (429, b"", "throttled"),
        (403, b"", "filtered"),
        (500, b"{}", "error"),
    ],
)
def test_how_it_ended(status, answer, told):
    sight = make()
    feed(sight, b"{}", [answer], status)
    assert sight.record()["status"] == told


def test_of_a_long_stream_only_the_end_is_kept():
    sight = make()
    parts = [b"data: " + b"x" * 1000 + b"\n\n"] * 500
    end = b'data: {"usage": {"prompt_tokens": 3, "completion_tokens": 500}, "choices": []}\n\n'
    feed(sight, b'{"stream": true}', [*parts, end], kind=b"text/event-stream; charset=utf-8")
    assert sight.size < TAIL + 2000
    row = sight.record()
    assert (row["tokens_in"], row["tokens_out"], row["stream"]) == (3, 500, True)


def test_turns_are_told_without_the_earlier_texts():
    sight = make()
    asked = b'{"messages": [{"role": "system", "content": "s"}, {"role": "user", "content":'
    asked += b' "first"}, {"role": "assistant", "content": "no"}, {"role": "user",'
    asked += b' "content": "last"}]}'
    feed(sight, asked)
    assert sight.record()["prompt"] == [
        {"role": "system", "content": "s"},
        {"role": "user", "content": ""},
        {"role": "user", "content": "last"},
    ]


@pytest.mark.parametrize("asked", [b"", b"[]", b'{"messages": 3, "n": "x"}', b"\xff{", b"x" * 9])
def test_requests_that_are_none_give_a_row_all_the_same(asked):
    sight = make()
    feed(sight, asked)
    assert sight.record()["account"] == "a"


def test_a_huge_request_is_not_held():
    sight = make()
    feed(sight, b"x" * (LARGEST + 5), [b"y" * (LARGEST + 5)] * 3)
    assert sight.size <= 2 * (LARGEST + 5)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)
names = st.sampled_from(
    ["messages", "usage", "choices", "stream", "n", "response", "tools", "prompt", "input"]
)
bodies = st.binary() | st.dictionaries(names, values).map(lambda v: json.dumps(v).encode())


@settings(max_examples=60)
@given(bodies, bodies, st.booleans())
def test_whatever_passes_gives_a_row(asked, answered, stream):
    sight = make()
    kind = b"text/event-stream" if stream else b"application/json"
    feed(sight, asked, [b"data: " + answered] if stream else [answered], kind=kind)
    row = sight.record()
    assert row["account"] == "a"
    assert row["status"] in ("ok", "truncated", "filtered")
