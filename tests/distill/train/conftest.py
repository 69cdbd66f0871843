"""A tiny teacher, its tokenizer, its answers, and a permit for them."""

import os
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import pytest

from hydrometer.distill.example import Example
from hydrometer.exchange import Message
from hydrometer.terms.permit import Permit, rows_digest

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")

DAY = date(2026, 11, 1)
WRITER = {"model": "example/teacher", "role": "answer", "surface": "weights"}
WORDS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
TEXT = "Question: What is number three? Answer: It is three, a small number. " + " ".join(WORDS)


def make_examples(count=20):
    return [
        Example(
            f"r{i}",
            (Message("user", f"What is number {i}?"),),
            f"It is {WORDS[i % 10]}, a {'small' if i % 10 < 5 else 'large'} number.",
            (WRITER,),
        )
        for i in range(count)
    ]


def make_permit(examples, **other):
    rows = [e.row() for e in examples]
    values = {
        "verdict": "permitted",
        "rows": len(rows),
        "rows_sha256": rows_digest(rows),
        "use_sha256": "0" * 64,
        "catalogue_sha256": "0" * 64,
        "student_name": None,
        "issued_at": "2026-11-01T00:00:00+00:00",
        "expires": "2026-11-20",
        "duties": (),
        "instruments": (),
        "consents": (),
    }
    return Permit(**{**values, **other})


def make_tokenizer(path, text=TEXT, template=None):
    import transformers
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    raw.train_from_iterator(
        [text] * 3,
        trainers.BpeTrainer(
            vocab_size=320, special_tokens=["<pad>", "<eos>", "<end>"], show_progress=False,
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        ),
    )  # fmt: skip
    made = transformers.PreTrainedTokenizerFast(
        tokenizer_object=raw, pad_token="<pad>", eos_token="<eos>",
        additional_special_tokens=["<end>"],
    )  # fmt: skip
    made.chat_template = template
    made.save_pretrained(path)
    return made


def make_model(path, tokenizer, *, seed=0, sharp=1.0):
    import torch
    import transformers

    torch.manual_seed(seed)
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=64, intermediate_size=128, num_hidden_layers=2,
        num_attention_heads=2, max_position_embeddings=128, eos_token_id=1, pad_token_id=0,
        bos_token_id=None, tie_word_embeddings=True,
    )  # fmt: skip
    model = transformers.LlamaForCausalLM(config)
    with torch.no_grad():
        model.model.embed_tokens.weight.mul_(sharp)  # a teacher with opinions
    model.save_pretrained(path)
    tokenizer.save_pretrained(path)
    return model


@pytest.fixture(autouse=True)
def one_thread():
    """Tiny models are quickest on one, and sums have one order."""
    if find_spec("torch") is None:
        yield
        return
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def examples():
    return make_examples()


@pytest.fixture(scope="session")
def permit(examples):
    return make_permit(examples)


@pytest.fixture(scope="session")
def teacher(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("teacher")
    make_model(path, make_tokenizer(path), seed=1, sharp=8.0)
    return path


@pytest.fixture(scope="session")
def other_tokenizer(tmp_path_factory) -> Path:
    """As many tokens as the teacher's, some of them others."""
    path = tmp_path_factory.mktemp("other")
    made = make_tokenizer(
        path, "Quite another text about ships, harbours and the stormy sea. " + TEXT
    )
    assert len(made) == 320
    return path


@pytest.fixture
def teach(examples, permit, teacher, tmp_path):
    """Train a tiny student; every argument can be another one."""
    from hydrometer.distill.train.config import TrainConfig, parse_base
    from hydrometer.distill.train.run import train

    def run(out="out", *, base=None, given=examples, permit=permit, teacher=None, at=DAY,
            seed=0, progress=None, **config):  # fmt: skip
        settings = {"steps": 4, "batch_size": 4, "max_length": 64, "learning_rate": 1e-3,
                    "warmup": 0.0, "save_steps": 0} | config  # fmt: skip
        return train(
            given, permit=permit, base=base or parse_base(f"new:{home}@layers=2,width=64,heads=2"),
            config=TrainConfig(**settings), out=tmp_path / out, at=at, seed=seed,
            teacher=teacher, progress=progress,
        )  # fmt: skip

    home = teacher
    return run
