"""Write the default pairs of ``hydrometer bench trace``, for peers that read no lineage."""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from hydrometer.trace.evaluate import default_pairs
from hydrometer.trace.lineage import read_lineage
from hydrometer.trace.load import load_answers, load_panel


def main() -> int:
    """Write pairs, and the ids of the prompts that ``--max-prompts`` and ``--seed`` draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--responses", type=Path, required=True, help="model, prompt_id, response")
    parser.add_argument("--prompts", type=Path, required=True, help="prompt_id, prompt")
    parser.add_argument("--lineage", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="student,teacher,label")
    parser.add_argument("--max-prompts", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--ids", type=Path, help="where to write the ids of the drawn prompts")
    args = parser.parse_args()

    lineage = read_lineage(args.lineage)
    held = load_answers([args.responses], role="panel", format="answers", prompts=args.prompts)
    panel = load_panel(held, lineage)
    pairs = [p for p in default_pairs(list(panel.answers), lineage) if p.kind != "derived"]
    with args.out.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["student", "teacher", "label"])
        rows.writerows([p.student, p.teacher, p.label] for p in pairs)
    if args.ids:
        # The same draw as in `hydrometer bench trace`.
        order = np.random.default_rng(args.seed).permutation(sorted(panel.prompts))
        drawn = {panel.prompts[str(key)] for key in order[: args.max_prompts]}
        table = pq.read_table(args.prompts, columns=["prompt_id", "prompt"]).to_pylist()
        ids = [str(r["prompt_id"]) for r in table if r["prompt"] in drawn]
        args.ids.write_text("\n".join(ids) + "\n", encoding="utf-8")
    print(f"{len(pairs)} pairs, {sum(p.label for p in pairs)} true; {len(panel.prompts)} prompts")
    return 0


if __name__ == "__main__":
    sys.exit(main())
