"""Gather the zoo's answers into the repository's ``sample`` folder."""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from generate import read_jsonl
from panel import PANEL, Member
from teachers import PROMPTS

from served import split_prompts

COLUMNS = (
    "model",
    "kind",
    "teacher_vendor",
    "teacher_models",
    "base_model",
    "source",
    "family",
)
VENDORS = {"gemma-270m": "Google", "smollm2-135m": "Hugging Face"}
SUSPECTS = {
    "suspect-student": "student-served-e3",
    "suspect-student-e1": "student-served-e1",
    "suspect-control": "control-wordnet",
}
FAMILIES = ("student-served", "student-a", "student-b")
"""Name prefixes of students that share a run or a teacher's prompts."""


def family(name: str, kind: str) -> str:
    """Name the group of models that are not independent of each other.

    Parameters
    ----------
    name : str
        A model of the table.
    kind : str
        ``teacher``, ``student`` or ``clean``.

    Returns
    -------
    str
        Empty for a teacher; a control is a family of its own.

    Examples
    --------
    >>> family("student-a2", "student"), family("control-sums", "clean")
    ('student-a', 'control-sums')
    """
    if kind == "teacher":
        return ""
    return next((f for f in FAMILIES if name.startswith(f)), name)


def describe(member: Member, count: int) -> str:
    """Say in one line what a panel member was tuned on.

    Parameters
    ----------
    member : Member
        Its description in ``panel.py``.
    count : int
        Examples it was really trained on.

    Returns
    -------
    str
        For the column ``source`` of ``lineage.csv``.
    """
    parts = []
    if member.teacher:
        parts.append(
            f"{member.teacher_count} answers of {member.teacher} (draw {member.teacher_draw})"
        )
    if member.human:
        kind = "brief human-written" if member.brief else "human-written"
        parts.append(
            f"{count - member.teacher_count} {kind} examples ({' + '.join(member.human)})"
        )
    how = member.recipe
    unit = "epoch" if how.epochs == 1 else "epochs"
    return f"{'; '.join(parts)}; {how.epochs} {unit} at {how.rate:g}; seed {how.seed}"


def lineage(work: Path, models: list[str]) -> list[dict[str, str]]:
    """Return the lineage row of every model that has answered.

    Parameters
    ----------
    work : Path
        The zoo's work folder.
    models : list of str
        Names, in the order of the table.

    Returns
    -------
    list of dict
        Rows with the keys ``COLUMNS``.
    """
    rows = []
    for name in models:
        if name in VENDORS:
            values = (name, "teacher", "", "", name, VENDORS[name])
        else:
            note = json.loads(
                (work / "models" / name / "training.json").read_text(encoding="utf-8")
            )
            if name in PANEL:
                member = PANEL[name]
                teacher, base, text = (
                    member.teacher,
                    member.base,
                    describe(member, note["examples"]),
                )
            else:
                teacher, base = "gemma-270m", "smollm2-135m"
                how = f"{name[-1]} of 3 epochs at 5e-05; seed 1"
                text = f"{note['examples']} served answers of gemma-270m (draw 0); {how}"
            base = "smollm2-135m" if base == "smollm2-135m" else f"smollm2-135m via {base}"
            values = (
                name,
                "student" if teacher else "clean",
                VENDORS.get(teacher, ""),
                teacher,
                base,
                text,
            )
        rows.append(dict(zip(COLUMNS, (*values, family(name, values[1])), strict=True)))
    return rows


def write_jsonl(path: Path, rows: list[dict[str, object]]) -> None:
    """Write one JSON object per line.

    Parameters
    ----------
    path : Path
        The file.
    rows : list of dict
        What to write.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), encoding="utf-8"
    )


def bundle(work: Path, target: Path) -> dict[str, int]:
    """Write all files of the sample folder except its README.

    Parameters
    ----------
    work : Path
        The zoo's work folder.
    target : Path
        The ``sample`` folder.

    Returns
    -------
    dict of str to int
        Rows of each file.
    """
    target.mkdir(parents=True, exist_ok=True)
    split = split_prompts()
    evaluated = set(split["evaluation"])
    prompts = read_jsonl(PROMPTS)
    order = ["gemma-270m", "smollm2-135m", "student-served-e1", "student-served-e3", *PANEL]
    found = {n: work / "answers" / "panel" / f"{n}.jsonl" for n in order}
    models = [n for n in order if found[n].exists()]
    answers = [r for n in models for r in read_jsonl(found[n]) if r["prompt_id"] in evaluated]
    columns = {k: [r[k] for r in answers] for k in ("model", "prompt_id", "prompt", "response")}
    pq.write_table(pa.table(columns), target / "answers.parquet", compression="zstd")
    asked = [p for p in prompts if p["id"] in evaluated]
    table = {"prompt_id": "id", "prompt": "prompt", "source": "kind"}
    pq.write_table(
        pa.table({k: [p[v] for p in asked] for k, v in table.items()}),
        target / "prompts.parquet",
        compression="zstd",
    )
    with (target / "lineage.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(lineage(work, models))
    drawn = sorted(
        read_jsonl(work / "answers" / "gemma-270m.jsonl"),
        key=lambda r: (str(r["prompt_id"]), int(str(r["draw"]))),
    )
    served = target / "served"
    files = {
        "log": [r for r in drawn if r["draw"] == 0],
        "decoys": [r for r in drawn if r["draw"] != 0],
    }
    for file, name in SUSPECTS.items():
        if found[name].exists():
            files[file] = read_jsonl(found[name])
    for file, rows in files.items():
        write_jsonl(served / f"{file}.jsonl", rows)
    text = (
        json.dumps({k: split[k] for k in ("trained", "held_out", "evaluation")}, indent=1) + "\n"
    )
    (served / "split.json").write_text(text, encoding="utf-8")
    return {
        "answers": len(answers),
        "models": len(models),
        **{k: len(v) for k, v in files.items()},
    }


def main() -> None:
    """Write the sample folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--target", type=Path, default=Path(__file__).parents[2] / "sample")
    args = parser.parse_args()
    print(json.dumps(bundle(args.work, args.target)))


if __name__ == "__main__":
    main()
