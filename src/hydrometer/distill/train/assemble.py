"""From the settings to the trainer that follows them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import datasets
import numpy as np
import peft
import torch
from trl import DistillationConfig, SFTConfig

from hydrometer.distill.train.base import open_tokenizer, open_weights
from hydrometer.distill.train.cache import LogitCache, is_cache
from hydrometer.distill.train.cached import CachedTrainer, require_fitting
from hydrometer.distill.train.capture import capture_rows
from hydrometer.distill.train.config import TrainConfig
from hydrometer.distill.train.online import OnlineTrainer
from hydrometer.distill.train.order import order, updates
from hydrometer.distill.train.tokens import Encoded
from hydrometer.distill.train.trainer import SequenceTrainer
from hydrometer.distill.train.trl116 import require_pinned
from hydrometer.distill.train.vocabulary import require_same_vocabulary
from hydrometer.errors import InputError

__all__ = ["assemble", "require_teacher"]

LOGITS = "logits"
"""Folder of a cache that the training itself makes."""


def assemble(
    student: Any,
    tokenizer: Any,
    encoded: Encoded,
    config: TrainConfig,
    out: Path,
    seed: int,
    teacher: Path | None,
    state: Any,
) -> Any:
    """Return a trainer of TRL, ready to train.

    Parameters
    ----------
    student, tokenizer
        As `open_base` gave them.
    encoded : Encoded
        The training set.
    config : TrainConfig
        Chooses the trainer.
    out : Path
        Where it writes.
    seed : int
        Orders the examples, and draws all else.
    teacher : Path or None
        Weights, or a cache of logits.
    state : PartialState
        Of accelerate.

    Raises
    ------
    InputError
        If the teacher does not fit the student.
    """
    whole = config.batch_size * config.accumulate * state.num_processes
    steps = updates(config, len(encoded.rows), state.num_processes)
    places = order(len(encoded.rows), steps * whole, seed=seed)
    settings = _settings(config, out, seed, steps)
    if teacher is None or config.method == "sequence":
        return SequenceTrainer(
            args=_sft(settings), train_dataset=_data(encoded, places), model=student,
            processing_class=tokenizer, peft_config=_lora(config),
        )  # fmt: skip
    require_pinned()
    if config.method == "logit" and (is_cache(teacher) or config.top_k):
        folder = teacher
        if not is_cache(teacher):
            folder = out / LOGITS
            capture_rows(
                encoded.rows, tokenizer, teacher=teacher, folder=folder, k=config.top_k,
                temperature=config.temperature, batch_size=config.batch_size, state=state,
            )  # fmt: skip
        cache = LogitCache(folder)
        require_fitting(cache, tokenizer, config)
        for row in encoded.rows:
            cache.find(row)
        return CachedTrainer(
            cache=cache, rows=encoded.rows, config=config, args=_sft(settings),
            train_dataset=_data(encoded, places), model=student, processing_class=tokenizer,
            peft_config=_lora(config),
        )  # fmt: skip
    return _online(student, tokenizer, encoded, config, teacher, settings, places, whole)


def require_teacher(config: TrainConfig, teacher: Path | None) -> None:
    """Raise where a method needs a teacher, and there is none or one of the wrong kind.

    Raises
    ------
    InputError
        Which says what is wanted.
    """
    if config.method == "sequence":
        return
    if teacher is None:
        raise InputError(
            f"method {config.method} needs a teacher that can be asked for its distribution",
            wanted="a folder of weights" + (" or of logits" if config.method == "logit" else ""),
            next_step="give its weights, or use method sequence",
        )
    if config.method == "on-policy" and is_cache(teacher):
        raise InputError(
            "a cache cannot judge what the student will answer",
            got=str(teacher),
            wanted="the teacher's weights, for method on-policy",
        )


def _online(
    student: Any,
    tokenizer: Any,
    encoded: Encoded,
    config: TrainConfig,
    teacher: Path,
    settings: dict[str, Any],
    places: list[int],
    whole: int,
) -> Any:
    require_same_vocabulary(tokenizer, open_tokenizer(teacher))
    judge = open_weights(teacher)
    sizes = [m.config.get_text_config().vocab_size for m in (student, judge)]
    if sizes[0] != sizes[1]:
        raise InputError(
            "student and teacher pad their common vocabulary to other sizes",
            got=f"{sizes[0]} and {sizes[1]}",
            next_step="set top_k: a cache of logits compares the tokens that both have",
        )
    share = config.on_policy_share if config.method == "on-policy" else 0.0
    rng = np.random.default_rng([settings["seed"], 1])
    own = rng.random(len(places) // whole) < share
    blocks = [places[i : i + whole] for i in range(0, len(places), whole)]
    prompts = [
        {"row": row, "own": bool(own[u])}
        for u, block in enumerate(blocks)
        for _ in range(config.accumulate)  # TRL reads a batch once for each part of an update
        for row in block
    ]
    tokenizer.padding_side = "left"
    return OnlineTrainer(
        rows=encoded.rows,
        config=config,
        model=student,
        teacher_model=judge,
        args=DistillationConfig(
            **{**settings, "include_num_input_tokens_seen": "no"},  # the trainer counts itself
            beta=config.mixture,
            temperature=config.temperature,
            max_completion_length=config.max_new_tokens,
            shuffle_dataset=False,
        ),
        train_dataset=datasets.Dataset.from_dict({"prompt": prompts}),
        processing_class=tokenizer,
        peft_config=_lora(config),
    )


def _data(encoded: Encoded, places: list[int]) -> datasets.Dataset:
    return datasets.Dataset.from_dict(
        {
            "input_ids": [list(r.ids) for r in encoded.rows],
            "labels": [r.labels for r in encoded.rows],
            "row": list(range(len(encoded.rows))),
        }
    ).select(places)


def _sft(settings: dict[str, Any]) -> SFTConfig:
    return SFTConfig(**settings, max_length=None, dataset_kwargs={"skip_prepare_dataset": True})


def _settings(config: TrainConfig, out: Path, seed: int, steps: int) -> dict[str, Any]:
    every = -(-config.save_steps // config.log_steps) * config.log_steps
    schedule = config.schedule
    return {
        "output_dir": str(out / "checkpoints"),
        "max_steps": steps,
        "per_device_train_batch_size": config.batch_size,
        "gradient_accumulation_steps": config.accumulate,
        "learning_rate": config.learning_rate,
        "lr_scheduler_type": "constant_with_warmup" if schedule == "constant" else schedule,
        "warmup_steps": int(config.warmup * steps),
        "weight_decay": config.weight_decay,
        "max_grad_norm": config.max_grad_norm,
        "bf16": config.dtype == "bfloat16",
        "use_cpu": not torch.accelerator.is_available(),
        "activation_checkpointing": config.checkpoint_gradients,
        "save_strategy": "steps" if every else "no",
        "save_steps": every or 1,
        "logging_steps": config.log_steps,
        "logging_nan_inf_filter": False,
        "train_sampling_strategy": "sequential",
        "include_num_input_tokens_seen": "non_padding",
        "remove_unused_columns": False,
        "dataloader_pin_memory": torch.accelerator.is_available(),
        "ddp_find_unused_parameters": False,
        "disable_tqdm": True,
        "report_to": "none",
        "seed": seed,
        "data_seed": seed,
    }


def _lora(config: TrainConfig) -> Any:
    if not config.lora:
        return None
    return peft.LoraConfig(
        r=config.lora,
        lora_alpha=config.lora_alpha or 2 * config.lora,
        target_modules=list(config.lora_targets) or "all-linear",
        task_type="CAUSAL_LM",
    )
