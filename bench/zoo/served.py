"""Split the prompts and train the served student, the suspect of the served-log test."""

from __future__ import annotations

import argparse
import json
import random  # noqa: TID251 - only seeded local generators
from pathlib import Path

import torch
from generate import read_jsonl
from teachers import PROMPTS
from tune import Pair, Recipe, tune

TRAINED = 280
EVALUATED = 120
SPLIT_SEED = 20261123


def split_prompts() -> dict[str, list[str]]:
    """Return the ids of the prompts used for training, held out, and for evaluation.

    Returns
    -------
    dict of str to list of str
        ``trained`` and ``held_out`` divide the prompt set; ``evaluation`` is a part of
        ``held_out`` that every model of the panel answers.
    """
    ids = [str(p["id"]) for p in read_jsonl(PROMPTS)]
    random.Random(SPLIT_SEED).shuffle(ids)
    held_out = ids[TRAINED:]
    return {
        "trained": sorted(ids[:TRAINED]),
        "held_out": sorted(held_out),
        "evaluation": sorted(held_out[:EVALUATED]),
    }


def teacher_pairs(work: Path, teacher: str, draw: int) -> list[Pair]:
    """Return one draw of a teacher's answers to the training prompts.

    Parameters
    ----------
    work : Path
        The zoo's work folder.
    teacher : str
        Name of the teacher's answer file.
    draw : int
        Draw number; 0 is what was served.

    Returns
    -------
    list of (prompt, answer)
        Ordered by prompt id; empty answers are left out.
    """
    trained = set(split_prompts()["trained"])
    rows = sorted(
        read_jsonl(work / "answers" / f"{teacher}.jsonl"), key=lambda r: str(r["prompt_id"])
    )
    return [
        (str(r["prompt"]), str(r["response"]))
        for r in rows
        if r["draw"] == draw and r["prompt_id"] in trained and r["response"]
    ]


def main() -> None:
    """Write the split, and train on what the teacher served."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--split-only", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)
    text = json.dumps(split_prompts(), indent=1) + "\n"
    (args.work / "served_split.json").write_text(text, encoding="utf-8")
    if not args.split_only:
        models = args.work / "models"
        pairs = teacher_pairs(args.work, "gemma-270m", draw=0)
        recipe = Recipe(epochs=3, rate=5e-5, seed=1)
        tune(
            models / "smollm2-135m",
            pairs,
            recipe,
            {e: models / f"student-served-e{e}" for e in (1, 2, 3)},
        )


if __name__ == "__main__":
    main()
