"""What a member of the zoo is asked: its answers, and its losses on what teachers wrote."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from generate import Sampling, frame, read_jsonl, sample
from teachers import PROMPTS
from transformers import AutoModelForCausalLM, AutoTokenizer

sys.path.append(str(Path(__file__).parents[1] / "served"))
from score import score_batch

ANSWERS = Sampling(temperature=0.7, max_tokens=60, draws=1, seed=500)
"""The same for every model, and the same as for the project's sample."""

DRAWS = 4


def open_member(folder: Path) -> tuple[Any, Any]:
    """Load a member for answering and scoring.

    Parameters
    ----------
    folder : Path
        Weights in the format of transformers.

    Returns
    -------
    tuple
        Model and tokenizer.
    """
    tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left")
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16)
    return model.eval(), tokenizer


def evaluation_prompts(work: Path) -> list[dict[str, Any]]:
    """Return the prompts that every model answers and none was trained on.

    Parameters
    ----------
    work : Path
        The zoo's work folder.

    Returns
    -------
    list of dict
        ``id`` and ``prompt``.
    """
    split = json.loads((work / "served_split.json").read_text(encoding="utf-8"))
    wanted = set(split["evaluation"])
    return [p for p in read_jsonl(PROMPTS) if p["id"] in wanted]


def answers(model: Any, tokenizer: Any, name: str, work: Path) -> list[dict[str, Any]]:
    """Return a model's answers to the evaluation prompts.

    Parameters
    ----------
    model, tokenizer
        As `open_member` returned them.
    name : str
        Written into the rows.
    work : Path
        The zoo's work folder.

    Returns
    -------
    list of dict
        Sorted by prompt.
    """
    prompts = evaluation_prompts(work)
    rows = [
        {
            "model": name,
            "prompt_id": prompts[a.index]["id"],
            "response": a.text,
            "completion_tokens": a.completion_tokens,
        }
        for batch in sample(model, tokenizer, [str(p["prompt"]) for p in prompts], ANSWERS, 60)
        for a in batch
    ]
    return sorted(rows, key=lambda r: str(r["prompt_id"]))


def candidate_sets(work: Path, teacher: str, ids: Sequence[str]) -> list[dict[str, Any]]:
    """Return a teacher's four draws to some prompts, in the order of the draws.

    Parameters
    ----------
    work : Path
        The zoo's work folder.
    teacher : str
        Whose draws.
    ids : sequence of str
        Prompts; one with an empty draw is left out.

    Returns
    -------
    list of dict
        ``id``, ``prompt`` and ``candidates``.
    """
    found: dict[str, dict[int, dict[str, Any]]] = {}
    for row in read_jsonl(work / "draws" / f"{teacher}.jsonl"):
        found.setdefault(str(row["prompt_id"]), {})[int(str(row["draw"]))] = row
    sets = []
    for name in sorted(ids):
        texts = [str(found[name][d]["response"]) for d in range(DRAWS)]
        if all(t.strip() for t in texts):
            sets.append({"id": name, "prompt": found[name][0]["prompt"], "candidates": texts})
    return sets


def score_sets(
    model: Any, tokenizer: Any, sets: Sequence[dict[str, Any]], only: int | None = None
) -> dict[str, np.ndarray]:
    """Return losses and greedy hits, word by word, of every candidate.

    Parameters
    ----------
    model, tokenizer
        As `open_member` returned them.
    sets : sequence of dict
        As `candidate_sets` returned them.
    only : int, optional
        Score this draw alone.

    Returns
    -------
    dict of array
        ``index`` (set, draw, words, tokens), ``loss`` and ``hit`` over all words.
    """
    index: list[tuple[int, int, int, int]] = []
    losses: list[float] = []
    hits: list[bool] = []
    for i, one in enumerate(sets):
        texts = one["candidates"] if only is None else [one["candidates"][only]]
        head = frame(tokenizer, str(one["prompt"]))
        for j, (a, b, tokens) in enumerate(score_batch(model, tokenizer, head, texts, 128)):
            index.append((i, j, len(a), tokens))
            losses += a
            hits += b
    return {
        "index": np.array(index, dtype=np.int32).reshape(-1, 4),
        "loss": np.array(losses, dtype=np.float32),
        "hit": np.array(hits, dtype=bool),
    }


def mean_losses(model: Any, tokenizer: Any, work: Path, teachers: Sequence[str]) -> dict[str, Any]:
    """Return the loss on text of each teacher that nobody was trained on.

    Parameters
    ----------
    model, tokenizer
        As `open_member` returned them.
    work : Path
        The zoo's work folder.
    teachers : sequence of str
        Whose text: their draw 3 to the evaluation prompts.

    Returns
    -------
    dict
        By teacher and prompt: nats per token.
    """
    ids = [str(p["id"]) for p in evaluation_prompts(work)]
    out: dict[str, Any] = {}
    for teacher in teachers:
        sets = candidate_sets(work, teacher, ids)
        got = score_sets(model, tokenizer, sets, only=3)
        at = np.concatenate([[0], np.cumsum(got["index"][:, 2])])
        out[teacher] = {
            s["id"]: round(float(got["loss"][at[n] : at[n + 1]].sum() / got["index"][n, 3]), 4)
            for n, s in enumerate(sets)
        }
    return out
