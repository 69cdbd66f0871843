"""Score every candidate with one model: word by word, its loss and its greedy hit.

One teacher-forced pass gives at every word of a candidate (a) minus the log-probability of its
tokens and (b) whether each of its tokens is the model's first choice.  (b) is what the restart
walk learns from text alone, with one query per miss; `hydrometer trace served --access prefill`
does that walk with any model that continues a prefix.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer


def pack(left: list[int], rows: list[list[int]]) -> tuple[torch.Tensor, ...]:
    """Lay a prompt and its candidates side by side: each sees the prompt and itself only."""
    sizes = [len(left), *map(len, rows)]
    owner = torch.repeat_interleave(torch.arange(len(sizes)), torch.tensor(sizes))
    ids = torch.tensor(left + [t for row in rows for t in row])
    place = torch.tensor(
        list(range(len(left))) + [len(left) + t for row in rows for t in range(len(row))]
    )
    causal = torch.ones(len(ids), len(ids), dtype=torch.bool).tril()
    seen = causal & ((owner[:, None] == owner[None, :]) | (owner[None, :] == 0))
    return ids[None], place[None], seen[None, None]


def score_batch(model, tokenizer, head: str, texts: list[str], limit: int) -> list[tuple]:
    """Return losses and hits over the words of each text, and its number of tokens."""
    left = tokenizer(head, add_special_tokens=False)["input_ids"]
    coded = [tokenizer(t, add_special_tokens=False, return_offsets_mapping=True) for t in texts]
    rows = [c["input_ids"][:limit] for c in coded]
    ids, place, seen = pack(left, rows)
    before, at = [], len(left)
    for row in rows:
        before += [len(left) - 1, *range(at, at + len(row) - 1)]
        at += len(row)
    with torch.inference_mode():
        hidden = model.model(input_ids=ids, position_ids=place, attention_mask=seen)
        logits = model.lm_head(hidden.last_hidden_state[0, before]).float()
        top = logits.argmax(-1)
        target = ids[0, len(left) :]
        chosen = logits.gather(-1, target[:, None])[:, 0]
        loss_all = torch.logsumexp(logits, -1) - chosen
        hit_all = top == target
    sizes = [len(row) for row in rows]
    loss, hit = loss_all.split(sizes), hit_all.split(sizes)
    out = []
    for i, (text, code) in enumerate(zip(texts, coded, strict=True)):
        offsets = code["offset_mapping"][:limit]
        losses, hits, word, open_space = [], [], -1, False
        for t, (a, b) in enumerate(offsets):
            piece = text[a:b]
            # A word starts where white space ends; white space belongs to the word after it.
            if word < 0 or (piece[:1].isspace() and not open_space):
                word += 1
                losses.append(0.0)
                hits.append(True)
            open_space = piece.isspace()
            losses[word] += float(loss[i][t])
            hits[word] = hits[word] and bool(hit[i][t])
        out.append((losses, hits, len(offsets)))
    return out


def main() -> None:
    """Score ``{"prompt": ..., "candidates": [...]}`` lines; write one NPZ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--candidates", type=Path, required=True)
    parser.add_argument("--head", choices=("chat", "plain"), default="chat")
    parser.add_argument("--limit", type=int, default=128, help="tokens of each candidate")
    parser.add_argument("--most", type=int, help="candidates of each prompt")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    model = AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.bfloat16).eval()
    index, losses, hits = [], [], []
    start = time.monotonic()
    for i, line in enumerate(args.candidates.read_text(encoding="utf-8").strip("\n").split("\n")):
        row = json.loads(line)
        texts = row["candidates"][: args.most]
        if args.head == "chat":
            head = tokenizer.apply_chat_template(
                [{"role": "user", "content": row["prompt"]}],
                add_generation_prompt=True,
                tokenize=False,
            )
        else:
            head = row.get("head") or row["prompt"] + "\n"
        for j, (a, b, tokens) in enumerate(score_batch(model, tokenizer, head, texts, args.limit)):
            index.append((i, j, len(a), tokens))
            losses.extend(a)
            hits.extend(b)
        if i % 20 == 0:
            print(f"{args.out.name} {i} {time.monotonic() - start:.0f}s", file=sys.stderr)
    np.savez_compressed(
        args.out,
        index=np.array(index, dtype=np.int32),
        loss=np.array(losses, dtype=np.float16),
        hit=np.array(hits, dtype=bool),
    )


if __name__ == "__main__":
    main()
