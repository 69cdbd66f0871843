"""Collect what the zoo's teachers serve, with decoy draws, and paraphrases by the other model.

Every batch is written as soon as it is drawn; a run that was stopped goes on where it
stopped and gives the same file.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import generate
import pyarrow.parquet as pq
import torch
from generate import Sampling, decode_batch, frame, load, read_jsonl
from teachers import PROMPTS, shuffle_draws

TEACHERS = ("gemma-270m", "smollm2-135m")
DRAWS = 4
MAX_TOKENS = 60
SEEDS = {"gemma-270m": 201, "smollm2-135m": 202}
SAMPLE = Path(__file__).parents[2] / "sample" / "served"

REWRITE = (
    "Text: The old mill stands beside the river, and nobody has used it for many years.\n"
    "In other words: Next to the river there is a mill that has been out of use for ages.\n\n"
    "Text: You should drink water before you feel thirsty, above all on hot days.\n"
    "In other words: Do not wait for thirst; when it is hot, take water early.\n\n"
    "Text: A lighthouse warns ships of rocks near the coast.\n"
    "In other words: Ships learn from a lighthouse that there are rocks close to the shore.\n\n"
)
"""Three rewritings that were written for this project; the base model continues them."""

ASK = "Say the following in other words, as one short paragraph, without adding anything:\n\n"
"""What the model with a chat template is asked."""


def draw_rows(
    model_name: str, work: Path, items: Sequence[dict[str, Any]], how: Sampling, target: Path
) -> int:
    """Answer ``items`` (each with ``text``, the framed prompt) and append rows to a file.

    Parameters
    ----------
    model_name : str
        A folder under ``work/models``.
    work : Path
        The zoo's work folder.
    items : sequence of dict
        ``id`` and ``text``; every other key is copied into the rows.
    how : Sampling
        Temperature, length, draws, seed.
    target : Path
        JSONL; batches that are in it are not drawn again.

    Returns
    -------
    int
        Rows drawn in this run.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    have = {r["batch"] for r in read_jsonl(target)} if target.exists() else set()
    order = sorted(range(len(items)), key=lambda i: (len(items[i]["text"]), i))
    width = max(1, 96 // how.draws)
    batches = [order[a : a + width] for a in range(0, len(order), width)]
    if len(have) == len(batches):
        return 0
    model, tokenizer = load(work / "models" / model_name)
    written = 0
    with target.open("a", encoding="utf-8") as out:
        for number, part in enumerate(batches):
            if number in have:
                continue
            rng = torch.Generator().manual_seed(how.seed * 100_000 + number)
            texts = [items[i]["text"] for i in part]
            tokens, lengths = decode_batch(model, tokenizer, texts, how, rng)
            lines = []
            for at, index in enumerate(part):
                item = {k: v for k, v in items[index].items() if k not in ("text", "id")}
                numbers = shuffle_draws(str(items[index]["id"]), how.seed, how.draws)
                for d in range(how.draws):
                    ids = tokens[at * how.draws + d]
                    text = tokenizer.decode(ids, skip_special_tokens=True)
                    row = {
                        "model": model_name,
                        "prompt_id": items[index]["id"],
                        **item,
                        "response": tidy(text),
                        "draw": numbers[d],
                        "batch": number,
                        "temperature": how.temperature,
                        "top_p": 1.0,
                        "max_tokens": how.max_tokens,
                        "seed": how.seed,
                        "prompt_tokens": lengths[at],
                        "completion_tokens": len(ids),
                    }
                    lines.append(json.dumps(row, ensure_ascii=False) + "\n")
            out.write("".join(lines))
            out.flush()
            written += len(lines)
            print(f"{target.name}: {number + 1}/{len(batches)} batches", file=sys.stderr)
    return written


def tidy(text: str) -> str:
    r"""Cut an answer where a base model begins the next example.

    Parameters
    ----------
    text : str
        What was generated.

    Returns
    -------
    str
        The answer alone.

    Examples
    --------
    >>> tidy(" Ships see it.\n\nText: Another")
    'Ships see it.'
    """
    for mark in ("\n\nText:", "\nText:", "\n\nQ:", "\nQ:"):
        text = text.split(mark)[0]
    return text.strip().removesuffix("Q:").removesuffix("Text:").strip()


def collect(teacher: str, work: Path) -> int:
    """Draw four answers of a teacher to each prompt; draw 0 is what was served.

    The answers of Gemma are those of the project's sample: its draws 0 to 3.

    Parameters
    ----------
    teacher : str
        One of `TEACHERS`.
    work : Path
        The zoo's work folder.

    Returns
    -------
    int
        Rows written.
    """
    target = work / "draws" / f"{teacher}.jsonl"
    if teacher == "gemma-270m":
        target.parent.mkdir(parents=True, exist_ok=True)
        rows = read_jsonl(SAMPLE / "log.jsonl") + read_jsonl(SAMPLE / "decoys.jsonl")
        kept = [r for r in rows if int(str(r["draw"])) < DRAWS]
        text = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in kept)
        target.write_text(text, encoding="utf-8")
        return len(kept)
    _, tokenizer = load_tokenizer(work, teacher)
    items = [
        {"id": p["id"], "prompt": p["prompt"], "text": frame(tokenizer, str(p["prompt"]))}
        for p in read_jsonl(PROMPTS)
    ]
    how = Sampling(0.9, MAX_TOKENS, DRAWS, SEEDS[teacher])
    return draw_rows(teacher, work, items, how, target)


