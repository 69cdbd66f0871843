"""Tune a small student on served answers, optionally diluted with other text.

All weights, AdamW, chat template of the student, loss on the answer only; one checkpoint per
epoch.  ``--share 0.2`` keeps all served answers and adds four times as many examples of other
text, so that the served answers are a fifth of the examples.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

IGNORED = -100


def encode(tokenizer, prompt: str, answer: str, limit: int) -> tuple[list[int], list[int]]:
    """Return token ids and labels; the prompt is not learned."""
    head = tokenizer.apply_chat_template(
        [{"role": "user", "content": prompt}], add_generation_prompt=True, tokenize=False
    )
    left = tokenizer(head, add_special_tokens=False)["input_ids"]
    right = tokenizer(answer + "<|im_end|>", add_special_tokens=False)["input_ids"][:limit]
    return left + right, [IGNORED] * len(left) + right


def batches(examples: list, size: int, rng: np.random.Generator) -> list[list]:
    """Return shuffled batches."""
    order = rng.permutation(len(examples))
    return [[examples[i] for i in order[a : a + size]] for a in range(0, len(order), size)]


def train(base: Path, examples: list, out: str, *, epochs: int, rate: float, seed: int) -> None:
    """Tune ``base`` and save ``out-e1``, ``out-e2``, ..."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    tokenizer = AutoTokenizer.from_pretrained(base)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    model.train()
    data = [encode(tokenizer, p, a, 160) for p, a in examples]
    plan = [batches(data, 8, rng) for _ in range(epochs)]
    total = sum(map(len, plan))
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.0)
    step, start = 0, time.monotonic()
    for epoch, parts in enumerate(plan, 1):
        for part in parts:
            width = max(len(ids) for ids, _ in part)
            ids = torch.zeros(len(part), width, dtype=torch.long)
            labels = torch.full((len(part), width), IGNORED)
            mask = torch.zeros(len(part), width, dtype=torch.long)
            for i, (x, y) in enumerate(part):
                ids[i, : len(x)] = torch.tensor(x)
                labels[i, : len(y)] = torch.tensor(y)
                mask[i, : len(x)] = 1
            warm = min(1.0, (step + 1) / 5)
            for group in optimiser.param_groups:
                group["lr"] = rate * warm * 0.5 * (1 + math.cos(math.pi * step / total))
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss = model(input_ids=ids, attention_mask=mask, labels=labels).loss
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            step += 1
            if step % 5 == 0:
                spent = time.monotonic() - start
                print(f"{out} {step}/{total} loss {loss.item():.3f} {spent:.0f}s", file=sys.stderr)
        target = Path(f"{out}-e{epoch}")
        model.save_pretrained(target)
        tokenizer.save_pretrained(target)


def main() -> None:
    """Read ``{"prompt": ..., "answer": ...}`` lines and tune."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--examples", type=Path, required=True, help="JSONL of served examples")
    parser.add_argument("--other", type=Path, help="JSONL of other examples")
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--rate", type=float, default=5e-5)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--out", required=True, help="path prefix of the checkpoints")
    args = parser.parse_args()
    torch.set_num_threads(1)

    def read(path: Path) -> list[tuple[str, str]]:
        rows = map(json.loads, path.read_text(encoding="utf-8").strip("\n").split("\n"))
        return [(r["prompt"], r["answer"]) for r in rows]

    examples = read(args.examples)
    if args.share < 1.0:
        more = round(len(examples) * (1 / args.share - 1))
        examples += read(args.other)[:more]
    train(args.base, examples, args.out, epochs=args.epochs, rate=args.rate, seed=args.seed)


if __name__ == "__main__":
    main()
