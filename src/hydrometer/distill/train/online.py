"""Distilling from a teacher that is there: its whole distribution, over its text or the student's.

This is TRL's distillation trainer, whose students always answer themselves. Here a share of the
updates uses the teacher's recorded answers instead: none is on-policy distillation, all is
distillation of logits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.utils.data import SequentialSampler
from trl import DistillationTrainer

from hydrometer.distill.train.config import TrainConfig
from hydrometer.distill.train.tokens import Row
from hydrometer.distill.train.trainer import House
from hydrometer.distill.train.trl116 import log_probs

__all__ = ["OnlineTrainer"]


class OnlineTrainer(House, DistillationTrainer):  # type: ignore[misc]
    """TRL's distillation trainer with recorded answers and a cross-entropy on them.

    Parameters
    ----------
    rows : sequence of Row
        The examples. The data's column ``prompt`` holds the number of one
        (``row``) and whether the student answers it (``own``), alike for all
        rows of one update.
    config : TrainConfig
        Its ``alpha`` weighs the cross-entropy, on recorded answers alone.
    **kwargs
        Of `trl.DistillationTrainer`.
    """

    def __init__(self, *, rows: Sequence[Row], config: TrainConfig, **kwargs: Any) -> None:
        self._rows, self._config = rows, config
        self._given: list[dict[str, Any]] = []
        self._hidden: Any = None
        self._own = False
        super().__init__(**kwargs)

    def _get_train_sampler(self, dataset: Any = None) -> Any:
        return SequentialSampler(self.train_dataset if dataset is None else dataset)

    def _tokenize_prompts(self, prompts: list[dict[str, Any]]) -> tuple[Any, None, dict[str, Any]]:
        self._given = prompts
        return (
            [list(self._rows[p["row"]].ids[: self._rows[p["row"]].start]) for p in prompts],
            (None),
            {},
        )

    def _generate_single_turn(self, prompt_ids: Any, *args: Any, **kwargs: Any) -> Any:
        self._own = bool(self._given[0]["own"])
        if self._own:
            return super()._generate_single_turn(prompt_ids, *args, **kwargs)
        rows = [self._rows[p["row"]] for p in self._given]
        return [list(r.ids[r.start :]) for r in rows]

    def _get_last_hidden_state(self, unwrapped_model: Any, *args: Any, **kwargs: Any) -> Any:
        hidden = super()._get_last_hidden_state(unwrapped_model, *args, **kwargs)
        if torch.is_grad_enabled():  # the student's; the teacher's has no gradient
            self._hidden = hidden
        return hidden

    def _compute_loss(self, student: Any, inputs: Any, num_items_in_batch: Any) -> Any:
        apart, entropy, count = super()._compute_loss(student, inputs, num_items_in_batch)
        hidden, self._hidden = self._hidden, None
        self.note(distillation=apart)
        alpha = self._config.alpha
        if self._own or hidden is None:
            return apart, entropy, count
        mask = inputs["completion_mask"].bool()
        head = student.get_output_embeddings()
        found = log_probs(
            hidden[mask].to(head.weight.device),
            head,
            inputs["completion_ids"][mask].to(head.weight.device),
            student.config.get_text_config(),
        )
        items = count if num_items_in_batch is None else num_items_in_batch
        cross = -found.sum() / items
        self.note(cross_entropy=cross)
        return alpha * cross + (1 - alpha) * apart, entropy, count