def load_tokenizer(work: Path, name: str) -> tuple[None, Any]:
    """Load a tokenizer alone.

    Parameters
    ----------
    work : Path
        The zoo's work folder.
    name : str
        A folder under ``work/models``.

    Returns
    -------
    tuple
        None, and the tokenizer (as `generate.load` orders them).
    """
    return None, generate.AutoTokenizer.from_pretrained(work / "models" / name)


def paraphrase(teacher: str, work: Path) -> int:
    """Let the other model say each served answer of a teacher in its own words.

    Parameters
    ----------
    teacher : str
        Whose served answers are rewritten.
    work : Path
        The zoo's work folder.

    Returns
    -------
    int
        Rows written.
    """
    other = next(t for t in TEACHERS if t != teacher)
    _, tokenizer = load_tokenizer(work, other)
    trained = set(json.loads((work / "served_split.json").read_text(encoding="utf-8"))["trained"])
    items = []
    for row in read_jsonl(work / "draws" / f"{teacher}.jsonl"):
        if row["draw"] != 0 or row["prompt_id"] not in trained or not row["response"]:
            continue
        said = " ".join(str(row["response"]).split())
        if tokenizer.chat_template is None:
            text = f"{REWRITE}Text: {said}\nIn other words:"
        else:
            message = [{"role": "user", "content": ASK + said}]
            text = tokenizer.apply_chat_template(
                message, tokenize=False, add_generation_prompt=True
            )
        items.append(
            {"id": row["prompt_id"], "prompt": row["prompt"], "original": said, "text": text}
        )
    how = Sampling(0.7, MAX_TOKENS, 1, SEEDS[other] + 10)
    target = work / "draws" / f"{teacher}-paraphrased.jsonl"
    return draw_rows(other, work, items, replace(how, draws=1), target)


def restore(work: Path) -> int:
    """Write the draws that the repository holds where the drawing would write them.

    Parameters
    ----------
    work : Path
        The zoo's work folder.

    Returns
    -------
    int
        Rows written.
    """
    table = pq.read_table(Path(__file__).parent / "data" / "draws.parquet").to_pylist()
    prompts = {p["id"]: p["prompt"] for p in read_jsonl(PROMPTS)}
    files: dict[str, list[str]] = {}
    for row in table:
        suffix = "-paraphrased" if row["rewriter"] else ""
        made = {"model": row["rewriter"] or row["teacher"], "prompt": prompts[row["prompt_id"]]}
        line = json.dumps({**made, **row}, ensure_ascii=False) + "\n"
        files.setdefault(f"{row['teacher']}{suffix}.jsonl", []).append(line)
    (work / "draws").mkdir(parents=True, exist_ok=True)
    for name, lines in files.items():
        (work / "draws" / name).write_text("".join(lines), encoding="utf-8")
    return len(table)


def main() -> None:
    """Collect what is named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("what", nargs="*", default=["served", "paraphrased"])
    parser.add_argument("--recorded", action="store_true", help="take the repository's draws")
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.recorded:
        print(restore(args.work), "rows", file=sys.stderr)
        return
    for what in args.what:
        for teacher in TEACHERS:
            do = collect if what == "served" else paraphrase
            print(what, teacher, do(teacher, args.work), "rows", file=sys.stderr)


if __name__ == "__main__":
    main()
