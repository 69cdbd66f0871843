"""Score the members by the grey-box views, from the recorded data set; no model is needed.

Writes ``model,teacher,view,score,pvalue`` for ``hydrometer bench trace --views``: the served-log
test by log-probabilities and by the greedy walk, each with and without the untuned base as
reference, and the contrast of losses on text that nobody was trained on.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from hydrometer.trace.served.agreement import walk_scores
from hydrometer.trace.served.judge import judge_scores
from hydrometer.trace.served.prefill import Walk

DATA = Path(__file__).parent / "data"
ALPHA = 0.01
LEAST = 20
"""Null models that a spread is taken over."""
SEED = 1
Table = dict[str, Any]


def tables(data: Path) -> dict[tuple[str, str], Table]:
    """Return, by model and log, arrays over prompts and draws.

    Parameters
    ----------
    data : Path
        The data set.

    Returns
    -------
    dict
        ``loss``, ``tokens``, ``hits`` (from the second word on), ``words`` and the ``walk``.
    """
    draws = pq.read_table(data / "draws.parquet").to_pylist()
    text = {
        (r["teacher"], r["prompt_id"], r["draw"]): r["response"]
        for r in draws
        if not r["rewriter"]
    }
    grouped: dict[tuple[str, str], list[Table]] = defaultdict(list)
    for row in pq.read_table(data / "served.parquet").to_pylist():
        grouped[row["model"], row["log"]].append(row)
    out = {}
    for (model, log), rows in grouped.items():
        prompts = sorted({r["prompt_id"] for r in rows})
        place = {p: i for i, p in enumerate(prompts)}
        shape = (len(prompts), 1 + max(r["draw"] for r in rows))
        one: Table = {k: np.full(shape, np.nan) for k in ("loss", "tokens", "hits", "words")}
        said: list[list[Any]] = [[()] * shape[1] for _ in prompts]
        hits: list[list[Any]] = [[np.zeros(0)] * shape[1] for _ in prompts]
        for r in rows:
            i, j = place[r["prompt_id"]], r["draw"]
            marks = np.array([c == "1" for c in r["hits"]], dtype=float)
            words = text[log, r["prompt_id"], j].split()[: len(marks)]
            size = min(len(words), len(marks))
            one["loss"][i, j], one["tokens"][i, j] = r["loss"], r["tokens"]
            one["hits"][i, j], one["words"][i, j] = marks[1:].sum(), len(marks)
            said[i][j], hits[i][j] = tuple(words[1:size]), marks[1:size]
        walk = Walk(tuple(map(tuple, said)), tuple(map(tuple, hits)), 0)
        one["walk"], one["prompts"] = walk_scores(walk), prompts
        out[model, log] = one
    return out


def served_views(
    held: dict[tuple[str, str], Table], members: dict[str, Table]
) -> list[tuple[str, str, str, float, float]]:
    """Return the served-log test of every examined member.

    Parameters
    ----------
    held : dict
        As `tables` returned it.
    members : dict
        Records by name.

    Returns
    -------
    list of tuple
        Model, teacher, view, minus log10 p, p.
    """
    out = []
    for (model, log), one in sorted(held.items()):
        record = members[model]
        # SmolLM2's own descendants are not asked about its log: their base wrote it.
        if model.startswith("base-") or record["base"] == log:
            continue
        base = held["base-" + record["base"], log]
        # The served draw comes first. A model that never saw this log has no served draw: any
        # will do, and it is the first.
        first = record["draw"] if record["teacher"] == log else 0
        order = [first, *(d for d in range(one["loss"].shape[1]) if d != first)]
        root = np.sqrt(np.maximum(one["tokens"], 1))
        scores = {
            "served log, log-probabilities": -one["loss"] / np.maximum(one["tokens"], 1),
            "served log, log-probabilities, base as reference": (base["loss"] - one["loss"])
            / root,
            "served log, text with prefill (walk)": one["walk"],
            "served log, text with prefill (walk), base as reference": (one["hits"] - base["hits"])
            / np.sqrt(np.maximum(one["words"], 1)),
        }
        for view, table in scores.items():
            found = judge_scores(table[:, order], alpha=ALPHA, seed=SEED).main
            p = max(10.0**found.log10_p, 1e-300)
            out.append((model, log, view, -found.log10_p, min(p, 1.0)))
    return out


def loss_contrast(data: Path, members: dict[str, Table]) -> list[tuple[str, str, str, float]]:
    """Return how much easier than its base each member finds a teacher's text, less the other's.

    Parameters
    ----------
    data : Path
        The data set.
    members : dict
        Records by name.

    Returns
    -------
    list of tuple
        Model, teacher, view, standard deviations among the null models; the text answers prompts
        that nobody was trained on.
    """
    losses: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for row in pq.read_table(data / "losses.parquet").to_pylist():
        losses[row["model"], row["teacher"]][row["prompt_id"]] = row["loss"]
    teachers = sorted({t for _, t in losses})
    names = [n for n, r in members.items() if "base" in r]
    raw: dict[tuple[str, str], float] = {}
    for name in names:
        gain = {}
        for t in teachers:
            base, own = losses["base-" + members[name]["base"], t], losses[name, t]
            gain[t] = float(np.mean([base[p] - own[p] for p in own]))
        for t in teachers:
            raw[name, t] = gain[t] - float(np.mean([gain[u] for u in teachers if u != t]))
    out = []
    for name in names:
        for t in teachers:
            # As the views of the answers are: within the null models of this candidate and base,
            # the model itself counted in.
            pool = [
                raw[other, t]
                for other in names
                if members[other]["base"] == members[name]["base"]
                and (other == name or members[other]["teacher"] != t)
                and (other == name or not members[other]["paraphrased"])
            ]
            if len(pool) >= LEAST:
                score = (raw[name, t] - np.mean(pool)) / np.std(pool, ddof=1)
                out.append((name, t, "losses on fresh text, base as reference", float(score)))
    return out


def main() -> None:
    """Write the table of scores."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    lines = (args.data / "members.jsonl").read_text(encoding="ascii").splitlines()
    members = {r["name"]: r for r in map(json.loads, lines)}
    with args.out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("model", "teacher", "view", "score", "pvalue"))
        for model, teacher, view, score, p in served_views(tables(args.data), members):
            writer.writerow((model, teacher, view, f"{score:.4f}", f"{p:.3e}"))
        for model, teacher, view, score in loss_contrast(args.data, members):
            writer.writerow((model, teacher, view, f"{score:.5f}", ""))


if __name__ == "__main__":
    main()
