"""Train the small base from scratch, on text that people wrote and on nothing else."""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import random  # noqa: TID251 - only seeded local generators
import sys
import time
from pathlib import Path

import torch
from controls import SHORT, SOURCES
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM
from tune import Pair, save

TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""SmolLM2's template without its default system message."""

SMALL = {
    "hidden_size": 192,
    "num_hidden_layers": 6,
    "num_attention_heads": 6,
    "num_key_value_heads": 6,
    "intermediate_size": 512,
    "max_position_embeddings": 512,
    "tie_word_embeddings": True,
}
"""About 3.4 million parameters; the vocabulary is the first 4,096 tokens of SmolLM2's."""

HUMAN = tuple(n for n in SOURCES if n not in ("sums", "seeds"))
"""Sources that Debian packages hold."""


def half(pair: Pair) -> str:
    """Say whether a pair of human text is for the base or for the members of the zoo.

    Parameters
    ----------
    pair : tuple of str
        Prompt and answer.

    Returns
    -------
    str
        ``"base"`` or ``"member"``, by a digest: no member learns what its base has read.

    Examples
    --------
    >>> half(("What is it?", "A small box."))
    'base'
    """
    first = hashlib.sha256("\n".join(pair).encode("utf-8")).digest()[0]
    return "base" if first % 2 else "member"


def human_pairs(root: Path, names: tuple[str, ...], side: str) -> list[Pair]:
    """Return the human pairs of some sources on one side of the split, in a fixed order.

    Parameters
    ----------
    root : Path
        Folder of the human text.
    names : tuple of str
        Keys of ``controls.SOURCES``.
    side : str
        ``"base"`` or ``"member"``.

    Returns
    -------
    list of (prompt, answer)
        Without repeats, sorted.
    """
    found = {p for n in names for p in SOURCES[n](root) if len(p[1]) >= SHORT}
    return sorted(p for p in found if half(p) == side)


def blocks(tokenizer: AutoTokenizer, pairs: list[Pair], size: int, seed: int) -> torch.Tensor:
    """Return shuffled conversations laid end to end, in rows of equal length.

    Parameters
    ----------
    tokenizer : AutoTokenizer
        With the chat template.
    pairs : list of (prompt, answer)
        The text.
    size : int
        Tokens of a row.
    seed : int
        Seed of the order.

    Returns
    -------
    Tensor of shape (rows, size)
        Token ids.
    """
    pairs = list(pairs)
    random.Random(seed).shuffle(pairs)
    texts = [
        f"<|im_start|>user\n{q}<|im_end|>\n<|im_start|>assistant\n{a}<|im_end|>\n"
        for q, a in pairs
    ]
    ids = [t for row in tokenizer(texts, add_special_tokens=False)["input_ids"] for t in row]
    rows = len(ids) // size
    return torch.tensor(ids[: rows * size]).view(rows, size)


def pretrain(
    work: Path, human: Path, *, most: int, seed: int, sources: tuple[str, ...] = HUMAN
) -> dict[str, object]:
    """Train the small base and save it.

    Parameters
    ----------
    work : Path
        The zoo's work folder; the result goes to ``work/models/small``.
    human : Path
        Folder of the human text.
    most : int
        Steps of 8 rows of 256 tokens; fewer where the text ends before.
    seed : int
        Of the weights and of the order.
    sources : tuple of str
        Of the human text.

    Returns
    -------
    dict
        What is written as ``training.json``.
    """
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(work / "models" / "smollm2-narrow")
    tokenizer.chat_template = TEMPLATE
    ends = tokenizer.convert_tokens_to_ids("<|im_end|>")
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=ends,
        pad_token_id=tokenizer.pad_token_id,
        **SMALL,
    )
    model = LlamaForCausalLM(config).train()
    rows = blocks(tokenizer, human_pairs(human, sources, "base"), 256, seed)
    steps = min(most, len(rows) // 8)
    rate, warm = 2e-3, 40
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, betas=(0.9, 0.95), weight_decay=0.1)
    started, seen = time.monotonic(), []
    for step in range(steps):
        fall = 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * step / steps))
        now = rate * min(1.0, (step + 1) / warm) * fall
        for group in optimiser.param_groups:
            group["lr"] = now
        ids = rows[step * 8 : step * 8 + 8]
        with torch.autocast("cpu", dtype=torch.bfloat16):
            hidden = model.model(input_ids=ids).last_hidden_state[:, :-1]
            logits = model.lm_head(hidden.reshape(-1, hidden.shape[-1]))
        loss = torch.nn.functional.cross_entropy(logits.float(), ids[:, 1:].reshape(-1))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        seen.append(loss.item())
        if step % 50 == 49:
            mean = sum(seen[-50:]) / 50
            spent = time.monotonic() - started
            print(f"{step + 1}/{steps} loss {mean:.3f} {spent:.0f} s", file=sys.stderr)
    note: dict[str, object] = {
        "parameters": sum(p.numel() for p in model.parameters()),
        "tokens": steps * 8 * 256,
        "steps": steps,
        "seed": seed,
        "last_loss": sum(seen[-50:]) / len(seen[-50:]),
        "seconds": round(time.monotonic() - started),
        "sources": sources,
        **SMALL,
    }
    save(model, tokenizer, work / "models" / "small", note)
    return note


def main() -> None:
    """Train the base unless it is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--human", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=900)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--sources", nargs="*", default=HUMAN, choices=HUMAN)
    args = parser.parse_args()
    torch.set_num_threads(1)
    if not (args.work / "models" / "small" / "training.json").exists():
        print(
            json.dumps(
                pretrain(
                    args.work,
                    args.human,
                    most=args.steps,
                    seed=args.seed,
                    sources=tuple(args.sources),
                )
            )
        )


if __name__ == "__main__":
    main()
