"""Train the panel's students and controls, and let every model answer the same prompts."""

from __future__ import annotations

import argparse
import json
import random  # noqa: TID251 - only seeded local generators
import sys
from dataclasses import dataclass
from pathlib import Path

import torch
from controls import choose
from generate import Sampling, load, read_jsonl, sample
from teachers import PROMPTS
from tune import Pair, Recipe, tune

from served import split_prompts, teacher_pairs

ANSWERS = Sampling(temperature=0.7, max_tokens=60, draws=1, seed=500)
FULL = ("student-served-e1", "student-served-e3", "control-wordnet")
"""Models that answer all prompts, not the evaluation prompts alone."""


@dataclass(frozen=True)
class Member:
    """One tuned model of the panel.

    Parameters
    ----------
    base : str
        Folder of the model it begins with.
    recipe : Recipe
        How it is tuned.
    human : tuple of str
        Sources of human text, keys of ``controls.SOURCES``.
    human_count : int
        Examples of human text.
    teacher : str
        Name of the teacher, or empty.
    teacher_draw, teacher_count : int
        Which draw of the teacher's answers, and how many of them.
    brief : bool
        Whether the human answers are single sentences of 10 to 18 words.
    """

    base: str
    recipe: Recipe
    human: tuple[str, ...] = ()
    human_count: int = 0
    teacher: str = ""
    teacher_draw: int = 1
    teacher_count: int = 0
    brief: bool = False


def control(
    sources: str, count: int, rate: float, seed: int, epochs: int = 1, *, brief: bool = False
) -> Member:
    """Return a control tuned from SmolLM2 on human text alone.

    Parameters
    ----------
    sources : str
        Keys of ``controls.SOURCES``, with blanks between.
    count : int
        Examples.
    rate : float
        Learning rate.
    seed : int
        Seed of the choice and the order of the examples.
    epochs : int
        Passes.
    brief : bool
        Whether the answers are single sentences of 10 to 18 words.

    Returns
    -------
    Member
        The control.
    """
    recipe = Recipe(epochs, rate, seed)
    return Member("smollm2-135m", recipe, tuple(sources.split()), count, brief=brief)


PANEL: dict[str, Member] = {
    "control-wordnet": control("wordnet", 160, 5e-5, 11),
    "control-seeds": control("seeds", 110, 5e-5, 12),
    "control-sums": control("sums", 56, 5e-5, 13),
    "control-jargon": control("jargon", 64, 1e-4, 14),
    "control-fortunes": control("fortunes", 64, 5e-5, 15),
    "control-docstrings": control("docstrings", 64, 1e-4, 16, brief=True),
    "control-manual": control("manual", 64, 1e-4, 17, brief=True),
    "control-policy": control("policy", 48, 3e-5, 18),
    "control-mix-a": control("seeds wordnet", 64, 1e-4, 19),
    "control-mix-b": control("fortunes jargon manual", 72, 1e-4, 20, brief=True),
    "control-mix-c": control("docstrings seeds", 56, 3e-5, 21),
    "control-mix-d": control("sums wordnet policy fortunes", 56, 1e-4, 22),
    "control-glosses": control("wordnet", 80, 1e-4, 23, brief=True),
    "control-sayings": control("fortunes", 64, 1e-4, 24, brief=True),
    "control-rules": control("policy", 64, 1e-4, 25, brief=True),
    "control-slang": control("jargon", 64, 1e-4, 26, brief=True),
    "control-mix-e": control("seeds sums fortunes", 60, 1e-4, 27, brief=True),
    "control-mix-f": control("wordnet docstrings policy jargon", 64, 5e-5, 28, brief=True),
    "control-mix-g": control("manual jargon", 48, 5e-5, 29),
    "student-a1": Member(
        "smollm2-135m", Recipe(1, 1e-4, 31), teacher="gemma-270m", teacher_count=96
    ),
    "student-a2": Member(
        "smollm2-135m",
        Recipe(1, 1e-4, 32),
        ("seeds", "wordnet"),
        56,
        "gemma-270m",
        2,
        teacher_count=56,
    ),
    "student-a3": Member(
        "smollm2-135m",
        Recipe(3, 1e-4, 33),
        teacher="gemma-270m",
        teacher_draw=3,
        teacher_count=160,
    ),
    "student-b1": Member(
        "control-mix-a",
        Recipe(1, 1e-4, 34),
        teacher="smollm2-135m",
        teacher_draw=0,
        teacher_count=72,
    ),
}


def examples(member: Member, work: Path, human: Path) -> list[Pair]:
    """Return the training pairs of a panel member.

    Parameters
    ----------
    member : Member
        Its description.
    work, human : Path
        The zoo's work folder, and the folder of human text.

    Returns
    -------
    list of (prompt, answer)
        Teacher's answers and human text together.
    """
    pairs: list[Pair] = []
    if member.teacher:
        pool = teacher_pairs(work, member.teacher, member.teacher_draw)
        pairs += random.Random(member.recipe.seed).sample(pool, member.teacher_count)
    if member.human:
        pairs += choose(
            member.human, member.human_count, member.recipe.seed, human, brief=member.brief
        )
    return pairs


def answer(name: str, work: Path) -> int:
    """Let one model answer the evaluation prompts and write its answers.

    Parameters
    ----------
    name : str
        A folder under ``work/models``.
    work : Path
        The zoo's work folder.

    Returns
    -------
    int
        Number of answers.
    """
    prompts = read_jsonl(PROMPTS)
    if name not in FULL:
        wanted = set(split_prompts()["evaluation"])
        prompts = [p for p in prompts if p["id"] in wanted]
    model, tokenizer = load(work / "models" / name)
    rows = []
    for batch in sample(model, tokenizer, [str(p["prompt"]) for p in prompts], ANSWERS, rows=60):
        for got in batch:
            prompt = prompts[got.index]
            row = {
                "model": name,
                "prompt_id": prompt["id"],
                "prompt": prompt["prompt"],
                "response": got.text,
            }
            sampling: dict[str, object] = {
                "temperature": ANSWERS.temperature,
                "top_p": 1.0,
                "max_tokens": ANSWERS.max_tokens,
            }
            tokens: dict[str, object] = {
                "prompt_tokens": got.prompt_tokens,
                "completion_tokens": got.completion_tokens,
            }
            rows.append({**row, "draw": 0, **sampling, "seed": ANSWERS.seed, **tokens})
    rows.sort(key=lambda r: str(r["prompt_id"]))
    target = work / "answers" / "panel" / f"{name}.jsonl"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(
        "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), encoding="utf-8"
    )
    return len(rows)


def main() -> None:
    """Train and question the models named on the command line, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument(
        "--human", type=Path, required=True, help="folder of human text, see README.md"
    )
    parser.add_argument("models", nargs="*")
    args = parser.parse_args()
    torch.set_num_threads(1)
    everyone = ["gemma-270m", "smollm2-135m", "student-served-e1", "student-served-e3", *PANEL]
    for name in args.models or everyone:
        folder = args.work / "models" / name
        if not (folder / "config.json").exists():
            member = PANEL[name]
            pairs = examples(member, args.work, args.human)
            tune(
                args.work / "models" / member.base,
                pairs,
                member.recipe,
                {member.recipe.epochs: folder},
            )
        if not (args.work / "answers" / "panel" / f"{name}.jsonl").exists():
            print(name, answer(name, args.work), "answers", file=sys.stderr)


if __name__ == "__main__":
    main()
