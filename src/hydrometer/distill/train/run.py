"""The training itself: permit first, then a trainer of TRL, then the student and its record."""

from __future__ import annotations

import errno
import gc
import hashlib
import json
import os
import resource
import shutil
import time
from collections.abc import Mapping, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import peft
import safetensors
import torch
from accelerate import PartialState
from transformers import PrinterCallback

from hydrometer.distill.example import Example
from hydrometer.distill.files import write_json
from hydrometer.distill.train.assemble import assemble, require_teacher
from hydrometer.distill.train.base import open_base
from hydrometer.distill.train.cache import LogitCache, is_cache
from hydrometer.distill.train.checkpoints import newest, prune
from hydrometer.distill.train.config import Base, TrainConfig
from hydrometer.distill.train.record import Curve, Trained, read_curve, read_trained
from hydrometer.distill.train.tokens import Encoded, encode
from hydrometer.distill.train.trainer import (
    CurveWriter,
    Progress,
    require_finite,
)
from hydrometer.distill.train.weights import weights_digest
from hydrometer.errors import HydrometerError, InputError, ModelError
from hydrometer.terms.permit import Permit

__all__ = ["train"]

LIBRARIES = ("torch", "transformers", "accelerate", "trl", "peft", "datasets")
RUN = "run.json"
FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
STUDENT, ADAPTER, CHECKPOINTS = "student", "adapter", "checkpoints"
MADE = ("curve.jsonl", "trained.json", "logits", STUDENT, ADAPTER, CHECKPOINTS)


def train(
    examples: Sequence[Example],
    *,
    permit: Permit,
    base: Base,
    config: TrainConfig,
    out: Path,
    at: date,
    seed: int,
    teacher: Path | None = None,
    progress: Progress | None = None,
) -> Trained:
    """Train a student on a teacher's answers.

    A run that was interrupted continues from its last checkpoint and gives
    the same curve; one that is finished is read and returned. Under
    ``accelerate launch`` or ``torchrun`` every process calls this alike.

    Parameters
    ----------
    examples : sequence of Example
        The training set, all of it covered by the permit.
    permit : Permit
        Without it nothing trains.
    base : Base
        The student before training.
    config : TrainConfig
        How to train.
    out : Path
        Folder of this training alone, which every machine sees.
    at : date
        The day of use, for the permit.
    seed : int
        Draws new weights, adapters and the order of the examples.
    teacher : Path, optional
        For ``logit`` and ``on-policy``: a folder of weights (or a GGUF file)
        with the student's vocabulary; for ``logit`` also a cache of logits.
    progress : callable, optional
        Given the step, the number of steps and the point of the curve.

    Returns
    -------
    Trained
        On every process.

    Raises
    ------
    NotPermitted
        If the permit does not cover these examples on that day.
    InputError
        If something given cannot be used, or the disk is full: nothing
        written before is lost.
    ModelError
        If the loss is no number, or memory runs out.
    """
    permit.require([e.row() for e in examples], at=at)
    require_teacher(config, teacher)
    state = PartialState(cpu=not torch.accelerator.is_available())
    out = Path(out)
    decides = _decides(examples, base, config, seed, teacher, state.num_processes)
    fingerprint = _fingerprint(decides)
    _claim(out, decides, state)
    done = read_trained(out)
    if done is not None:
        return done
    student, tokenizer = open_base(base, max_length=config.max_length, seed=seed)
    encoded = encode(examples, tokenizer, max_length=config.max_length, too_long=config.too_long)
    _require_room(out, student, config)
    try:
        trainer = assemble(student, tokenizer, encoded, config, out, seed, teacher, state)
        return _run(trainer, tokenizer, encoded, base, config, out, fingerprint, progress)
    except HydrometerError:
        raise
    except torch.OutOfMemoryError as err:
        raise ModelError(
            "training ran out of memory", next_step="lower batch_size, and raise accumulate"
        ) from err
    except (OSError, RuntimeError, safetensors.SafetensorError) as err:
        full = _full(err)
        if full is None:
            raise
        raise InputError(
            f"cannot write {out}",
            got=full,
            next_step="make room, and run the same line again: it continues where it stopped",
        ) from err


def _decides(
    examples: Sequence[Example],
    base: Base,
    config: TrainConfig,
    seed: int,
    teacher: Path | None,
    processes: int,
) -> dict[str, Any]:
    """Return all that decides the result, in plain values and without places."""
    settings = config.to_record()
    for name in ("keep_checkpoints", "save_steps"):  # they change no weight
        del settings[name]
    texts = "".join(f"{e.id} {e.content}\n" for e in examples)  # their order decides too
    return {
        **settings,
        "base": [base.text.replace(base.path, ""), weights_digest(base.path)],
        "examples": hashlib.sha256(texts.encode("utf-8", "surrogatepass")).hexdigest(),
        "seed": seed,
        "teacher": None if teacher is None else _teacher_digest(teacher),
        "processes": processes,
    }


