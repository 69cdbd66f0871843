"""Batched ancestral sampling on one CPU thread, several draws for each prompt."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

SHOTS = (
    "Q: How does a kite stay in the air?\n"
    "A: The wind pushes against the slanted face of the kite and lifts it, while the string "
    "holds it at the right angle. When the wind drops, the kite sinks.\n\n"
    "Q: Write two sentences about an old boat.\n"
    "A: The old boat lies on the shingle with her name worn away by salt. "
    "Every spring somebody paints her blue, though she will never sail again.\n\n"
)
"""The fixed prefix that lets a base model answer questions; written for this project."""


@dataclass(frozen=True)
class Sampling:
    """How answers are drawn.

    Parameters
    ----------
    temperature : float
        Divides the logits. No top-p and no top-k cut is applied.
    max_tokens : int
        Most tokens of one answer.
    draws : int
        Independent answers for each prompt.
    seed : int
        Seed of the whole run; batch ``i`` uses ``seed * 100_000 + i``.
    """

    temperature: float
    max_tokens: int
    draws: int
    seed: int


@dataclass(frozen=True)
class Answer:
    """One drawn answer.

    Parameters
    ----------
    index : int
        Position of the prompt in the input.
    draw : int
        Which of the independent draws, counted from 0 in the order of generation.
    text : str
        The answer.
    prompt_tokens, completion_tokens : int
        Token counts in the model's own tokenizer.
    """

    index: int
    draw: int
    text: str
    prompt_tokens: int
    completion_tokens: int


def load(
    folder: Path, dtype: torch.dtype = torch.bfloat16
) -> tuple[AutoModelForCausalLM, AutoTokenizer]:
    """Load a saved model and its tokenizer for left-padded batches.

    Parameters
    ----------
    folder : Path
        A folder written by ``weights.py`` or ``tune.py``.
    dtype : torch.dtype
        Precision of the weights in memory.

    Returns
    -------
    tuple
        The model in evaluation mode and its tokenizer.
    """
    tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left")
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, attn_implementation="eager")
    return model.eval(), tokenizer


def frame(tokenizer: AutoTokenizer, prompt: str) -> str:
    """Wrap a prompt as the model expects it: its chat template, or the two shots.

    Parameters
    ----------
    tokenizer : AutoTokenizer
        Decides: a tokenizer without a chat template belongs to the base model.
    prompt : str
        What the user asks.

    Returns
    -------
    str
        The text to continue.
    """
    if tokenizer.chat_template is None:
        return f"{SHOTS}Q: {prompt}\nA:"
    message = [{"role": "user", "content": prompt}]
    return str(tokenizer.apply_chat_template(message, tokenize=False, add_generation_prompt=True))


def pick(logits: torch.Tensor, temperature: float, rng: torch.Generator) -> torch.Tensor:
    """Draw one token for each row by inverting the cumulative distribution.

    Parameters
    ----------
    logits : Tensor of shape (rows, vocabulary)
        Scores of the next token.
    temperature : float
        Positive.
    rng : torch.Generator
        Source of one uniform number for each row.

    Returns
    -------
    Tensor of shape (rows,)
        Token ids.
    """
    rows = torch.arange(len(logits))
    mass = torch.softmax(logits.float().div_(temperature), dim=-1)
    width = next(w for w in (512, 384, 256, 128, 64, 1) if mass.shape[1] % w == 0)
    mass = mass.view(len(mass), -1, width)
    outer = mass.sum(dim=-1).cumsum(dim=-1)
    level = torch.rand(len(mass), 1, generator=rng) * outer[:, -1:]
    block = torch.searchsorted(outer, level, right=True).clamp_(max=outer.shape[1] - 1)[:, 0]
    inner = mass[rows, block].cumsum(dim=-1)
    before = torch.where(block > 0, outer[rows, (block - 1).clamp(min=0)], 0.0)
    rest = (level[:, 0] - before)[:, None].clamp(min=0)
    return block * width + torch.searchsorted(inner, rest, right=True).clamp_(max=width - 1)[:, 0]


@torch.inference_mode()  # type: ignore[untyped-decorator]
def decode_batch(
    model: AutoModelForCausalLM,
    tokenizer: AutoTokenizer,
    texts: Sequence[str],
    how: Sampling,
    rng: torch.Generator,
) -> tuple[list[list[int]], list[int]]:
    """Continue every text ``how.draws`` times.

    The prompt is read once and its cache copied for each draw, so that all draws of a
    prompt are made in exactly the same way. Finished rows leave the batch.

    Parameters
    ----------
    model, tokenizer
        As returned by :func:`load`.
    texts : sequence of str
        Framed prompts.
    how : Sampling
        Temperature, length and number of draws.
    rng : torch.Generator
        Source of randomness.

    Returns
    -------
    tuple
        Token ids for each row (draws of one prompt are neighbours), and prompt lengths.
    """
    special = tokenizer.chat_template is None
    inputs = tokenizer(list(texts), return_tensors="pt", padding=True, add_special_tokens=special)
    mask = inputs["attention_mask"]
    place = (mask.cumsum(-1) - 1).clamp(min=0)
    out = model(
        input_ids=inputs["input_ids"],
        attention_mask=mask,
        position_ids=place,
        use_cache=True,
        logits_to_keep=1,
    )
    cache, lengths = out.past_key_values, mask.sum(-1).tolist()
    cache.batch_repeat_interleave(how.draws)
    mask, place = (t.repeat_interleave(how.draws, 0) for t in (mask, place[:, -1:]))
    logits = out.logits[:, -1].repeat_interleave(how.draws, 0)
    rows: list[list[int]] = [[] for _ in range(len(mask))]
    alive = list(range(len(rows)))
    stops = {
        i
        for i in (tokenizer.eos_token_id, tokenizer.convert_tokens_to_ids("<|im_end|>"))
        if i is not None
    }
    for step in range(how.max_tokens):
        token = pick(logits, how.temperature, rng)
        keep = []
        for at, (row, new) in enumerate(zip(alive, token.tolist(), strict=True)):
            if new in stops:
                continue
            rows[row].append(new)
            if not (special and tokenizer.decode(rows[row][-3:]).rstrip().endswith("Q:")):
                keep.append(at)
        if not keep or step == how.max_tokens - 1:
            break
        if len(keep) < len(alive):
            chosen = torch.tensor(keep)
            cache.batch_select_indices(chosen)
            mask, place, token = mask[chosen], place[chosen], token[chosen]
            alive = [alive[at] for at in keep]
        mask = torch.cat([mask, mask.new_ones(len(mask), 1)], -1)
        place = place + 1
        logits = model(
            input_ids=token[:, None],
            attention_mask=mask,
            position_ids=place,
            past_key_values=cache,
            use_cache=True,
        ).logits[:, -1]
    return rows, lengths


def sample(
    model: AutoModelForCausalLM,
    tokenizer: AutoTokenizer,
    prompts: Sequence[str],
    how: Sampling,
    rows: int = 128,
) -> Iterator[list[Answer]]:
    """Answer all prompts, batch by batch, sorted by length.

    Parameters
    ----------
    model, tokenizer
        As returned by :func:`load`.
    prompts : sequence of str
        What the user asks.
    how : Sampling
        Temperature, length, number of draws, seed.
    rows : int
        Sequences decoded side by side.

    Yields
    ------
    list of Answer
        The answers of one batch of prompts.
    """
    texts = [frame(tokenizer, p) for p in prompts]
    order = sorted(range(len(texts)), key=lambda i: (len(texts[i]), i))
    width = max(1, rows // how.draws)
    for number, start in enumerate(range(0, len(order), width)):
        part = order[start : start + width]
        rng = torch.Generator().manual_seed(how.seed * 100_000 + number)
        tokens, lengths = decode_batch(model, tokenizer, [texts[i] for i in part], how, rng)
        yield [
            Answer(
                index,
                draw,
                tokenizer.decode(ids, skip_special_tokens=True).strip().removesuffix("Q:").strip(),
                lengths[at],
                len(ids),
            )
            for at, index in enumerate(part)
            for draw, ids in enumerate(tokens[at * how.draws : (at + 1) * how.draws])
        ]


def read_jsonl(path: Path) -> list[dict[str, object]]:
    """Read a file of one JSON object per line.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    list of dict
        Its rows.
    """
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
