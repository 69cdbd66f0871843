from datetime import UTC, datetime

import pytest

from hydrometer.errors import InputError
from hydrometer.exchange import Message, Sampling
from hydrometer.models.model import Query, ScoringModel

torch = pytest.importorskip("torch", reason="needs the extra `models`")
transformers = pytest.importorskip("transformers", reason="needs the extra `models`")
pytestmark = pytest.mark.torch

WHEN = datetime(2026, 1, 1, tzinfo=UTC)
TEMPLATE = (
    "{% for m in messages %}<{{ m.role }}>{{ m.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    path = tmp_path_factory.mktemp("tiny")
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocab = {c: i for i, c in enumerate(["<pad>", "<eos>", *letters])}
    raw = Tokenizer(models.BPE(vocab=vocab, merges=[]))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=raw, pad_token="<pad>", eos_token="<eos>"
    )
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(path)
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=len(vocab), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=2, max_position_embeddings=256, eos_token_id=1, pad_token_id=0,
        bos_token_id=None,
    )  # fmt: skip
    transformers.LlamaForCausalLM(config).save_pretrained(path)
    return path


def load(folder, **more):
    from hydrometer.models.transformers import TransformersModel

    return TransformersModel(folder, clock=lambda: WHEN, seed=0, **more)


def queries(**sampling):
    texts = ["a", "a longer question", "middle"]
    return [Query((Message("user", t),), Sampling(max_tokens=6, **sampling)) for t in texts]


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_an_answer_does_not_depend_on_its_batch(folder, temperature):
    qs = queries(temperature=temperature)
    together = load(folder, batch_size=3).answer(qs)
    alone = load(folder, batch_size=1).answer(qs)
    assert [e.response for e in together] == [e.response for e in alone]
    assert {e.status for e in together} <= {"ok", "truncated"}
    assert together[0].tokens_out <= 6


def test_draws_differ_and_repeat(folder):
    prompt = (Message("user", "a"),)
    qs = [Query(prompt, Sampling(temperature=1.0, max_tokens=6), d) for d in range(4)]
    m = load(folder)
    first = [e.response for e in m.answer(qs)]
    assert len(set(first)) == 4
    assert [e.response for e in m.answer(qs[2:])] == first[2:]


def test_scores_are_the_logprobs_of_the_answer_and_ignore_padding(folder):
    m = load(folder)
    assert isinstance(m, ScoringModel)
    prompt = (Message("user", "hello"),)
    one, two = m.score(prompt, ["abc", "a much longer one"])
    assert (len(one), len(two)) == (3, 17)
    assert m.score(prompt, ["abc"])[0] == pytest.approx(one, abs=1e-4)
    ids = m._tokenizer(m.render(prompt) + "abc", return_tensors="pt")["input_ids"]
    logits = torch.log_softmax(m._model(ids).logits[0, :-1], -1)
    want = logits.gather(1, ids[0, 1:, None])[-3:, 0].tolist()
    assert one == pytest.approx(want, abs=1e-4)


def test_prefill_continues_and_plain_has_no_template(folder):
    begun = (Message("user", "q"), Message("assistant", "It"))
    assert load(folder).render(begun) == "<user>q\n<assistant>It"
    plain = load(folder, plain=True, shots=[("1+1?", "2")])
    assert plain.render(begun) == "Question: 1+1?\nAnswer: 2\nQuestion: q\nAnswer: It"


def test_logprobs_match_the_tokens(folder):
    (got, *_) = load(folder, logprobs=True).answer(queries(temperature=0.0))
    assert len(got.logprobs) == got.tokens_out
    assert all(x <= 0 for x in got.logprobs)


def test_no_folder(tmp_path):
    with pytest.raises(InputError, match="no model"):
        load(tmp_path / "none")
