"""What is read of messages."""

import pytest

from hydrometer.watch.sources.prompt import NOTHING, Prompt, prompt_of


def test_all_of_system_the_last_of_user_and_the_number_of_turns():
    found = prompt_of(
        [
            {"role": "system", "content": "a"},
            {"role": "developer", "content": "b"},
            {"role": "user", "content": "one"},
            {"role": "assistant", "content": "x"},
            {"role": "tool", "content": "x"},
            {"role": "user", "parts": [{"type": "text", "content": "two"}]},
        ]
    )
    assert found == Prompt("a\nb", "two", 2)


@pytest.mark.parametrize(
    "value",
    [
        *(None, [], {}, "", 3, {"messages": []}, [1, None], "redacted-by-litellm", "__REDACTED__"),
        {"messages": [{"role": "user", "content": "redacted-by-litellm"}]},
    ],
)
def test_no_text_is_not_recorded(value):
    assert prompt_of(value)[:2] == (None, None)


def test_other_shapes():
    assert prompt_of('{"messages": [{"role": "user", "content": "u"}]}') == Prompt(None, "u", 1)
    assert prompt_of("[a bracket") == Prompt(None, "[a bracket", 1)
    assert prompt_of({"system": "s", "messages": [{"role": "user", "content": "u"}]}).system == "s"
    assert prompt_of(["one", "two"]) == Prompt(None, "two", 2)
    assert prompt_of({"input": "u", "instructions": "s"}) == Prompt("s", "u", 1)
    assert prompt_of("[" * 100_000).user is not None
    assert prompt_of([{"role": "user", "content": ""}]) == Prompt(None, None, 1)
    assert prompt_of([{"role": "user", "content": {"a": 1}}]).user is None
    assert NOTHING.turns is None
