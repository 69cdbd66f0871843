"""Tokens per second of each way to distil, each in a process of its own.

The texts are random words, written by no model: speed does not depend on what is learned.
Tokens are input tokens, padding not counted, of all updates but the first two.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np

from hydrometer.distill.example import Example
from hydrometer.distill.train.config import TrainConfig, parse_base
from hydrometer.exchange import Message
from hydrometer.terms.permit import Permit, rows_digest

DAY = date(2026, 11, 1)
WAYS = {
    "sequence": {"method": "sequence"},
    "logit, teacher asked": {"method": "logit"},
    "logit, cache of 20": {"method": "logit", "top_k": 20},
    "on-policy, 32 new tokens": {"method": "on-policy", "max_new_tokens": 32},
    "sequence, adapters of rank 8": {"method": "sequence", "lora": 8},
    "logit, cache of 20, adapters": {"method": "logit", "top_k": 20, "lora": 8},
}


def words(rng: np.random.Generator, count: int) -> list[str]:
    """Return pseudo-words of one to three syllables."""
    onset, rhyme = list("bcdfglmnprst"), ["a", "e", "i", "o", "u", "an", "er", "is", "on", "at"]
    return [
        "".join(rng.choice(onset) + rng.choice(rhyme) for _ in range(rng.integers(1, 4)))
        for _ in range(count)
    ]


def texts(count: int, seed: int) -> list[tuple[str, str]]:
    """Return prompts and answers of random words."""
    rng = np.random.default_rng(seed)
    known = words(rng, 2000)
    return [
        (" ".join(rng.choice(known, 12)) + "?", " ".join(rng.choice(known, 40)) + ".")
        for _ in range(count)
    ]


def make_tokenizer(path: Path, size: int) -> None:
    """Learn a BPE vocabulary of the random words."""
    import transformers
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    raw.train_from_iterator(
        [f"{p} {a}" for p, a in texts(2000, 0)],
        trainers.BpeTrainer(
            vocab_size=size, special_tokens=["<pad>", "<eos>"], show_progress=False,
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        ),
    )  # fmt: skip
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=raw, pad_token="<pad>", eos_token="<eos>"
    ).save_pretrained(path)


def one(case: dict) -> dict:
    """Train once, and return what it took."""
    import torch

    from hydrometer.distill.train.run import train

    torch.set_num_threads(case["threads"])
    writer = {"model": "none", "role": "answer", "surface": "weights"}
    examples = [
        Example(f"r{i}", (Message("user", p),), a, (writer,))
        for i, (p, a) in enumerate(texts(case["examples"], 1))
    ]
    rows = [e.row() for e in examples]
    permit = Permit(  # no model wrote these words: there are no terms to read
        "permitted", len(rows), rows_digest(rows), "", "", None, DAY.isoformat(), "2026-11-02",
        (), (), (),
    )  # fmt: skip
    cpu: list[float] = []

    def progress(step: int, steps: int, row: dict) -> None:
        cpu.append(time.process_time())

    got = train(
        examples, permit=permit, base=parse_base(case["base"]),
        config=TrainConfig(**case["config"]), out=Path(case["out"]), at=DAY, seed=0,
        teacher=Path(case["teacher"]) if case["config"]["method"] != "sequence" else None,
        progress=progress,
    )  # fmt: skip
    first, last = got.curve[1], got.curve[-1]
    tokens = last["tokens"] - first["tokens"]
    return {
        "tokens_per_second": tokens / (last["seconds"] - first["seconds"]),
        "tokens_per_cpu_second": tokens / (cpu[-1] - cpu[1]),
        "tokens_per_update": tokens / (got.steps - 2),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "parameters": got.parameters,
        "trained_parameters": got.trained_parameters,
        "updates": got.steps,
    }


def apart(case: dict) -> dict:
    """Run one case in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--case", "-"],
        input=json.dumps(case), capture_output=True, text=True, check=False,
        env={**os.environ, "OMP_NUM_THREADS": str(case["threads"]), "HF_HUB_OFFLINE": "1"},
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    return json.loads(done.stdout.splitlines()[-1])


