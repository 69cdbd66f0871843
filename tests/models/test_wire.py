import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrometer.errors import InputError
from hydrometer.exchange import Message, Sampling
from hydrometer.models.model import Query
from hydrometer.models.wire import (
    PREFILLS,
    Dialect,
    chat_body,
    completion_body,
    plain_text,
    read_answer,
    read_sse,
    server_says,
)

HI = Query((Message("user", "Hi"),))
BEGUN = Query((Message("user", "Hi"), Message("assistant", "It")))


def test_what_is_not_given_is_not_sent():
    assert chat_body("m", HI, Dialect()) == {
        "model": "m", "messages": [{"role": "user", "content": "Hi"}]}  # fmt: skip
    assert completion_body("m", HI, Dialect()) == {"model": "m", "prompt": "Question: Hi\nAnswer:"}


def test_each_draw_has_its_seed():
    seeds = [
        chat_body("m", Query(HI.prompt, Sampling(seed=5), d), Dialect())["seed"] for d in (0, 3)
    ]
    assert seeds == [5, 8]


def test_zero_is_sent():
    body = chat_body("m", Query(HI.prompt, Sampling(temperature=0.0, stop=())), Dialect())
    assert body["temperature"] == 0.0
    assert body["stop"] == []


@pytest.mark.parametrize("mode", PREFILLS)
def test_prefill(mode):
    dialect = Dialect(mode)
    if mode in ("none", "completions"):
        with pytest.raises(InputError, match="prefill-mode"):
            chat_body("m", BEGUN, dialect)
        assert completion_body("m", BEGUN, dialect)["prompt"].endswith("Answer: It")
        return
    body = chat_body("m", BEGUN, dialect)
    assert body.get("continue_final_message", False) == (mode == "continue_final_message")
    assert body["messages"][-1].get("prefix", False) == (mode == "prefix")


def test_an_unknown_prefill_is_refused():
    with pytest.raises(InputError, match="unknown way"):
        Dialect("magic")


def test_a_dialect_learns_once():
    d = Dialect()
    assert d.learn("Use max_completion_tokens instead")
    assert not d.learn("Use max_completion_tokens instead")
    assert d.limit_name == "max_completion_tokens"
    assert d.learn("model only supports streaming? no: requires stream")
    assert not d.learn("requires stream")
    assert not d.learn("something else")


def test_a_system_message_has_no_label_in_plain_text():
    prompt = [Message("system", "Be brief."), Message("user", "Why?")]
    assert plain_text(prompt) == "Be brief.\nQuestion: Why?\nAnswer:"


def body(text="a", finish="stop", **more):
    return {"choices": [{"message": {"content": text}, "finish_reason": finish}], **more}


@pytest.mark.parametrize(
    ("got", "status", "response"),
    [
        (body(), "ok", "a"),
        (body(finish=None), "ok", "a"),
        (body(finish="length"), "truncated", "a"),
        (body(finish="content_filter"), "filtered", "a"),
        (body(finish="abort"), "error", "a"),
        (body(None), "error", None),
        (body([{"text": "a"}, {"type": "image"}, {"text": "b"}]), "ok", "ab"),
        ({"choices": [{"text": "a", "finish_reason": "stop"}]}, "ok", "a"),
        ({"error": {"message": "down", "code": 7}}, "error", None),
        ([], "error", None),
        (None, "error", None),
    ],
)
def test_what_an_answer_means(got, status, response):
    read = read_answer(got, {})
    assert (read.status, read.response) == (status, response)
    assert (read.error is not None) == (status in ("error", "filtered"))


def test_half_a_surrogate_is_replaced_and_a_whole_pair_is_kept():
    raw = (
        '{"choices": [{"message": {"content": "a\\ud83d b \\ud83d\\ude00"}}], "model": "\\udc00"}'
    )
    got = read_answer(json.loads(raw), {})
    assert (got.response, got.model_answered) == ("a\ufffd b \U0001f600", "\ufffd")


def test_a_repeated_prefix_is_cut_once():
    assert read_answer(body("It is It"), {}, "It").response == " is It"
    assert read_answer(body(" is so"), {}, "It").response == " is so"


@pytest.mark.parametrize("count", [True, -1, 2**63, 1.5, "3", None])
def test_counts_that_are_none_are_not_recorded(count):
    assert read_answer(body(usage={"prompt_tokens": count}), {}).tokens_in is None


def test_scores_with_a_hole_are_not_scores():
    for hole in (None, math.nan, "x"):
        choice = {"text": "a", "logprobs": {"token_logprobs": [-1.0, hole]}}
        assert read_answer({"choices": [choice]}, {}).logprobs is None
    choice["logprobs"]["token_logprobs"] = [-1, -0.5]
    assert read_answer({"choices": [choice]}, {}).logprobs == (-1.0, -0.5)


def test_kept_headers_are_few_and_short():
    got = read_answer(body(), {"server": "x" * 900, "set-cookie": "secret", "x-request-id": "r"})
    assert got.headers == {"server": "x" * 200, "finish_reason": "stop"}
    assert got.request == "r"


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["choices", "message", "content", "text", "usage", "prompt_tokens", "logprobs",
             "token_logprobs", "finish_reason", "error", "id", "model", "delta", "logprob"]
        ),
        inner, max_size=5,
    ),
    max_leaves=20,
)  # fmt: skip


@given(JSON, st.text(max_size=3))
def test_no_json_breaks_the_reader(got, prefix):
    for value in (got, {"choices": [got]}, {"choices": [{"message": got, "logprobs": got}]}):
        read = read_answer(value, {}, prefix)
        assert read.status in ("ok", "truncated", "filtered", "error")
        assert read.response is None or isinstance(read.response, str)
        json.dumps(dict(read.headers))
        assert len(server_says(value)) <= 300


@given(st.lists(JSON, max_size=5), st.booleans(), st.text(max_size=30))
def test_no_stream_breaks_the_reader(events, ended, noise):
    lines = [f"data: {json.dumps(e)}\n\n" for e in events] + [noise, "\n"]
    if ended:
        lines.append("data: [DONE]\n")
    got = read_sse("".join(lines))
    assert got is None or isinstance(got, dict)
    assert read_answer(got, {}).status in ("ok", "truncated", "filtered", "error")


def test_a_stream_adds_up():
    events = [
        {"model": "m", "choices": [{"delta": {"content": "a"},
         "logprobs": {"content": [{"logprob": -1.0}]}}]},
        {"choices": [{"delta": {"content": "b"}, "finish_reason": "length",
         "logprobs": {"content": [{"logprob": -2.0}]}}]},
        {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}},
    ]  # fmt: skip
    got = read_answer(read_sse("".join(f"data: {json.dumps(e)}\n\n" for e in events)), {})
    assert (got.response, got.status, got.model_answered) == ("ab", "truncated", "m")
    assert (got.logprobs, got.tokens_in, got.tokens_out) == ((-1.0, -2.0), 1, 2)


def test_a_stream_without_an_end_is_no_answer():
    got = read_sse('data: {"choices": [{"delta": {"content": "a"}}]}\n\n')
    assert read_answer(got, {}).status == "error"
    assert "broke off" in read_answer(got, {}).error
