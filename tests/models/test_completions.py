from datetime import UTC, datetime

import numpy as np
import pytest
from hydrometer_endpoint import serve

from hydrometer.errors import ModelError
from hydrometer.exchange import Message
from hydrometer.models.completions import CompletionsModel
from hydrometer.models.model import Query, ScoringModel
from hydrometer.models.openai import Transport
from hydrometer.models.wire import Dialect

WHEN = datetime(2026, 1, 1, tzinfo=UTC)
BEGUN = Query((Message("user", "q"), Message("assistant", "It is")))


def model(url):
    return CompletionsModel(
        "m", url, clock=lambda: WHEN, rng=np.random.default_rng(0),
        dialect=Dialect("completions"), transport=Transport(retries=3, base=0.01, timeout=5.0),
    )  # fmt: skip


def test_completions_answer_and_score():
    def act(body, n):
        if not body.get("echo"):
            return 200, {}, {"choices": [{"text": " wet", "finish_reason": "stop"}]}
        text, offsets, at = body["prompt"], [], 0
        while at < len(text):
            offsets.append(at)
            at += 3
        probs = [None, *(-0.1 * i for i in range(1, len(offsets)))]
        offsets, probs = [*offsets, len(text)], [*probs, -9.0]
        found = {"text_offset": offsets, "token_logprobs": probs}
        return 200, {}, {"choices": [{"text": text, "logprobs": found}]}

    with serve(act) as e:
        m = model(e.url)
        assert isinstance(m, ScoringModel)
        assert m.answer([BEGUN])[0].response == " wet"
        assert e.asked[0]["prompt"] == "Question: q\nAnswer: It is"
        assert e.paths[0] == "/v1/completions"
        (scores,) = m.score(BEGUN.prompt, [" abcdef"])  # 25 + 7 characters, tokens of three
        assert scores == pytest.approx([-0.8, -0.9, -1.0])


def test_scores_that_are_not_given_are_an_error():
    with serve(lambda b, n: (200, {}, {"choices": [{"text": "x"}]})) as e:
        m = model(e.url)
        with pytest.raises(ModelError, match="hf:PATH"):
            m.score(BEGUN.prompt, ["x"])


def test_scores_of_the_new_token_alone_are_not_taken_for_the_text():
    def act(body, n):
        found = {"text_offset": [len(body["prompt"])], "token_logprobs": [-0.5]}
        return 200, {}, {"choices": [{"text": "x", "logprobs": found}]}

    with serve(act) as e, pytest.raises(ModelError, match="no log-probabilities"):
        model(e.url).score(BEGUN.prompt, [" abc"])


def test_a_server_error_is_tried_again_and_a_refusal_is_not():
    def act(body, n):
        if n == 1:
            return 503, {}, {"error": "busy"}
        text = body["prompt"]
        found = {"text_offset": [0, len(text) - 4], "token_logprobs": [None, -0.25]}
        return 200, {}, {"choices": [{"text": text, "logprobs": found}]}

    with serve(act) as e:
        assert model(e.url).score(BEGUN.prompt, [" abc"]) == [(-0.25,)]
        assert len(e.asked) == 2
    with serve(lambda b, n: (401, {}, {"error": "no"})) as e:
        with pytest.raises(ModelError, match="key"):
            model(e.url).score(BEGUN.prompt, [" abc"])
        assert len(e.asked) == 1
