"""Record real restart walks, for the bundled sample, and compare them with one-pass scores.

Writes ``log.jsonl`` and ``decoys.jsonl`` once and one file of continuations for each model: what
`hydrometer trace served --access prefill` reads.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch

from hydrometer.exchange import Exchange, Message, Sampling
from hydrometer.models.journal import write_exchanges
from hydrometer.models.model import Query
from hydrometer.models.transformers import TransformersModel
from hydrometer.trace.served.candidates import Design, join_candidates
from hydrometer.trace.served.prefill import WalkPlan, walk_candidates

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
SAMPLED = Sampling(temperature=0.9, top_p=1.0, max_tokens=70)


class Keeping:
    """A model whose answers are kept."""

    def __init__(self, model: TransformersModel, name: str) -> None:
        self.model, self.name, self.prefill = model, name, True
        self.kept: list[Exchange] = []

    def answer(self, queries: list[Query]) -> list[Exchange]:
        """Answer shortest first, so that batches are even."""
        order = sorted(range(len(queries)), key=lambda i: len(queries[i].prompt[-1].content))
        answers = self.model.answer([queries[i] for i in order])
        rows = [replace(a, model=self.name, time=None, headers={}) for a in answers]
        self.kept += rows
        print(f"{self.name}: {len(self.kept)} answers", file=sys.stderr)
        placed = dict(zip(order, rows, strict=True))
        return [placed[i] for i in range(len(queries))]


def read_design(path: Path, prompts: int, decoys: int) -> tuple[Design, list[int]]:
    """Return the first trained prompts of a candidates file, and their places in it."""
    log, fresh, places = [], [], []
    for i, line in enumerate(path.read_text(encoding="utf-8").strip("\n").split("\n")):
        row = json.loads(line)
        if not row["trained"] or len(places) == prompts or len(row["candidates"]) <= decoys:
            continue
        places.append(i)
        ask = (Message("user", row["prompt"]),)
        for j, text in enumerate(row["candidates"][: decoys + 1]):
            one = Exchange(ask, text, "gemma-270m", sampling=SAMPLED, draw=j)
            (fresh if j else log).append(one)
    return join_candidates(log, fresh), places


def disagreements(walk_hits: list, words: Path, places: list[int], first: int) -> tuple[int, int]:
    """Count words at which the walk and the one-pass score differ, and all compared."""
    with np.load(words) as held:
        index, hit = held["index"], held["hit"]
    starts = np.concatenate([[0], np.cumsum(index[:, 2])])
    by_place = {(i, j): (starts[r], n) for r, (i, j, n, _) in enumerate(index.tolist())}
    differ = total = 0
    for i, row in zip(places, walk_hits, strict=True):
        for j, hits in enumerate(row):
            start, n = by_place[i, j]
            other = hit[start + first : start + n]
            size = min(len(other), len(hits))
            differ += int(np.sum(other[:size] != (hits[:size] == 1.0)))
            total += size
    return differ, total


def main() -> None:
    """Walk with each model named ``NAME=FOLDER``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--candidates", type=Path, required=True)
    parser.add_argument("--prompts", type=int, default=30)
    parser.add_argument("--decoys", type=int, default=4)
    parser.add_argument("--last", type=int, default=64)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--compare", type=Path, help="NPZ of score.py for the first model")
    parser.add_argument("models", nargs="+", help="NAME=FOLDER")
    args = parser.parse_args()
    torch.set_num_threads(1)
    design, places = read_design(args.candidates, args.prompts, args.decoys)
    args.out.mkdir(parents=True, exist_ok=True)
    write_exchanges(args.out / "log.jsonl", [s.served for s in design.sets])
    write_exchanges(args.out / "decoys.jsonl", [e for s in design.sets for e in s.decoys])
    plan = WalkPlan(last=args.last)
    for number, one in enumerate(args.models):
        name, _, folder = one.partition("=")
        start = time.monotonic()
        model = TransformersModel(
            folder, clock=lambda: EPOCH, seed=0, name=name, batch_size=64
        )
        keeping = Keeping(model, name)
        walk = walk_candidates(design, keeping, plan)
        write_exchanges(args.out / f"{name}.parquet", keeping.kept)
        report = {"model": name, "queries": walk.queries}
        report["words"] = sum(len(h) for row in walk.hits for h in row)
        if args.compare and number == 0:
            hits = [list(row) for row in walk.hits]
            report["differ"], report["compared"] = disagreements(
                hits, args.compare, places, plan.first
            )
        report["seconds"] = round(time.monotonic() - start)
        print(json.dumps(report))


if __name__ == "__main__":
    main()
