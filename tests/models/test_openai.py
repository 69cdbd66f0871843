import json
import subprocess
import sys
import time
from datetime import UTC, datetime

import numpy as np
import pytest
from hydrometer_endpoint import ok, serve

from hydrometer.errors import InputError, ModelError
from hydrometer.exchange import Message, Sampling
from hydrometer.models.model import Query, ScoringModel, StreamingModel
from hydrometer.models.openai import OpenAIModel, Transport
from hydrometer.models.wire import Dialect

WHEN = datetime(2026, 1, 1, tzinfo=UTC)


def queries(n, **sampling):
    return [Query((Message("user", f"q{i}"),), Sampling(**sampling)) for i in range(n)]


def model(url, kind=OpenAIModel, *, dialect=None, key=None, **transport):
    transport = {"retries": 3, "base": 0.01, "timeout": 5.0, **transport}
    return kind(
        "m", url, clock=lambda: WHEN, rng=np.random.default_rng(0), api_key=key,
        dialect=dialect, transport=Transport(**transport),
    )  # fmt: skip


def test_an_answer_is_recorded_with_what_came_with_it():
    with serve(lambda b, n: (200, {"x-request-id": "r1", "server": "s"}, ok(b))) as e:
        m = model(e.url, key="sk-secret")
        asked = Query((Message("user", "Hi"),), Sampling(0.5, 0.9, 40, 7, ("x",), 3), 2)
        (got,) = m.answer([asked])
    assert (got.response, got.status, got.model, got.model_answered) == (
        "echo Hi", "ok", "m", "m-2026")  # fmt: skip
    assert (got.tokens_in, got.tokens_out, got.draw, got.time) == (5, 3, 2, WHEN)
    assert got.headers["system_fingerprint"] == "fp1"
    assert got.headers["finish_reason"] == "stop"
    assert got.source == "request:r1"
    assert e.asked[0] == {
        "model": "m", "messages": [{"role": "user", "content": "Hi"}], "temperature": 0.5,
        "top_p": 0.9, "top_k": 40, "max_tokens": 7, "stop": ["x"], "seed": 5,
    }  # fmt: skip
    assert e.headers[0]["authorization"] == "Bearer sk-secret"
    assert "sk-secret" not in repr(got)
    assert isinstance(m, StreamingModel)
    assert not isinstance(m, ScoringModel)


def test_answers_keep_the_order_and_concurrency_its_bound():
    def act(body, n):
        time.sleep(0.002 * (n % 5))
        return 200, {}, ok(body)

    with serve(act) as e:
        got = model(e.url, concurrency=3).answer(queries(20))
        assert [x.response for x in got] == [f"echo q{i}" for i in range(20)]
        assert 1 < e.most <= 3


def test_a_throttled_query_waits_as_long_as_asked_and_is_answered():
    def act(body, n):
        return (429, {"retry-after": "0.4"}, {"error": "slow"}) if n == 1 else (200, {}, ok(body))

    with serve(act) as e:
        (got,) = model(e.url).answer(queries(1))
        assert got.status == "ok"
        assert e.times[1] - e.times[0] >= 0.4


@pytest.mark.parametrize(("code", "status"), [(429, "throttled"), (500, "error"), (503, "error")])
def test_a_failure_that_does_not_pass_is_recorded_and_never_scored(code, status):
    with serve(lambda b, n: (code, {}, {"error": {"message": "no"}})) as e:
        (got,) = model(e.url, retries=2).answer(queries(1))
        assert (got.status, got.scored, len(e.asked)) == (status, False, 3)
        assert str(code) in got.error


@pytest.mark.parametrize("code", [401, 402, 403, 404])
def test_no_key_no_access_no_model_stops_at_once_and_keeps_the_key_quiet(code):
    said = {"error": {"message": "bad key sk-secret"}}
    with serve(lambda b, n: (code, {}, said)) as e:
        with pytest.raises(ModelError) as caught:
            model(e.url, key="sk-secret", concurrency=1).answer(queries(5))
        assert len(e.asked) == 1
    assert "sk-secret" not in str(caught.value)
    assert "next:" in str(caught.value)


def test_an_empty_account_is_not_a_slow_one():
    said = {"error": {"message": "quota", "code": "insufficient_quota"}}
    with serve(lambda b, n: (429, {}, said)) as e:
        with pytest.raises(ModelError, match="paid"):
            model(e.url).answer(queries(1))
        assert len(e.asked) == 1


def test_a_wait_of_an_hour_stops_the_run():
    with (
        serve(lambda b, n: (429, {"retry-after": "3600"}, {})) as e,
        pytest.raises(ModelError, match="3600 s"),
    ):
        model(e.url).answer(queries(1))


def test_a_bad_request_is_recorded_and_not_repeated():
    with serve(lambda b, n: (400, {}, {"error": {"message": "too long"}})) as e:
        got = model(e.url).answer(queries(2))
        assert [x.status for x in got] == ["error", "error"]
        assert len(e.asked) == 2


def test_a_stalled_server_times_out():
    def act(body, n):
        if n <= 2:
            time.sleep(0.6)
        return 200, {}, ok(body)

    with serve(act) as e:
        (got,) = model(e.url, timeout=0.15, retries=1).answer(queries(1))
        assert (got.status, got.error) == ("error", "timed out")


