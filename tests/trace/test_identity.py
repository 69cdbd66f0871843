"""What a model calls itself: a claim counts, a mention does not."""

import pytest

from hydrometer.trace.identity import identity_view, named_vendors


@pytest.mark.parametrize(
    ("text", "vendors"),
    [
        ("I am ChatGPT.", {"OpenAI": 1}),
        ("I'm Claude, made by Anthropic", {"Anthropic": 1}),
        ("As an AI language model developed by OpenAI, I cannot", {"OpenAI": 1}),
        ("My name is Qwen, not GPT-4", {"Alibaba": 1, "OpenAI": 1}),
        ("I was trained by Mistral AI", {"Mistral": 1}),
        ("ChatGPT is popular. I am tired.", {}),
        ("I am fond of many long things, among them nearly all of the books on ChatGPT", {}),
        ("", {}),
    ],
)
def test_claims(text, vendors):
    assert named_vendors([text]) == vendors


def test_each_answer_counts_once_and_the_commonest_stands_first():
    said = ["I am Claude. I am Claude.", "I am ChatGPT", "I'm GPT-4"]
    assert list(named_vendors(said).items()) == [("OpenAI", 2), ("Anthropic", 1)]


def test_the_view_is_weak_and_no_test():
    view = identity_view(iter(["I am Gemini", "Paris"]))
    assert (view.weak, view.pvalue, view.n) == (True, None, 2)
    assert view.note.startswith("Google in 1 of 2 answers")
    assert "no vendor named" in identity_view([]).note