def table(results: dict) -> str:
    """Return the results as a page."""
    env = results["environment"]
    lines = [
        "# Speed of training",
        "",
        f"{results['date']}, commit {results['commit']}, {env['cores']} cores, {env['threads']} "
        f"thread{'s' if env['threads'] > 1 else ''}, {env['libraries']}. Load average "
        f"{env['load'][0]:.1f} at the start and {env['load'][1]:.1f} at the end: other work ran "
        "beside it where that is above 1, and tokens per processor second are then the fairer "
        "figure. Batches of 8, random words. The teacher of the student from scratch has 27M "
        "parameters; SmolLM2 is its own. The time of a cache is not in the speed, its memory is.",
        "",
        "| student | way | precision | tokens an update | tokens/s "
        "| tokens per processor second | peak MB |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for r in results["rows"]:
        lines.append(
            f"| {r['student']} | {r['way']} | {r['dtype']} | {r['tokens_per_update']:,.0f} "
            f"| {r['tokens_per_second']:,.0f} "
            f"| {r['tokens_per_cpu_second']:,.0f} | {r['peak_memory_mb']:,.0f} |"
        )
    return "\n".join([*lines, ""])


def main() -> None:
    """Measure all ways, or run one case."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--case")
    parser.add_argument("--work", type=Path)
    parser.add_argument("--weights", type=Path, help="a folder of SmolLM2-135M, if there is one")
    parser.add_argument("--out", type=Path, default=Path("bench/results/distill"))
    parser.add_argument("--commit", default="")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--updates", type=int, default=12)
    options = parser.parse_args()
    if options.case:
        print(json.dumps(one(json.loads(sys.stdin.read()))))
        return
    from hydrometer.distill.train.base import open_base

    work, load = options.work, [os.getloadavg()[0]]
    make_tokenizer(work / "tokenizer", 4096)
    small = f"new:{work / 'tokenizer'}@layers=6,width=224,heads=4"
    teacher, tokenizer = open_base(
        parse_base(f"new:{work / 'tokenizer'}@layers=8,width=512,heads=8"), max_length=256, seed=1
    )
    teacher.save_pretrained(work / "teacher")
    tokenizer.save_pretrained(work / "teacher")
    students = [("5M from scratch", small, work / "teacher", WAYS, "float32"),
                ("5M from scratch", small, work / "teacher", WAYS, "bfloat16")]  # fmt: skip
    if options.weights:
        few = {k: v for k, v in WAYS.items() if "on-policy" not in k}
        students.append(
            ("SmolLM2 135M", f"hf:{options.weights}", options.weights, few, "bfloat16")
        )
    rows = []
    for student, base, asked, ways, dtype in students:
        for way, config in ways.items():
            out = work / f"out-{len(rows)}"
            updates = options.updates if "5M" in student else max(4, options.updates // 2)
            case = {
                "base": base, "teacher": str(asked), "out": str(out), "threads": options.threads,
                "examples": 8 * updates,
                "config": {"steps": updates, "batch_size": 8, "max_length": 256, "dtype": dtype,
                           "save_steps": 0, **config},
            }  # fmt: skip
            rows.append({"student": student, "way": way, "dtype": dtype, **apart(case)})
            print(json.dumps(rows[-1]), file=sys.stderr)
    load.append(os.getloadavg()[0])
    libraries = ", ".join(f"{n} {version(n)}" for n in ("torch", "transformers", "trl", "peft"))
    results = {
        "date": datetime.now(UTC).date().isoformat(),  # noqa: TID251
        "commit": options.commit,
        "environment": {
            "cores": os.cpu_count(), "threads": options.threads, "load": load,
            "libraries": libraries, "python": platform.python_version(),
        },
        "teachers": {"5M from scratch": "27M from scratch", "SmolLM2 135M": "itself"},
        "rows": rows,
    }  # fmt: skip
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "metrics.json").write_text(json.dumps(results, indent=1) + "\n")
    (options.out / "table.md").write_text(table(results))


if __name__ == "__main__":
    main()
