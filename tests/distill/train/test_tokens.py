from datetime import UTC, datetime

import pytest

from hydrometer.distill.example import Example
from hydrometer.errors import InputError
from hydrometer.exchange import Message

pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("trl", reason="needs the extra `train`")
pytestmark = pytest.mark.torch

WRITER = {"model": "example/teacher", "role": "answer", "surface": "weights"}
TEMPLATE = (
    "{% for m in messages %}{% if m.role == 'assistant' %}{% generation %}<a>{{ m.content }}<end>"
    "{% endgeneration %}{% else %}<{{ m.role }}>{{ m.content }}{% endif %}\n{% endfor %}"
    "{% if add_generation_prompt %}<a>{% endif %}"
)
ASKED = (Message("user", "What is number three?"),)


def example(response, prompt=ASKED, id="r", **more):
    return Example(id, prompt, response, (WRITER,), **more)


@pytest.fixture(scope="module")
def plain(teacher):
    from hydrometer.distill.train.base import open_tokenizer

    return open_tokenizer(teacher)


@pytest.fixture(scope="module")
def chat(teacher):
    from hydrometer.distill.train.base import open_tokenizer

    found = open_tokenizer(teacher)
    found.chat_template = TEMPLATE
    return found


def row(tokenizer, given, **more):
    from hydrometer.distill.train.tokens import encode

    (found,) = encode([given], tokenizer, max_length=200, **more).rows
    return found


def test_the_loss_is_on_the_answer_alone(plain):
    found = row(plain, example("It is three."))
    assert plain.decode(found.ids[: found.start]) == "Question: What is number three?\nAnswer:"
    assert plain.decode(found.ids[found.start :]) == " It is three.<eos>"
    assert found.labels[: found.start] == [-100] * found.start
    assert found.labels[found.start :] == list(found.ids[found.start :])


def test_a_template_ends_the_answer_with_its_own_token(chat):
    found = row(chat, example("It is three."))
    assert chat.decode(found.ids[: found.start]) == "<user>What is number three?<a>"
    assert chat.decode(found.ids[found.start :]) == "It is three.<end>"


def test_a_text_that_was_begun_is_continued(plain, chat):
    begun = (*ASKED, Message("assistant", "It is"))
    for tokenizer, before in ((plain, "Answer: It is"), (chat, "<a>It is")):
        found = row(tokenizer, example(" three.", begun))
        assert tokenizer.decode(found.ids[: found.start]).endswith(before)
        assert tokenizer.decode(found.ids[found.start :]) == " three.<eos>"


def test_a_token_of_both_is_the_answers(plain):
    begun = (*ASKED, Message("assistant", "It is thr"))
    found = row(plain, example("ee.", begun))
    assert plain.decode(found.ids).endswith("It is three.<eos>")
    assert plain.decode(found.ids[found.start :]).endswith("three.<eos>")


def test_an_answer_that_the_limit_cut_does_not_teach_to_stop(plain):
    cut = example("It is", tokens_out=2, sampling={"max_tokens": 2})
    assert plain.decode(row(plain, cut).ids).endswith(" It is")
    whole = example("It is", tokens_out=2, sampling={"max_tokens": 9})
    assert plain.decode(row(plain, whole).ids).endswith(" It is<eos>")


@pytest.mark.parametrize("kind", ["plain", "chat"])
def test_it_is_what_the_model_will_be_asked(request, teacher, kind, tmp_path):
    import shutil

    from hydrometer.distill.train.tokens import prompt_text
    from hydrometer.models.transformers import TransformersModel

    tokenizer = request.getfixturevalue(kind)
    shutil.copytree(teacher, tmp_path / "model")
    tokenizer.save_pretrained(tmp_path / "model")
    model = TransformersModel(
        tmp_path / "model", clock=lambda: datetime(2026, 1, 1, tzinfo=UTC), seed=0
    )
    for prompt in (ASKED, (Message("system", "Be brief."), *ASKED),
                   (*ASKED, Message("assistant", "It"))):  # fmt: skip
        assert prompt_text(tokenizer, prompt) == model.render(prompt)
        said = " is so." if prompt[-1].role == "assistant" else "It is so."
        found = row(tokenizer, example(said, prompt))
        assert len(model.score(prompt, [said])[0]) == len(found.ids) - found.start - 1


def test_long_examples_are_set_aside_and_counted_or_refused(plain):
    from hydrometer.distill.train.tokens import encode

    given = [example("It is three."), example("so " * 300, id="long"), example("Yes.", id="r2")]
    found = encode(given, plain, max_length=60)
    assert [r.id for r in found.rows] == ["r", "r2"]
    assert found.set_aside == ("long",)
    with pytest.raises(InputError, match="1 of 3 examples are longer") as caught:
        encode(given, plain, max_length=60, too_long="refuse")
    assert "example long" in caught.value.got
    with pytest.raises(InputError, match="1 of 1"):
        encode(given[1:2], plain, max_length=60)


def test_nothing_to_train_on(plain):
    from hydrometer.distill.train.tokens import encode

    with pytest.raises(InputError, match="no example"):
        encode([], plain, max_length=60)
    empty = example("", prompt=(*ASKED, Message("assistant", "It")), tokens_out=0,
                    sampling={"max_tokens": 0})  # fmt: skip
    with pytest.raises(InputError, match="no example has an answer"):
        encode([empty], plain, max_length=60)
