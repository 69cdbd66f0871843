"""The student before training: weights read, dequantised or drawn, with their tokenizer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import safetensors
import torch
import transformers
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from hydrometer.distill.train.config import Base
from hydrometer.errors import InputError

__all__ = ["open_base", "open_tokenizer", "open_weights"]

FAILURES = (OSError, ValueError, KeyError, RuntimeError, ImportError, TypeError, AttributeError,
            safetensors.SafetensorError)  # fmt: skip


def _where(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise InputError(f"no model at {path}", wanted="a folder of weights, or a .gguf file")
    transformers.utils.logging.disable_progress_bar()
    if path.suffix == ".gguf":
        return {"pretrained_model_name_or_path": str(path.parent), "gguf_file": path.name,
                "local_files_only": True}  # fmt: skip
    return {"pretrained_model_name_or_path": str(path), "local_files_only": True}


def open_tokenizer(path: str | Path) -> Any:
    """Return a tokenizer; what pads is the end token where it has no other.

    Raises
    ------
    InputError
        If there is none, or it has no token that ends an answer.
    """
    where = _where(Path(path))
    try:
        tokenizer = AutoTokenizer.from_pretrained(**where)
    except FAILURES as err:
        raise InputError(f"cannot load the tokenizer of {path}", got=str(err)[:200]) from err
    if tokenizer.eos_token_id is None:
        raise InputError(f"the tokenizer of {path} has no end token", wanted="an eos_token")
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def open_weights(path: str | Path) -> Any:
    """Return a causal language model in float32 that can be saved.

    The model of a GGUF file is copied into a fresh one: the first cannot be
    saved, since transformers takes it for quantised.

    Raises
    ------
    InputError
        If it cannot be loaded.
    """
    path = Path(path)
    where = _where(path)
    try:
        model = AutoModelForCausalLM.from_pretrained(**where, dtype=torch.float32)
        if path.suffix != ".gguf":
            return model
        config = AutoConfig.from_pretrained(**where)
        if hasattr(config, "quantization_config"):
            del config.quantization_config
        fresh = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
        fresh.load_state_dict(model.state_dict())
        fresh.generation_config = model.generation_config
        fresh.tie_weights()
    except FAILURES as err:
        raise InputError(f"cannot load {path}", got=str(err)[:200]) from err
    return fresh


def open_base(base: Base, *, max_length: int, seed: int) -> tuple[Any, Any]:
    """Return the student and its tokenizer.

    Parameters
    ----------
    base : Base
        Which one.
    max_length : int
        Most tokens that it will be trained on.
    seed : int
        Draws the weights of a new one.

    Raises
    ------
    InputError
        If it cannot be loaded, or its context is shorter than ``max_length``.
    """
    tokenizer = open_tokenizer(base.path)
    if base.kind == "new":
        torch.manual_seed(seed)
        config = transformers.LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=base.width,
            intermediate_size=-(-8 * base.width // 48) * 16,
            num_hidden_layers=base.layers,
            num_attention_heads=base.heads,
            num_key_value_heads=base.heads,
            max_position_embeddings=base.context or max_length,
            tie_word_embeddings=True,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
        model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    else:
        model = open_weights(base.path)
    room = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    if room is not None and max_length > room:
        raise InputError(
            "the student's context is too short",
            got=f"{room} tokens",
            wanted=f"max_length {max_length}",
            next_step="lower max_length, or give a new base a longer context",
        )
    return model, tokenizer
