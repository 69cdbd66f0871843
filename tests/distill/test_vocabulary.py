import pytest

from hydrometer.distill.example import Example
from hydrometer.distill.vocabulary import END, PAD, learn_vocabulary
from hydrometer.errors import InputError
from hydrometer.exchange import Message

pytest.importorskip("tokenizers", reason="needs the extra `train`")
pytestmark = pytest.mark.torch

WRITER = {"model": "m", "role": "answer"}
TEXTS = ["the moon is far away", "the moon is bright tonight", "the far side of the moon"]


def examples():
    return [
        Example(str(i), (Message("user", t),), t[::-1], (WRITER,)) for i, t in enumerate(TEXTS)
    ]


def test_learned_and_the_same_again(tmp_path):
    a = learn_vocabulary(examples(), 300, tmp_path / "a")
    b = learn_vocabulary(examples(), 300, tmp_path / "b")
    assert (a / "tokenizer.json").read_bytes() == (b / "tokenizer.json").read_bytes()
    before = (a / "tokenizer.json").stat().st_mtime_ns
    assert learn_vocabulary([], 400, a) == a
    assert (a / "tokenizer.json").stat().st_mtime_ns == before


def test_transformers_reads_it_and_no_text_is_unknown(tmp_path):
    transformers = pytest.importorskip("transformers")
    t = transformers.AutoTokenizer.from_pretrained(learn_vocabulary(examples(), 300, tmp_path))
    assert 260 <= len(t) <= 300
    assert (t.pad_token, t.eos_token) == (PAD, END)
    text = "Ünïcode \u6bd4\u91cd\u8ba1 and  the moon\n"
    assert t.decode(t(text)["input_ids"]) == text
    assert len(t("the moon")["input_ids"]) < len("the moon")


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write"):
        learn_vocabulary(examples(), 300, tmp_path / "file" / "x")