def test_nobody_there_says_what_to_do():
    with pytest.raises(ModelError, match="check the address"):
        model("http://127.0.0.1:9/v1").answer(queries(1))


@pytest.mark.parametrize(
    "garbage",
    [b"<html>", b"", b"[]", b"null", b"{", b"[" * 5000, b'{"choices": []}', b'{"choices": [3]}',
     b'{"choices": [{"message": {"content": null}}]}', b"\xff\xfe", b"data: {\n\n"],
)  # fmt: skip
def test_garbage_is_an_error_of_that_query(garbage):
    with serve(lambda b, n: (200, {}, garbage)) as e:
        (got,) = model(e.url, retries=1).answer(queries(1))
        assert got.status == "error"
        assert got.error


@pytest.mark.parametrize(
    ("finish", "text", "status", "scored"),
    [("length", "half", "truncated", True), ("content_filter", None, "filtered", False),
     ("stop", "", "ok", False), ("stop", "x", "ok", True)],
)  # fmt: skip
def test_finish_reasons(finish, text, status, scored):
    with serve(
        lambda b, n: (200, {}, ok(b, "", finish, choice={"message": {"content": text}}))
    ) as e:
        (got,) = model(e.url).answer(queries(1))
        assert (got.status, got.scored) == (status, scored)


SSE = (
    b'data: {"id":"s","model":"m9","choices":[{"delta":{"role":"assistant"}}]}\n\n'
    b'data: {"choices":[{"delta":{"content":"He"}}]}\n\n'
    b'data: {"choices":[{"delta":{"content":"llo"},"finish_reason":"stop"}]}\n\n'
    b'data: {"choices":[],"usage":{"prompt_tokens":4,"completion_tokens":2}}\n\ndata: [DONE]\n\n'
)


def test_a_server_that_only_streams_is_understood_unasked():
    with serve(lambda b, n: (200, {"content-type": "text/event-stream"}, SSE)) as e:
        (got,) = model(e.url).answer(queries(1))
        assert (got.response, got.tokens_in, got.model_answered) == ("Hello", 4, "m9")


def test_a_server_that_insists_on_streaming_is_asked_so_from_then_on():
    def act(body, n):
        if not body.get("stream"):
            return 400, {}, {"error": {"message": "This model only supports streaming"}}
        return 200, {"content-type": "text/event-stream"}, SSE

    with serve(act) as e:
        got = model(e.url, concurrency=1).answer(queries(3))
        assert [x.response for x in got] == ["Hello"] * 3
        assert len(e.asked) == 4


def test_a_stream_that_breaks_off_is_not_an_answer():
    with serve(lambda b, n: (200, {"content-type": "text/event-stream"}, SSE[:150])) as e:
        (got,) = model(e.url, retries=0).answer(queries(1))
        assert got.status == "error"


def test_the_newer_name_of_the_limit_is_learnt():
    def act(body, n):
        if "max_tokens" in body:
            return 400, {}, {"error": {"message": "use 'max_completion_tokens' instead"}}
        return 200, {}, ok(body)

    with serve(act) as e:
        (got,) = model(e.url).answer(queries(1, max_tokens=9))
        assert got.status == "ok"
        assert e.asked[-1]["max_completion_tokens"] == 9


def test_logprobs_are_kept():
    probs = {"content": [{"token": "a", "logprob": -0.5}, {"token": "b", "logprob": -1}]}
    with serve(lambda b, n: (200, {}, ok(b, choice={"logprobs": probs}))) as e:
        (got,) = model(e.url, dialect=Dialect(logprobs=True)).answer(queries(1))
        assert got.logprobs == (-0.5, -1.0)
        assert e.asked[0]["logprobs"] is True


BEGUN = Query((Message("user", "q"), Message("assistant", "It is")))


def test_prefill_in_each_dialect():
    with serve(lambda b, n: (200, {}, ok(b, "It is so"))) as e:
        with pytest.raises(InputError, match="--prefill-mode"):
            model(e.url).answer([BEGUN])
        assert not e.asked
        (got,) = model(e.url, dialect=Dialect("continue_final_message")).answer([BEGUN])
        assert got.response == " so"
        assert e.asked[-1]["continue_final_message"] is True
        assert e.asked[-1]["add_generation_prompt"] is False
        model(e.url, dialect=Dialect("prefix")).answer([BEGUN])
        assert e.asked[-1]["messages"][-1]["prefix"] is True


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://x/v1", "http://u:p@h/v1", ""])
def test_bad_addresses(url):
    with pytest.raises(InputError):
        model(url)


def test_requests_a_minute():
    with serve() as e:
        model(e.url, rpm=1200, concurrency=8).answer(queries(5))
        assert max(e.times) - min(e.times) > 0.12  # four gaps of 0.05 s, and a slow first


def test_the_record_is_json():
    with serve() as e:
        (got,) = model(e.url).answer(queries(1))
        json.dumps(dict(got.headers))
        assert got.headers["endpoint"] == e.url


def test_nobody_there_is_one_error_for_a_person(tmp_path):
    """Several queries fail at once; none of their tracebacks may reach the screen."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from hydrometer.cli.main import main; main()",
            *("ask", "--model", "openai:toy@http://127.0.0.1:1/v1", "--prompts", "builtin"),
            *("--limit", "6", "--out", str(tmp_path / "a.jsonl")),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "cannot reach" in done.stderr
    assert "Traceback" not in done.stderr
