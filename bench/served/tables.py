"""Turn word-level scores into the small tables that the bench reads.

One NPZ for each suspect and reference: per prompt and candidate (candidate 0 was served) the
summed loss, the numbers of tokens and words, the greedy hits from the second word on, and the
hits beyond what is usual for the same words elsewhere in the pool; for suspects whose own
answers were drawn also the overlap with them.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from hydrometer.exchange import Exchange, Message
from hydrometer.trace.served.agreement import walk_scores
from hydrometer.trace.served.candidates import join_candidates
from hydrometer.trace.served.overlap import overlap_scores
from hydrometer.trace.served.prefill import Walk


def read_words(path: Path, sets: list[dict]) -> tuple[dict[str, np.ndarray], Walk]:
    """Return the sums of each candidate and the walk they amount to."""
    with np.load(path) as held:
        index, loss, hit = held["index"], held["loss"].astype(np.float64), held["hit"]
    shape = (len(sets), max(len(s["candidates"]) for s in sets))
    out = {n: np.full(shape, np.nan) for n in ("loss", "tokens", "words", "hits")}
    rows = [([], []) for _ in sets]
    at = 0
    for i, j, words, tokens in index.tolist():
        out["loss"][i, j] = loss[at : at + words].sum()
        out["tokens"][i, j], out["words"][i, j] = tokens, words
        out["hits"][i, j] = hit[at + 1 : at + words].sum()
        said = tuple(sets[i]["candidates"][j].split()[1:words])
        hits = hit[at + 1 : at + words].astype(np.float64)
        size = min(len(said), len(hits))
        rows[i][0].append(said[:size])
        rows[i][1].append(hits[:size])
        at += words
    walk = Walk(tuple(tuple(r[0]) for r in rows), tuple(tuple(r[1]) for r in rows), 0)
    return out, walk


def overlaps(sets: list[dict], path: Path) -> np.ndarray:
    """Return the overlap scores with a suspect's own answers."""
    log, fresh = [], []
    for s in sets:
        ask = (Message("user", s["prompt"]),)
        for j, text in enumerate(s["candidates"]):
            row = Exchange(prompt=ask, response=text, model="teacher", draw=j)
            (fresh if j else log).append(row)
    answers: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").strip("\n").split("\n"):
        row = json.loads(line)
        key = Exchange(prompt=(Message("user", row["prompt"]),), response="", model="m").key
        answers.setdefault(key, []).append(row["response"])
    return overlap_scores(join_candidates(log, fresh), answers)


def main() -> None:
    """Write one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--candidates", type=Path, required=True)
    parser.add_argument("--words", type=Path, required=True, help="NPZ of score.py")
    parser.add_argument("--answers", type=Path, help="JSONL of the suspect's own answers")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    lines = args.candidates.read_text(encoding="utf-8").strip("\n").split("\n")
    sets = [json.loads(line) for line in lines]
    table, walk = read_words(args.words, sets)
    table["surprise"] = walk_scores(walk)
    if args.answers:
        table["overlap"] = overlaps(sets, args.answers)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        args.out,
        trained=np.array([s["trained"] for s in sets]),
        prompt=np.array([s["id"] for s in sets]),
        **{k: v.astype(np.float32) for k, v in table.items()},
    )


if __name__ == "__main__":
    main()
