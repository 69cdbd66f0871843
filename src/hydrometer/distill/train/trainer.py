"""What the trainers of TRL do here beside their work: keep both loss terms, and stop in time."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional
from transformers import TrainerCallback
from trl import SFTTrainer

from hydrometer.distill.train.checkpoints import newest, prune, seal
from hydrometer.distill.train.record import Curve
from hydrometer.distill.train.tokens import IGNORED
from hydrometer.errors import ModelError

__all__ = ["CurveWriter", "House", "SequenceTrainer", "answers", "require_finite"]

Progress = Callable[[int, int, dict[str, Any]], None]


class House:
    """Mixed into a trainer of TRL, before it in the order of inheritance.

    It sends no telemetry and writes no model card, keeps the terms of the
    loss for the curve, stops at a loss that is no number, and marks each
    checkpoint once it is whole. Nothing here changes a gradient.
    """

    accelerator: Any
    args: Any
    state: Any
    keep_checkpoints = 2

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._terms: dict[str, dict[int, list[Any]]] = {}
        super().__init__(*args, **kwargs)

    def _send_telemetry(self) -> None:
        return None

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        """Write none: the student's card is made of the record, not of settings."""

    def note(self, **terms: Any) -> None:
        """Add one batch's terms of the loss, normalised as the loss is."""
        for name, value in terms.items():
            self._terms.setdefault(name, {}).setdefault(self.state.global_step, []).append(
                value.detach().double()
            )

    def share(self, count: int, num_items_in_batch: Any) -> Any:
        """Return what a sum over this batch's tokens is multiplied by, to be the update's mean.

        With several processes ``num_items_in_batch`` counts the tokens of all,
        and their gradients are averaged.
        """
        if num_items_in_batch is None:
            return 1.0 / max(count, 1)
        each = self.args.average_tokens_across_devices
        processes = self.accelerator.num_processes if each else 1
        return processes / torch.as_tensor(num_items_in_batch).clamp(min=1)

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Log with the terms of the loss, averaged over processes and steps.

        Raises
        ------
        ModelError
            If the loss or the gradient is no finite number.
        """
        if "loss" in logs:
            for name, steps in sorted(self._terms.items()):
                total = sum(sum(parts) for parts in steps.values())
                mean = self.accelerator.reduce(total, reduction="mean")
                logs[name] = float(mean) / len(steps)
            self._terms.clear()
            for name in ("loss", "grad_norm"):
                if not math.isfinite(logs.get(name, 0.0)):
                    raise self._stopped(f"the {name.replace('_', ' of the ')} is {logs[name]}")
        super().log(logs, start_time)  # type: ignore[misc]

    def _stopped(self, why: str) -> ModelError:
        last = newest(Path(self.args.output_dir))
        return ModelError(
            f"training stopped at step {self.state.global_step}: {why}",
            got=f"learning rate {self.args.learning_rate:g}",
            next_step="lower the learning rate and train into another folder"
            + (f"; the last good checkpoint is {last.name}" if last else ""),
        )

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        require_finite(self)
        super()._save_checkpoint(model, trial)  # type: ignore[misc]
        self.accelerator.wait_for_everyone()
        if self.accelerator.is_main_process:
            folder = Path(self.args.output_dir)
            seal(folder / f"checkpoint-{self.state.global_step}")
            prune(folder, self.keep_checkpoints)
        self.accelerator.wait_for_everyone()


def require_finite(trainer: Any) -> None:
    """Raise where a weight that can change is no finite number, on whichever process.

    Raises
    ------
    ModelError
        Which names the last good checkpoint.
    """
    bad = torch.zeros((), device=trainer.accelerator.device)
    for p in trainer.model.parameters():
        if p.requires_grad:
            bad += (~torch.isfinite(p.detach())).any().to(bad)
    if float(trainer.accelerator.reduce(bad, reduction="sum")):
        raise trainer._stopped("a weight is no finite number")


def answers(model: Any, inputs: dict[str, Any]) -> tuple[Any, Any]:
    """Return the logits before each answer token, and these tokens, row after row.

    The projection to the vocabulary leaves out what stands before the first
    answer of the batch.

    Parameters
    ----------
    model : module
        The student, wrapped or not.
    inputs : dict
        ``input_ids``, ``attention_mask`` and ``labels`` (taken out of it).
    """
    labels = inputs.pop("labels")
    first = int((labels != IGNORED).int().argmax(-1).min())
    keep = labels.shape[1] - first + 1  # from the token before the first answer
    outputs = model(**{**inputs, "use_cache": False, "logits_to_keep": keep})
    targets = labels[:, first:]
    picked = targets != IGNORED
    return outputs.logits[:, -keep:-1][picked], targets[picked]


class SequenceTrainer(House, SFTTrainer):  # type: ignore[misc]
    """TRL's supervised fine-tuning: cross-entropy on the teacher's answers.

    On a graphics card the loss is TRL's, which never builds the logits. On a
    processor TRL scores every position, prompts too, and twice; there the same
    loss is computed from the logits of the answers.
    """

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Any = None,
    ) -> Any:
        """Return the cross-entropy in nats per answer token."""
        processor = self.accelerator.device.type == "cpu"
        if not processor or return_outputs or self.aux_loss_enabled:
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        logits, targets = answers(model, inputs)
        total = functional.cross_entropy(logits.float(), targets, reduction="sum")
        return total * self.share(len(targets), num_items_in_batch)


class CurveWriter(TrainerCallback):  # type: ignore[misc]
    """Writes the curve on the main process.

    Parameters
    ----------
    curve : Curve
        Where to.
    before : float
        Seconds of the runs before this one.
    clock : callable
        Seconds from any fixed moment.
    progress : callable, optional
        Given the step, the number of steps and the point.
    """

    def __init__(
        self, curve: Curve, before: float, clock: Callable[[], float], progress: Progress | None
    ) -> None:
        self._curve, self._before, self._clock = curve, before, clock
        self._begun, self._progress = clock(), progress
        self.points: list[dict[str, Any]] = []

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        """Add one point."""
        if not state.is_world_process_zero or "loss" not in (logs or {}):
            return
        kd = logs.get("distillation")
        row = {
            "step": state.global_step,
            "loss": logs["loss"],
            "cross_entropy": logs.get("cross_entropy", None if kd is not None else logs["loss"]),
            "distillation": kd,
            "learning_rate": logs.get("learning_rate"),
            "grad_norm": logs.get("grad_norm"),
            "tokens": int(state.num_input_tokens_seen),
            "seconds": round(self._before + self._clock() - self._begun, 3),
        }
        self._curve.append(row)
        self.points.append(row)
        if self._progress is not None:
            self._progress(state.global_step, state.max_steps, row)
