"""Record a suspect's own answers to all prompts: one greedy, the others sampled."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

import torch

from hydrometer.exchange import Message, Sampling
from hydrometer.models.model import Query
from hydrometer.models.transformers import TransformersModel

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> None:
    """Write ``{"prompt": ..., "response": ..., "draw": ...}`` lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--candidates", type=Path, required=True)
    parser.add_argument("--samples", type=int, default=2)
    parser.add_argument("--max-tokens", type=int, default=40)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    lines = args.candidates.read_text(encoding="utf-8").strip("\n").split("\n")
    prompts = sorted((json.loads(line)["prompt"] for line in lines), key=len)
    model = TransformersModel(
        args.model, clock=lambda: EPOCH, seed=args.seed, batch_size=64, name=args.model.name
    )
    with args.out.open("w", encoding="utf-8") as out:
        for draw in range(args.samples + 1):
            how = Sampling(temperature=1.0 if draw else 0.0, max_tokens=args.max_tokens)
            queries = [Query((Message("user", p),), how, draw) for p in prompts]
            for prompt, answer in zip(prompts, model.answer(queries), strict=True):
                row = {"prompt": prompt, "response": answer.response or "", "draw": draw}
                out.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
