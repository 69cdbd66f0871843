"""The vocabulary of a student that starts from nothing, learned from its examples."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from hydrometer.distill.example import Example
from hydrometer.errors import InputError, MissingExtra

__all__ = ["END", "PAD", "learn_vocabulary"]

PAD, END = "<pad>", "<end>"


def learn_vocabulary(examples: Iterable[Example], size: int, folder: Path) -> Path:
    """Write a byte-level BPE tokenizer that was learned from prompts and answers.

    Byte-level, so that no text is unknown to it. The same examples give the
    same vocabulary, and one that is there already is left as it is.

    Parameters
    ----------
    examples : iterable of Example
        The training set.
    size : int
        Most tokens; small sets give fewer.
    folder : Path
        Where it goes, in the format of transformers.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    MissingExtra
        If ``tokenizers`` is not installed.
    InputError
        If the folder cannot be written.
    """
    done = folder / "tokenizer_config.json"
    if done.exists():
        return folder
    try:
        from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    except ImportError as err:
        raise MissingExtra("a student that starts from nothing", "train") from err
    texts = [t for e in examples for t in (*(m.content for m in e.prompt), e.response)]
    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    raw.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=size,
            special_tokens=[PAD, END],
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        ),
    )
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "pad_token": PAD,
        "eos_token": END,
        "clean_up_tokenization_spaces": False,
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / "tokenizer.json", raw.to_str())
        _write(done, json.dumps(config, sort_keys=True, indent=1) + "\n")
    except OSError as err:
        raise InputError(
            f"cannot write {folder}", got=str(err)[:160], next_step="make room, and run again"
        ) from err
    return folder


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)
