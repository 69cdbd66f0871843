"""Gather what the zoo's members said into a data set: answers and scores, no weights."""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from generate import read_jsonl
from members import Member, read_manifest, training_prompts
from observe import candidate_sets, evaluation_prompts

ROOT = Path(__file__).parents[2]
COLUMNS = (
    *("model", "kind", "teacher_vendor", "teacher_models", "base_model", "source", "family"),
    *("share", "paraphrased", "method", "base", "teacher", "prompts", "rewriter"),
    "share_of_words",
)
VENDORS = {"gemma-270m": "Google", "smollm2-135m": "Hugging Face"}
SAMPLE_SHARES = {"student-a2": 50}
"""Shares of the sample's students in percent; 100 where not named."""


def write(path: Path, table: dict[str, list[Any]]) -> None:
    """Write one Parquet file.

    Parameters
    ----------
    path : Path
        Where to.
    table : dict
        Columns.
    """
    pq.write_table(pa.table(table), path, compression="zstd", compression_level=19)


def built(work: Path) -> list[tuple[Member, dict[str, Any]]]:
    """Return the members that are built, with their records, in the order of the manifest.

    Parameters
    ----------
    work : Path
        The zoo's work folder.

    Returns
    -------
    list of (Member, dict)
        What ``build.py`` wrote as ``member.json``.
    """
    _, members = read_manifest()
    found = []
    for member in members:
        path = work / "zoo" / member.name / "member.json"
        if path.exists():
            found.append((member, json.loads(path.read_text(encoding="utf-8"))))
    return found


