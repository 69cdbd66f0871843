"""Draw the teachers' answers: what was served, and the decoys that could have been."""

from __future__ import annotations

import argparse
import json
import random  # noqa: TID251 - only seeded local generators
import sys
from pathlib import Path

import torch
from generate import Sampling, load, read_jsonl, sample

PROMPTS = Path(__file__).parents[2] / "src/hydrometer/models/data/prompts.jsonl"
DRAWS = {"gemma-270m": 8, "smollm2-135m": 1}
SEEDS = {"gemma-270m": 101, "smollm2-135m": 102}
TEMPERATURE = 0.9
MAX_TOKENS = 70


def shuffle_draws(prompt_id: str, seed: int, draws: int) -> list[int]:
    """Return the draw number given to each generated answer of a prompt.

    All draws of a prompt leave the generator together; which of them is called draw 0,
    the served one, is decided here afterwards.

    Parameters
    ----------
    prompt_id : str
        Makes the order differ between prompts.
    seed : int
        Seed of the run.
    draws : int
        How many draws there are.

    Returns
    -------
    list of int
        A permutation of ``range(draws)``.

    Examples
    --------
    >>> sorted(shuffle_draws("p001", 7, 4))
    [0, 1, 2, 3]
    """
    numbers = list(range(draws))
    random.Random(f"{seed}:{prompt_id}").shuffle(numbers)
    return numbers


def draw_answers(model_name: str, work: Path) -> int:
    """Draw and write all answers of one teacher.

    Parameters
    ----------
    model_name : str
        A folder under ``work/models``.
    work : Path
        The zoo's work folder.

    Returns
    -------
    int
        Rows written in this run.
    """
    model, tokenizer = load(work / "models" / model_name)
    prompts = read_jsonl(PROMPTS)
    how = Sampling(TEMPERATURE, MAX_TOKENS, DRAWS[model_name], SEEDS[model_name])
    target = work / "answers" / f"{model_name}.jsonl"
    target.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with target.open("w", encoding="utf-8") as out:
        for batch in sample(model, tokenizer, [str(p["prompt"]) for p in prompts], how):
            for answer in batch:
                prompt = prompts[answer.index]
                numbers = shuffle_draws(str(prompt["id"]), how.seed, how.draws)
                row = {
                    "model": model_name,
                    "prompt_id": prompt["id"],
                    "prompt": prompt["prompt"],
                    "response": answer.text,
                    "draw": numbers[answer.draw],
                    "temperature": how.temperature,
                    "top_p": 1.0,
                    "max_tokens": how.max_tokens,
                    "seed": how.seed,
                    "prompt_tokens": answer.prompt_tokens,
                    "completion_tokens": answer.completion_tokens,
                }
                out.write(json.dumps(row, ensure_ascii=False) + "\n")
                written += 1
            out.flush()
            print(f"{model_name}: {written} answers", file=sys.stderr)
    return written


def main() -> None:
    """Draw the answers of the teachers named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("teachers", nargs="*", default=sorted(DRAWS))
    args = parser.parse_args()
    torch.set_num_threads(1)
    for name in args.teachers:
        draw_answers(name, args.work)


if __name__ == "__main__":
    main()
