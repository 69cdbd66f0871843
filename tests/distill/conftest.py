"""Recipes to test with."""

import importlib.util
import json
import sys
import time
from pathlib import Path

import pytest

if "hydrometer_endpoint" not in sys.modules:
    _spec = importlib.util.spec_from_file_location(
        "hydrometer_endpoint", Path(__file__).parents[1] / "models" / "endpoint.py"
    )
    _module = importlib.util.module_from_spec(_spec)
    sys.modules["hydrometer_endpoint"] = _module
    _spec.loader.exec_module(_module)

USE = """\
purpose = "train-model"
competing = "no"
territory = ["DE"]
domicile = "DE"
distribution = "weights"
student_name = "tiny"
used_at = "2026-08-25"
declared_by = "A. Tester"
"""

RECIPE = """\
[student]
name = "tiny"
new = {{layers = 2, width = 16, heads = 2, context = 128, vocabulary = 300}}

[teacher]
spec = "recorded:teacher-a@answers.jsonl"
model = "acme/large"
surface = "api"
provider = "{provider}"
generated_at = "2026-08-20"

[prompts]
file = "prompts.jsonl"
held_out = 0.2
{prompts}

[answers]
max_tokens = 40
{answers}

[use]
file = "use.toml"
catalogue = ["texts"]
{more}
"""

TEXT = """\
key = "{provider}-terms"
version = 2025-01-01
provider = "{provider}"
title = "Terms of {provider}"
surface = ["api"]
status = "in-force"
effective_from = 2025-01-01
evidence = "primary"
seen = {seen}
read_on = 2026-08-23
[source]
archive = "made for a test"
sha256 = "{sha}"
[[clause]]
ref = "2"
reading = "{reading}"
quote = "words of the text"
sha256 = "{sha}"
"""
DUTIES = """\
[[duty]]
kind = "notice"
text = "Portions come from Dutiful"
clause = "3"
quote = "a notice"
when = ["weights"]
[[duty]]
kind = "name-prefix"
text = "tiny"
clause = "4"
quote = "a name"
when = ["weights"]
[[duty]]
kind = "pass-through"
text = "the restrictions of 5"
clause = "5"
quote = "pass on"
when = ["weights"]
"""


def lay_texts(folder, seen):
    folder.mkdir(exist_ok=True)
    for provider, reading, more in (
        ("acme", "permits", ""),
        ("dutiful", "permits-with-duties", DUTIES),
        ("barred", "bars-any", ""),
    ):
        text = TEXT.format(provider=provider, reading=reading, sha="a" * 64, seen=seen) + more
        (folder / f"{provider}-terms@2025-01-01.toml").write_text(text)


THINGS = [
    "a hydrometer",
    "the moon",
    "rye bread",
    "glaciers",
    "an opera",
    "chess",
    "the liver",
    "copper",
    "bees",
    "tax",
]
ASKS = (
    "What is {}?",
    "Explain to a child how {} came about.",
    "Name three facts about {}, with sources.",
    "Write two rhyming lines in praise of {}.",
)


def prompt_texts(n=40):
    return [ASKS[i % 4].format(THINGS[(i // 4) % 10]) + " " * (i // 40) for i in range(n)]


def answer_text(i):
    words = [
        "amber",
        "brook",
        "cedar",
        "dune",
        "ember",
        "frost",
        "grove",
        "heath",
        "inlet",
        "jade",
        "kelp",
        "larch",
    ]
    return " ".join(words[(i * 7 + k * (i % 5 + 1)) % 12] + str(i * k % 17) for k in range(12))


@pytest.fixture
def kitchen(tmp_path):
    """A folder with a recipe, its prompts, its use and the answers of its teacher."""

    def lay(
        *, prompts="", answers="", more="", answer=answer_text, texts=None, use=USE,
        provider="acme", live=False,
    ):  # fmt: skip
        today = time.strftime("%Y-%m-%d", time.gmtime())
        lay_texts(tmp_path / "texts", today if live else "2026-08-22")
        if live:
            use = use.replace('used_at = "2026-08-25"\n', "")
        texts = prompt_texts() if texts is None else texts
        with open(tmp_path / "prompts.jsonl", "w", encoding="utf-8") as file:
            for i, t in enumerate(texts):
                file.write(json.dumps({"id": f"p{i}", "prompt": t}) + "\n")
        with open(tmp_path / "answers.jsonl", "w", encoding="utf-8") as file:
            for i, t in enumerate(texts):
                row = {"model": "teacher-a", "prompt": t, "response": answer(i)}
                file.write(json.dumps(row) + "\n")
        (tmp_path / "use.toml").write_text(use, encoding="utf-8")
        path = tmp_path / "recipe.toml"
        path.write_text(
            RECIPE.format(prompts=prompts, answers=answers, more=more, provider=provider)
        )
        return path

    return lay


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """A real causal language model of a few thousand random weights, in a folder."""
    torch = pytest.importorskip("torch", reason="needs the extra `models`")
    transformers = pytest.importorskip("transformers", reason="needs the extra `models`")

    from hydrometer.distill.example import Example
    from hydrometer.distill.vocabulary import learn_vocabulary
    from hydrometer.exchange import Message

    path = tmp_path_factory.mktemp("tiny")
    writer = {"model": "m", "role": "answer"}
    texts = [Example("a", (Message("user", "one two"),), "three four", (writer,))]
    learn_vocabulary(texts, 300, path)
    tokenizer = transformers.AutoTokenizer.from_pretrained(path)
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=2, max_position_embeddings=256, eos_token_id=1, pad_token_id=0,
        bos_token_id=None,
    )  # fmt: skip
    transformers.LlamaForCausalLM(config).save_pretrained(path)
    return path