def lineage(members: list[tuple[Member, dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return the truth: teachers, members, and the models of the sample.

    Parameters
    ----------
    members : list of (Member, dict)
        As `built` returned them.

    Returns
    -------
    list of dict
        Rows with the keys ``COLUMNS``.
    """
    blank = dict.fromkeys(COLUMNS, "")
    rows = [
        {**blank, "model": t, "kind": "teacher", "base_model": t, "source": v}
        for t, v in VENDORS.items()
    ]
    for member, note in members:
        other = next(t for t in VENDORS if t != member.teacher) if member.paraphrased else ""
        rows.append(
            {
                "model": member.name,
                "kind": member.kind,
                "teacher_vendor": VENDORS.get(member.teacher, ""),
                "teacher_models": ";".join(filter(None, (member.teacher, other))),
                "base_model": member.base,
                "source": note["source"],
                "family": member.family,
                "share": member.share,
                "paraphrased": "yes" if member.paraphrased else "no",
                "method": member.method,
                "base": member.base,
                "teacher": member.teacher,
                "prompts": member.prompts,
                "rewriter": other,
                "share_of_words": note["share_of_words"],
            }
        )
    with (ROOT / "sample" / "lineage.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["kind"] == "teacher":
                continue
            student = row["kind"] == "student"
            rows.append(
                {
                    **blank,
                    **row,
                    "share": SAMPLE_SHARES.get(row["model"], 100) if student else 0,
                    "paraphrased": "no",
                    "method": "sequence",
                    "base": "smollm2-135m",
                    "teacher": row["teacher_models"],
                    "prompts": "all",
                }
            )
    return rows


def said(work: Path, members: list[tuple[Member, dict[str, Any]]]) -> dict[str, list[Any]]:
    """Return every model's answers to the evaluation prompts.

    Parameters
    ----------
    work : Path
        The zoo's work folder.
    members : list of (Member, dict)
        As `built` returned them.

    Returns
    -------
    dict of list
        ``model``, ``prompt_id`` and ``response``; the teachers' answers and those of the
        sample's models are the sample's.
    """
    table = pq.read_table(ROOT / "sample" / "answers.parquet")
    out = {k: table.column(k).to_pylist() for k in ("model", "prompt_id", "response")}
    for member, _ in members:
        for row in read_jsonl(work / "zoo" / member.name / "answers.jsonl"):
            for key, column in out.items():
                column.append(row[key])
    return out


def drawn(work: Path) -> dict[str, list[Any]]:
    """Return the teachers' four draws of each prompt, and the paraphrases of draw 0.

    Parameters
    ----------
    work : Path
        The zoo's work folder.

    Returns
    -------
    dict of list
        ``teacher``, ``prompt_id``, ``draw``, ``rewriter`` (empty for the teacher's own words),
        ``response``, and how it was drawn.
    """
    copied = ("prompt_id", "draw", "response", "temperature", "max_tokens", "seed")
    counts = ("prompt_tokens", "completion_tokens")
    out: dict[str, list[Any]] = {k: [] for k in ("teacher", "rewriter", *copied, *counts)}
    for teacher in VENDORS:
        for suffix in ("", "-paraphrased"):
            rows = read_jsonl(work / "draws" / f"{teacher}{suffix}.jsonl")
            for row in sorted(rows, key=lambda r: (str(r["prompt_id"]), int(str(r["draw"])))):
                out["teacher"].append(teacher)
                out["rewriter"].append(row["model"] if suffix else "")
                for name in (*copied, *counts):
                    out[name].append(row[name])
    return out


def scored(work: Path, members: list[tuple[Member, dict[str, Any]]]) -> dict[str, list[Any]]:
    """Return the losses and greedy hits of every examined model on every candidate.

    Parameters
    ----------
    work : Path
        The zoo's work folder.
    members : list of (Member, dict)
        As `built` returned them.

    Returns
    -------
    dict of list
        ``model``, ``log`` (whose), ``prompt_id``, ``draw``, ``loss`` (nats, summed), ``tokens``
        and ``hits`` (one character a word: 1 where the model's first choice is the word).
    """
    names = [m.name for m, _ in members]
    names += sorted(p.name for p in (work / "zoo").glob("base-*") if p.is_dir())
    out: dict[str, list[Any]] = {
        k: [] for k in ("model", "log", "prompt_id", "draw", "loss", "tokens", "hits")
    }
    for teacher in VENDORS:
        sets = candidate_sets(work, teacher, training_prompts(work, "all"))
        for name in names:
            path = work / "zoo" / name / f"served-{teacher}.npz"
            if not path.exists():
                continue
            with np.load(path) as held:
                index, loss, hit = held["index"], held["loss"], held["hit"]
            at = 0
            for i, j, words, tokens in index.tolist():
                marks = "".join("1" if h else "0" for h in hit[at : at + words])
                total = round(float(loss[at : at + words].sum()), 2)
                values = (name, teacher, sets[i]["id"], j, total, tokens, marks)
                for column, value in zip(out.values(), values, strict=True):
                    column.append(value)
                at += words
    return out


def publish(work: Path, target: Path) -> dict[str, int]:
    """Write the data set.

    Parameters
    ----------
    work : Path
        The zoo's work folder.
    target : Path
        Folder of the data set.

    Returns
    -------
    dict of str to int
        Rows of each file.
    """
    target.mkdir(parents=True, exist_ok=True)
    members = built(work)
    prompts = evaluation_prompts(work)
    write(
        target / "prompts.parquet",
        {
            "prompt_id": [p["id"] for p in prompts],
            "prompt": [p["prompt"] for p in prompts],
            "source": [p["kind"] for p in prompts],
        },
    )
    answers, draws, scores = said(work, members), drawn(work), scored(work, members)
    write(target / "answers.parquet", answers)
    write(target / "draws.parquet", draws)
    scores["loss"] = pa.array(scores["loss"], pa.float32())
    write(target / "served.parquet", scores)
    rows = lineage(members)
    with (target / "lineage.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    notes = [note for _, note in members]
    for path in sorted((work / "zoo").glob("base-*/member.json")):
        note = json.loads(path.read_text(encoding="utf-8"))
        notes.append({"name": path.parent.name, **note})
    losses: dict[str, list[Any]] = {k: [] for k in ("model", "teacher", "prompt_id", "loss")}
    for note in notes:
        for teacher, by_prompt in note.pop("losses").items():
            losses["model"] += [note["name"]] * len(by_prompt)
            losses["teacher"] += [teacher] * len(by_prompt)
            losses["prompt_id"] += list(by_prompt)
            losses["loss"] += list(by_prompt.values())
    losses["loss"] = pa.array(losses["loss"], pa.float32())
    write(target / "losses.parquet", losses)
    text = "".join(json.dumps(n, ensure_ascii=True, sort_keys=True) + "\n" for n in notes)
    (target / "members.jsonl").write_text(text, encoding="ascii")
    return {
        "models": len(rows),
        "members": len(members),
        "answers": len(answers["model"]),
        "draws": len(draws["draw"]),
        "served": len(scores["draw"]),
    }


def main() -> None:
    """Write the data set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--target", type=Path, default=Path(__file__).parent / "data")
    args = parser.parse_args()
    print(json.dumps(publish(args.work, args.target)))


if __name__ == "__main__":
    main()