def _fingerprint(decides: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()


def _teacher_digest(teacher: Path) -> str:
    return LogitCache(teacher).digest if is_cache(teacher) else weights_digest(teacher)


def _claim(out: Path, decides: Mapping[str, Any], state: Any) -> None:
    """Take the folder for this training, or find it taken for this one.

    Raises
    ------
    InputError
        If it holds another training; what differs is named.
    """
    path = out / RUN
    found: dict[str, Any] | None = None
    if any((out / name).exists() for name in MADE):
        try:
            found = dict(json.loads(path.read_text("utf-8")))
        except (OSError, ValueError, TypeError) as err:
            raise InputError(f"cannot read {path}", got=str(err)[:160]) from err
    if found is not None and found != decides:
        differ = sorted(k for k in decides.keys() | found.keys() if decides.get(k) != found.get(k))
        raise InputError(
            f"{out} holds another training",
            got=f"another {', '.join(differ)}",
            next_step="train into another folder, or remove this one",
        )
    state.wait_for_everyone()
    if found is None and state.is_main_process:
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as err:
            raise InputError(f"cannot use {out}", got=str(err)[:160]) from err
        write_json(decides, path)
    state.wait_for_everyone()


def _require_room(out: Path, student: Any, config: TrainConfig) -> None:
    """Say before the work that the disk is too small for what the work will write."""
    size = sum(p.numel() * p.element_size() for p in student.parameters())
    share = 3 if not config.lora else 0.1  # weights and the two moments of AdamW
    copies = min(config.keep_checkpoints, 1) + 1 if config.save_steps else 0
    need = int(size * (1 + share * copies))
    free = shutil.disk_usage(out).free
    if free < need:
        raise InputError(
            f"not enough room for the student and its checkpoints in {out}",
            got=f"{free / 1e6:.0f} MB free",
            wanted=f"{need / 1e6:.0f} MB",
            next_step="make room, or train with lora or save_steps 0",
        )


def _full(err: BaseException | None) -> str | None:
    """Return the words of an error that means a full disk, whoever raised it and for whom."""
    chain = []
    while err is not None and err not in chain:
        chain.append(err)
        err = err.__cause__ or err.__context__
    for e in reversed(chain):  # the first to happen says it best
        if isinstance(e, OSError) and e.errno in FULL:
            return str(e)[:160]
    signs = ("No space left", "File too large", "os error 28", "os error 27", "os error 122",
             "PytorchStreamWriter", "unexpected pos")  # fmt: skip
    told = [str(e) for e in reversed(chain) if any(s in str(e) for s in signs)]
    return f"no room for a file ({told[0][:120]})" if told else None


def _run(
    trainer: Any,
    tokenizer: Any,
    encoded: Encoded,
    base: Base,
    config: TrainConfig,
    out: Path,
    fingerprint: str,
    progress: Progress | None,
) -> Trained:
    accelerator = trainer.accelerator
    trainer.keep_checkpoints = config.keep_checkpoints
    last = newest(out / CHECKPOINTS)
    accelerator.wait_for_everyone()
    step = 0 if last is None else int(last.name.rpartition("-")[2])
    curve, before = Curve(out), 0.0
    if accelerator.is_main_process:
        prune(out / CHECKPOINTS, config.keep_checkpoints)
        kept = curve.cut(step)
        before = float(kept[-1]["seconds"]) if kept else 0.0
    accelerator.wait_for_everyone()
    trainer.remove_callback(PrinterCallback)
    writer = CurveWriter(curve, before, time.perf_counter, progress)
    trainer.add_callback(writer)
    begun = time.perf_counter()
    trainer.train(resume_from_checkpoint=None if last is None else str(last))
    seconds = before + time.perf_counter() - begun
    require_finite(trainer)
    parameters = sum(p.numel() for p in trainer.model.parameters())
    changed = sum(p.numel() for p in trainer.model.parameters() if p.requires_grad)
    adapter = _save(trainer, tokenizer, base, config, out)
    trained = Trained(
        folder=out / STUDENT,
        adapter=adapter,
        curve=tuple(read_curve(out)),
        device=str(accelerator.device),
        processes=accelerator.num_processes,
        seconds=round(seconds, 3),
        tokens=int(trainer.state.num_input_tokens_seen),
        peak_memory=_peak_memory(accelerator.device),
        parameters=parameters - (changed if config.lora else 0),
        trained_parameters=changed,
        steps=trainer.state.global_step,
        examples=len(encoded.rows),
        set_aside=encoded.set_aside,
        versions={name: version(name) for name in LIBRARIES},
        fingerprint=fingerprint,
    )
    if accelerator.is_main_process:
        trained.write(out)
        shutil.rmtree(out / CHECKPOINTS, ignore_errors=True)
    accelerator.wait_for_everyone()
    return trained


def _save(trainer: Any, tokenizer: Any, base: Base, config: TrainConfig, out: Path) -> Path | None:
    """Write the student at once, with adapters merged in; return the adapters' own folder."""
    main = trainer.accelerator.is_main_process
    new = out / (STUDENT + ".tmp")
    if main:
        shutil.rmtree(new, ignore_errors=True)
    trainer.accelerator.wait_for_everyone()
    adapter = None
    if config.lora:
        adapter = out / ADAPTER
        trainer.save_model(str(adapter))
        if main:
            whole, _ = open_base(base, max_length=config.max_length, seed=trainer.args.seed)
            merged = peft.PeftModel.from_pretrained(whole, str(adapter)).merge_and_unload()
            merged.save_pretrained(str(new))
            tokenizer.save_pretrained(str(new))
    else:
        trainer.save_model(str(new))
    trainer.accelerator.wait_for_everyone()
    if main:
        for folder in filter(None, (new, adapter)):
            for name in ("training_args.bin", "README.md"):  # settings with paths; an empty card
                (folder / name).unlink(missing_ok=True)
        shutil.rmtree(out / STUDENT, ignore_errors=True)
        os.replace(new, out / STUDENT)
    gc.collect()
    return adapter


def _peak_memory(device: torch.device) -> int:
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
