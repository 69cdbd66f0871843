"""Record restart walks for the bundled sample; with ``--real`` compare them with real ones.

Writes ``log.jsonl`` and ``decoys.jsonl`` once and one file of continuations for each model: what
`hydrometer trace served --access prefill` reads.

A greedy continuation of a candidate's own beginning is the candidate's own tokens as long as the
model's first choice is the next of them, and then that first choice.  One teacher-forced pass
therefore yields every continuation up to and including its first divergence, a hundred times
faster than generating them; that is what is recorded.  ``--real N`` generates the continuations
of the first N prompts one by one as well and counts the words at which the two walks differ.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from score import pack
from transformers import AutoModelForCausalLM, AutoTokenizer

from hydrometer.exchange import Exchange, Message, Sampling, prompt_key
from hydrometer.models.journal import write_exchanges
from hydrometer.models.model import Query
from hydrometer.models.transformers import TransformersModel
from hydrometer.trace.served.candidates import Design, join_candidates
from hydrometer.trace.served.prefill import WalkPlan, walk_candidates

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
SAMPLED = Sampling(temperature=0.9, top_p=1.0, max_tokens=70)


class OnePass:
    """Greedy continuations, up to the first divergence, of candidates known beforehand."""

    def __init__(self, name: str, folder: str, design: Design) -> None:
        self.name, self.prefill = name, True
        self.kept: list[Exchange] = []
        self._tokenizer = AutoTokenizer.from_pretrained(folder)
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16).eval()
        self._ends = {self._tokenizer.eos_token_id, 0}
        self._known: dict[str, list[tuple[str, list[tuple[int, int]], list[int], list[int]]]] = {}
        for s in design.sets:
            self._known[s.key] = self._read(model, s.prompt[-1].content, s.texts)

    def _read(self, model: torch.nn.Module, prompt: str, texts: tuple[str, ...]) -> list:
        head = self._tokenizer.apply_chat_template(
            [{"role": "user", "content": prompt}], add_generation_prompt=True, tokenize=False
        )
        left = self._tokenizer(head, add_special_tokens=False)["input_ids"]
        coded = [
            self._tokenizer(t, add_special_tokens=False, return_offsets_mapping=True)
            for t in texts
        ]
        rows = [c["input_ids"] for c in coded]
        ids, place, seen = pack(left, rows)
        with torch.inference_mode():
            out = model(input_ids=ids, position_ids=place, attention_mask=seen)
        first = out.logits[0].argmax(-1).tolist()
        found, at = [], len(left)
        for text, code, row in zip(texts, coded, rows, strict=True):
            wanted = [first[len(left) - 1], *first[at : at + len(row)]]
            found.append((text, code["offset_mapping"], row, wanted))
            at += len(row)
        return found

    def answer(self, queries: list[Query]) -> list[Exchange]:
        """Return the longest continuation that is known from any candidate."""
        out = []
        for q in queries:
            given = q.prompt[-1].content if q.prompt[-1].role == "assistant" else ""
            asked = q.prompt[:-1] if given else q.prompt
            limit = q.sampling.max_tokens or 12
            best: tuple[list[int], str] = ([], "truncated")
            for text, places, row, wanted in self._known[prompt_key(asked)]:
                if text.startswith(given):
                    one = self._follow(sum(b <= len(given) for _, b in places), row, wanted, limit)
                    best = max(best, one, key=lambda x: len(x[0]))
            tokens, status = best
            out.append(
                Exchange(
                    q.prompt,
                    self._tokenizer.decode(tokens),
                    self.name,
                    status=status,
                    sampling=q.sampling,
                )
            )
        self.kept += out
        return out

    def _follow(
        self, at: int, row: list[int], wanted: list[int], limit: int
    ) -> tuple[list[int], str]:
        said: list[int] = []
        while at < len(wanted) and len(said) < limit:
            if wanted[at] in self._ends:
                return said, "ok"
            said.append(wanted[at])
            if at >= len(row) or wanted[at] != row[at]:
                break
            at += 1
        return said, "truncated"


def read_design(path: Path, prompts: int, decoys: int) -> Design:
    """Return the first trained prompts of a candidates file."""
    log, fresh = [], []
    for line in path.read_text(encoding="utf-8").strip("\n").split("\n"):
        row = json.loads(line)
        if not row["trained"] or len(log) == prompts or len(row["candidates"]) <= decoys:
            continue
        ask = (Message("user", row["prompt"]),)
        for j, text in enumerate(row["candidates"][: decoys + 1]):
            one = Exchange(ask, text, "gemma-270m", sampling=SAMPLED, draw=j)
            (fresh if j else log).append(one)
    return join_candidates(log, fresh)


def compare(design: Design, folder: str, prompts: int, plan: WalkPlan, hits: tuple) -> dict:
    """Walk for real and count the words at which the walks differ."""
    real = TransformersModel(folder, clock=lambda: EPOCH, seed=0, batch_size=32)
    part = replace(design, sets=design.sets[:prompts])
    walk = walk_candidates(part, real, plan)
    pairs = [
        (a, b)
        for x, y in zip(walk.hits, hits[:prompts], strict=True)
        for a, b in zip(x, y, strict=True)
    ]
    return {
        "real_queries": walk.queries,
        "compared": int(sum(a.size for a, _ in pairs)),
        "differ": int(sum(np.sum(a != b) for a, b in pairs)),
    }


def main() -> None:
    """Walk with each model named ``NAME=FOLDER``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--candidates", type=Path, required=True)
    parser.add_argument("--prompts", type=int, default=30)
    parser.add_argument("--decoys", type=int, default=4)
    parser.add_argument("--last", type=int, default=64)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--real", type=int, default=0, help="prompts walked for real as well")
    parser.add_argument("models", nargs="+", help="NAME=FOLDER")
    args = parser.parse_args()
    torch.set_num_threads(1)
    design = read_design(args.candidates, args.prompts, args.decoys)
    args.out.mkdir(parents=True, exist_ok=True)
    write_exchanges(args.out / "log.jsonl", [s.served for s in design.sets])
    write_exchanges(args.out / "decoys.jsonl", [e for s in design.sets for e in s.decoys])
    plan = WalkPlan(last=args.last)
    for one in args.models:
        name, _, folder = one.partition("=")
        start = time.monotonic()
        model = OnePass(name, folder, design)
        walk = walk_candidates(design, model, plan)
        write_exchanges(args.out / f"{name}.parquet", model.kept)
        report = {"model": name, "queries": walk.queries}
        report["words"] = sum(len(h) for row in walk.hits for h in row)
        if args.real:
            report |= compare(design, folder, args.real, plan, walk.hits)
        report["seconds"] = round(time.monotonic() - start)
        print(json.dumps(report))


if __name__ == "__main__":
    main()
