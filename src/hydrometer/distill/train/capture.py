"""Asking the teacher once: its likeliest tokens at each answer token, into a cache."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hydrometer.distill.example import Example
from hydrometer.distill.train.base import open_tokenizer, open_weights
from hydrometer.distill.train.cache import Header, row_key, shard_done, start, write_shard
from hydrometer.distill.train.tokens import Row, encode
from hydrometer.distill.train.vocabulary import require_same_vocabulary, vocabulary_digest
from hydrometer.distill.train.weights import weights_digest
from hydrometer.terms.permit import Permit

__all__ = ["answer_logits", "capture", "capture_rows"]

SHARD_ROWS = 256


def answer_logits(model: Any, rows: Sequence[Row], device: Any) -> list[Any]:
    """Return a model's logits before each answer token, shape (answer tokens, vocabulary) each."""
    width = max(len(r.ids) for r in rows)
    ids = torch.zeros((len(rows), width), dtype=torch.long)
    mask = torch.zeros_like(ids)
    for i, r in enumerate(rows):
        ids[i, : len(r.ids)] = torch.tensor(r.ids)
        mask[i, : len(r.ids)] = 1
    with torch.inference_mode():
        logits = model(input_ids=ids.to(device), attention_mask=mask.to(device)).logits
    return [logits[i, r.start - 1 : len(r.ids) - 1] for i, r in enumerate(rows)]


def _likeliest(logits: Any, header: Header) -> tuple[Any, Any, Any]:
    scaled = logits[:, : header.vocabulary].float() / header.temperature
    total = scaled.logsumexp(-1, keepdim=True)
    values, ids = scaled.topk(min(header.k, header.vocabulary), dim=-1)
    rest = scaled.scatter(-1, ids, float("-inf")).logsumexp(-1) - total[:, 0]
    found = ids, values - total, rest
    ids, logprobs, tail = (x.cpu().numpy() for x in found)
    return ids, np.maximum(logprobs, -65504.0), tail  # the end of half precision


def capture(
    examples: Sequence[Example],
    *,
    permit: Permit,
    at: date,
    teacher: Path,
    tokenizer: Path | None = None,
    folder: Path,
    k: int,
    temperature: float = 1.0,
    max_length: int = 512,
    batch_size: int = 8,
    name: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Header:
    """Write the teacher's likeliest tokens for a training set.

    A run that was interrupted keeps its whole shards.

    Parameters
    ----------
    examples : sequence of Example
        The training set, covered by the permit.
    permit : Permit
        Without it nothing is captured.
    at : date
        The day of use.
    teacher : Path
        Its weights.
    tokenizer : Path, optional
        The student's; the teacher's own where None. It must hold the same
        vocabulary; its template decides how a prompt is written.
    folder : Path
        Where the cache goes.
    k : int
        Tokens kept at each position.
    temperature, max_length, batch_size
        As in the training.
    name : str, optional
        Of the teacher; that of its folder otherwise.
    progress : callable, optional
        Given the shards that are done, and all.

    Raises
    ------
    NotPermitted
        If the permit does not cover these examples on that day.
    InputError
        If something cannot be read or written, or the vocabularies differ.
    """
    permit.require([e.row() for e in examples], at=at)
    own = open_tokenizer(tokenizer or teacher)
    rows = encode(examples, own, max_length=max_length).rows
    return capture_rows(
        rows, own, teacher=teacher, folder=folder, k=k, temperature=temperature,
        batch_size=batch_size, name=name, progress=progress,
    )  # fmt: skip


def capture_rows(
    rows: Sequence[Row],
    tokenizer: Any,
    *,
    teacher: Path,
    folder: Path,
    k: int,
    temperature: float,
    batch_size: int,
    name: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    state: Any = None,
) -> Header:
    """Write the teacher's likeliest tokens for rows that a permit already covers.

    Parameters
    ----------
    rows, tokenizer
        As `encode` gave them, with the student's tokenizer.
    teacher, folder, k, temperature, batch_size, name, progress
        As in `capture`.
    state : PartialState, optional
        Of accelerate: each process writes its share of the shards.
    """
    require_same_vocabulary(tokenizer, open_tokenizer(teacher))
    keys = "".join(row_key(r) for r in rows)
    header = Header(
        teacher=name or teacher.name,
        teacher_sha256=weights_digest(teacher),
        engine=f"transformers {version('transformers')}",
        versions={"torch": version("torch"), "transformers": version("transformers")},
        dtype="float32",
        k=min(k, len(tokenizer)),
        temperature=float(temperature),
        vocabulary=len(tokenizer),
        vocabulary_sha256=vocabulary_digest(tokenizer),
        rows=len(rows),
        rows_sha256=hashlib.sha256(keys.encode()).hexdigest(),
        shard_rows=SHARD_ROWS,
    )
    main, rank, world = True, 0, 1
    device = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else "cpu"
    if state is not None:
        main, rank, world = state.is_main_process, state.process_index, state.num_processes
        device = state.device
    if main:
        start(folder, header)
    if state is not None:
        state.wait_for_everyone()
    wanted = [s for s in range(header.shards) if not shard_done(folder, s)]
    model = open_weights(teacher).to(device).eval() if wanted[rank::world] else None
    for shard in wanted[rank::world]:
        part = rows[shard * SHARD_ROWS : (shard + 1) * SHARD_ROWS]
        arrays: dict[int, Any] = {}
        by_length = sorted(range(len(part)), key=lambda i: len(part[i].ids))
        for b in range(0, len(part), batch_size):
            numbers = by_length[b : b + batch_size]
            for i, logits in zip(
                numbers, answer_logits(model, [part[i] for i in numbers], device), strict=True
            ):
                arrays[i] = _likeliest(logits, header)
        write_shard(folder, shard, header, part, [arrays[i] for i in range(len(part))])
        if progress is not None and main:
            progress(shard + 1, header.shards)
    if state is not None:
        state.wait_for_everyone()
    return header
