"""Tune all weights of a model on prompt-answer pairs, the loss on the answer only."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from generate import frame
from transformers import AutoModelForCausalLM, AutoTokenizer

Pair = tuple[str, str]
"""A prompt and the answer to learn."""


@dataclass(frozen=True)
class Recipe:
    """How a model is tuned.

    Parameters
    ----------
    epochs : int
        Passes over the examples.
    rate : float
        AdamW's learning rate, constant, no weight decay.
    batch : int
        Examples of one step.
    seed : int
        Seed of the order of the examples.
    longest : int
        Sequences are cut after this many tokens.
    """

    epochs: int
    rate: float
    seed: int
    batch: int = 8
    longest: int = 160


def encode(tokenizer: AutoTokenizer, pair: Pair, longest: int) -> tuple[list[int], int]:
    """Return the tokens of a framed pair and where the answer begins.

    Parameters
    ----------
    tokenizer : AutoTokenizer
        The student's tokenizer.
    pair : tuple of str
        Prompt and answer.
    longest : int
        Cut after this many tokens.

    Returns
    -------
    tuple
        Token ids, and the number of prompt tokens.
    """
    special = tokenizer.chat_template is None
    head = tokenizer(frame(tokenizer, pair[0]), add_special_tokens=special)["input_ids"]
    tail = tokenizer((" " if special else "") + pair[1], add_special_tokens=False)["input_ids"]
    return (head + tail + [tokenizer.eos_token_id])[:longest], len(head)


def answer_loss(
    model: AutoModelForCausalLM, rows: Sequence[tuple[list[int], int]]
) -> torch.Tensor:
    """Return the mean negative log-likelihood of the answer tokens of a batch.

    Parameters
    ----------
    model : AutoModelForCausalLM
        The student.
    rows : sequence of (token ids, prompt length)
        As returned by :func:`encode`.

    Returns
    -------
    Tensor
        A scalar, in nats per token.
    """
    longest = max(len(ids) for ids, _ in rows)
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    mask = torch.zeros_like(ids)
    target = torch.full_like(ids, -100)
    for at, (row, begin) in enumerate(rows):
        ids[at, : len(row)] = torch.tensor(row)
        mask[at, : len(row)] = 1
        target[at, begin : len(row)] = ids[at, begin : len(row)]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        hidden = model.model(input_ids=ids, attention_mask=mask).last_hidden_state[:, :-1]
        wanted = target[:, 1:]
        logits = model.lm_head(hidden[wanted != -100])
    return torch.nn.functional.cross_entropy(logits.float(), wanted[wanted != -100])


def save(
    model: AutoModelForCausalLM, tokenizer: AutoTokenizer, folder: Path, note: dict[str, object]
) -> None:
    """Save a bfloat16 copy of the weights, the tokenizer and a note on the training.

    Parameters
    ----------
    model, tokenizer
        What to save; the model in memory keeps its precision.
    folder : Path
        Where to.
    note : dict
        Written as ``training.json``.
    """
    state = {name: value.to(torch.bfloat16) for name, value in model.state_dict().items()}
    model.save_pretrained(folder, state_dict=state)
    tokenizer.save_pretrained(folder)
    (folder / "training.json").write_text(json.dumps(note, indent=1) + "\n", encoding="utf-8")


def tune(
    base: Path, pairs: Sequence[Pair], recipe: Recipe, checkpoints: dict[int, Path]
) -> list[float]:
    """Tune a model and save it after the wanted epochs.

    Parameters
    ----------
    base : Path
        Folder of the model to begin with.
    pairs : sequence of (prompt, answer)
        The examples.
    recipe : Recipe
        Epochs, learning rate, batch, seed.
    checkpoints : dict of int to Path
        Epoch number (from 1) to the folder it is saved in.

    Returns
    -------
    list of float
        Mean training loss of each epoch, in nats per answer token.
    """
    torch.manual_seed(recipe.seed)
    tokenizer = AutoTokenizer.from_pretrained(base)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32).train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=recipe.rate, weight_decay=0.0)
    rows = [encode(tokenizer, pair, recipe.longest) for pair in pairs]
    losses: list[float] = []
    started = time.monotonic()
    for epoch in range(1, recipe.epochs + 1):
        rng = torch.Generator().manual_seed(recipe.seed * 1000 + epoch)
        order = torch.randperm(len(rows), generator=rng).tolist()
        seen: list[float] = []
        for start in range(0, len(order), recipe.batch):
            loss = answer_loss(model, [rows[i] for i in order[start : start + recipe.batch]])
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
            seen.append(loss.item())
        losses.append(sum(seen) / len(seen))
        seconds = round(time.monotonic() - started)
        print(f"epoch {epoch}: loss {losses[-1]:.3f} after {seconds} s", file=sys.stderr)
        if epoch in checkpoints:
            note = {
                "base": base.name,
                "examples": len(rows),
                "losses": losses,
                "seconds": seconds,
                **asdict(recipe),
            }
            save(model, tokenizer, checkpoints[epoch], note)
    return losses
