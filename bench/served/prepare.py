"""Join the zoo's draws into candidate sets and training examples, by the zoo's split."""

from __future__ import annotations

import argparse
import json
from pathlib import Path


def main() -> None:
    """Write ``candidates.jsonl`` (draw 0 first) and ``examples.jsonl`` (the served answers)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=Path, required=True, help="draws of the teacher, JSONL")
    parser.add_argument("--split", type=Path, required=True, help="JSON with the trained prompts")
    parser.add_argument("--out", type=Path, required=True, help="folder")
    args = parser.parse_args()
    split = json.loads(args.split.read_text(encoding="utf-8"))
    trained = set(split["trained"])
    draws: dict[str, dict[int, dict]] = {}
    for line in args.answers.read_text(encoding="utf-8").strip("\n").split("\n"):
        row = json.loads(line)
        draws.setdefault(row["prompt_id"], {})[row["draw"]] = row
    args.out.mkdir(parents=True, exist_ok=True)
    sets, examples = [], []
    for name in sorted(draws):
        rows = draws[name]
        texts = [rows[d]["response"] for d in sorted(rows) if rows[d]["response"].strip()]
        if 0 not in rows or not rows[0]["response"].strip() or len(texts) < 2:
            continue
        prompt = rows[0]["prompt"]
        sets.append(
            {"id": name, "prompt": prompt, "candidates": texts, "trained": name in trained}
        )
        if name in trained:
            examples.append({"id": name, "prompt": prompt, "answer": texts[0]})
    for file, rows_out in (("candidates", sets), ("examples", examples)):
        text = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows_out)
        (args.out / f"{file}.jsonl").write_text(text, encoding="utf-8")
    print(f"{len(sets)} sets, {len(examples)} examples")


if __name__ == "__main__":
    main()
