"""Distilling from a cache: cross-entropy and a divergence from the teacher's likeliest tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.nn import functional
from trl import SFTTrainer

from hydrometer.distill.train.cache import LogitCache
from hydrometer.distill.train.config import TrainConfig
from hydrometer.distill.train.losses import bucketed_divergence
from hydrometer.distill.train.tokens import Row
from hydrometer.distill.train.trainer import House, answers
from hydrometer.distill.train.vocabulary import WAY_OUT, vocabulary_digest
from hydrometer.errors import InputError

__all__ = ["CachedTrainer", "require_fitting"]

TEACHER = ("teacher_ids", "teacher_logprobs", "teacher_tail")


def require_fitting(cache: LogitCache, tokenizer: Any, config: TrainConfig) -> None:
    """Raise unless a cache was made for this vocabulary and temperature.

    Raises
    ------
    InputError
        Which says what differs.
    """
    if cache.header.vocabulary_sha256 != vocabulary_digest(tokenizer):
        raise InputError(
            "student and cached teacher do not share a vocabulary",
            got=f"{len(tokenizer)} tokens, not the {cache.header.vocabulary} of the cache",
            wanted="the same map from token to id",
            next_step=WAY_OUT,
        )
    if cache.header.temperature != config.temperature:
        raise InputError(
            "the cache was made at another temperature",
            got=f"{config.temperature:g}",
            wanted=f"{cache.header.temperature:g}",
            next_step="set the temperature to the cache's, or capture again",
        )


class CachedTrainer(House, SFTTrainer):  # type: ignore[misc]
    """TRL's supervised fine-tuning with a second term of the loss.

    Parameters
    ----------
    cache : LogitCache
        The teacher.
    rows : sequence of Row
        The examples, by the numbers that the data's column ``row`` holds.
    config : TrainConfig
        Its ``mixture``, ``temperature`` and ``alpha`` are used.
    **kwargs
        Of `trl.SFTTrainer`.
    """

    def __init__(
        self, *, cache: LogitCache, rows: Sequence[Row], config: TrainConfig, **kwargs: Any
    ) -> None:
        self._cache, self._rows, self._config = cache, rows, config
        super().__init__(**kwargs)
        self._collate: Any = self.data_collator  # type: ignore[has-type]
        self.data_collator = self._with_teacher

    def _with_teacher(self, features: list[dict[str, Any]]) -> dict[str, Any]:
        batch: dict[str, Any] = self._collate(features)
        found = [self._cache.find(self._rows[f["row"]]) for f in features]
        kinds = (np.int64, np.float32, np.float32)
        for name, part, kind in zip(TEACHER, range(3), kinds, strict=True):
            whole = np.concatenate([f[part] for f in found]).astype(kind)
            batch[name] = torch.from_numpy(whole)
        return batch

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Any = None,
    ) -> Any:
        """Return the weighted sum of both terms, and keep each for the curve."""
        ids, logprobs, tail = (inputs.pop(name) for name in TEACHER)
        logits, targets = answers(model, inputs)
        c, share = self._config, self.share(len(targets), num_items_in_batch)
        entropy = functional.cross_entropy(logits.float(), targets, reduction="sum") * share
        apart = bucketed_divergence(
            logits, ids, logprobs, tail, mixture=c.mixture, temperature=c.temperature
        )
        apart = apart.sum() * share
        self.note(cross_entropy=entropy, distillation=apart)
        loss = c.alpha * entropy + (1 - c.alpha) * apart
        return (loss, None) if return_outputs else loss
