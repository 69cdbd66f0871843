"""One call in OpenTelemetry's words."""

import pytest

from hydrometer.watch.sources.attribution import Attribution
from hydrometer.watch.sources.build import Attributor
from hydrometer.watch.sources.genai import Call, is_call, observation


def observe(attributes, **more):
    call = Call("t", "s", attributes={"user.id": "a", **attributes}, start=10**18, **more)
    who = Attributor(Attribution(), Attribution().otlp, lambda path: lambda row: row.get(path))
    return observation(call, who)


@pytest.mark.parametrize(
    ("attributes", "wanted"),
    [
        ({"gen_ai.operation.name": "chat"}, True),
        ({"gen_ai.operation.name": "embeddings"}, False),
        ({"gen_ai.operation.name": "invoke_agent", "gen_ai.request.model": "m"}, False),
        ({"openinference.span.kind": "LLM"}, True),
        ({"openinference.span.kind": "TOOL"}, False),
        ({"gen_ai.request.model": "m"}, True),
        ({"db.system": "x"}, False),
        ({"gen_ai.operation.name": 3}, False),
    ],
)
def test_what_is_a_call(attributes, wanted):
    assert is_call(Call("t", "s", attributes=attributes)) is wanted


def test_old_names():
    o = observe(
        {
            "gen_ai.response.model": "m-1",
            "gen_ai.usage.prompt_tokens": 3,
            "gen_ai.usage.completion_tokens": "4",
            "gen_ai.prompt.1.role": "user",
            "gen_ai.prompt.1.content": "u",
            "gen_ai.prompt.0.role": "system",
            "gen_ai.prompt.0.content": "s",
            "gen_ai.prompt.99999999999.role": "user",
            "llm.is_streaming": True,
            "error.type": "429",
        }
    )
    assert (o.model, o.tokens_in, o.tokens_out) == ("m-1", 3, 4)
    assert (o.system, o.user, o.turns, o.stream) == ("s", "u", 1, True)
    assert o.status == "throttled"


def test_text_that_is_not_json_and_no_text():
    assert observe({"gen_ai.input.messages": "[broken"}).user == "[broken"
    assert observe({}).user is None
    assert observe({}).tools is None
    assert observe({"llm.invocation_parameters": "[]"}).max_tokens is None
    assert observe({"gen_ai.response.finish_reasons": '["length"]'}).status == "truncated"
