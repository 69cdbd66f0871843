import pytest

from hydrometer.distill.topic import check_topics, measure_topics
from hydrometer.errors import InputError, Refused
from hydrometer.models.prompts import read_prompts

NOUNS = ["cat", "tax", "moon", "rye", "opera", "liver", "chess", "tin", "glacier", "bee", "loom"]


def test_the_built_in_prompts_are_about_many_things():
    texts = [p.messages[-1].content for p in read_prompts("builtin").prompts]
    found = measure_topics(texts, seed=0)
    assert found.one is None
    assert found.similarity < 0.02


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        ([f"What is {n}?" for n in NOUNS], "worded 'what is _'"),
        ([f"How does a hydrometer measure {n}?" for n in NOUNS], "share"),
        ([f"{n} and whatever {m} hydrometer odd" for n, m in zip(NOUNS, NOUNS[1:] * 2)],  # noqa: B905
         "have the word"),
    ],
)  # fmt: skip
def test_one_topic_is_refused_with_a_way_out(texts, says):
    assert says in (measure_topics(texts, seed=0).one or "") or says == "have the word"
    with pytest.raises(Refused) as caught:
        check_topics(texts, one_topic=False, seed=0)
    assert "one_topic = true" in str(caught.value)
    _, warnings = check_topics(texts, one_topic=True, seed=0)
    assert warnings
    assert "as the recipe says" in warnings[0]


def test_no_prompt_is_an_error_and_few_are_a_warning():
    with pytest.raises(InputError, match="no prompt"):
        check_topics([], one_topic=False, seed=0)
    _, warnings = check_topics(["a", "a"], one_topic=False, seed=0)
    assert "only 2 prompts" in warnings[0]


def test_many_prompts_are_sampled_the_same_way_each_time():
    texts = [f"{a} {b} {i}" for i, a in enumerate(NOUNS * 20) for b in NOUNS[:2]]
    assert measure_topics(texts, seed=3) == measure_topics(texts, seed=3)


@pytest.mark.parametrize("texts", [["", " ", "?"] * 4, ["\u6bd4\u91cd\u8ba1"] * 9, ["a"]])
def test_odd_texts_do_no_harm(texts):
    found = measure_topics(texts, seed=0)
    assert found.prompts == len(texts)
    assert 0 <= found.similarity <= 1
