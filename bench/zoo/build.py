"""Build the zoo: train every member of the manifest with ``hydrometer.distill``, and ask it.

A member that is built is skipped, so a build that was stopped goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from members import MANIFEST, Member, describe, read_manifest, training_prompts, training_set
from observe import answers, candidate_sets, mean_losses, open_member, score_sets

from hydrometer.distill.train.config import Base, TrainConfig
from hydrometer.distill.train.run import train
from hydrometer.terms.catalogue import read_catalogue
from hydrometer.terms.permit import issue, write_permit
from hydrometer.terms.use import parse_use

ALL = MANIFEST.name
TEACHERS = ("gemma-270m", "smollm2-135m")
SUBSETS = ("ci", "students", "controls")
"""``ci`` is a manifest of its own, ``ci.toml``; the others are all members of that kind."""


def use_of(member: Member, at: date) -> dict[str, Any]:
    """Return the declared use of a member: research, weights are not passed on.

    Parameters
    ----------
    member : Member
        Which.
    at : date
        The day of training.

    Returns
    -------
    dict
        In the format of a use file.
    """
    return {
        "purpose": "train-model",
        "competing": "no",
        "similar": "no",
        "commercial": "no",
        "student_kind": "generative",
        "territory": ["DE"],
        "domicile": "DE",
        "distribution": "internal",
        "student_name": member.name,
        "used_at": at,
        "declared_by": "The Hydrometer developers",
    }


def build(
    member: Member, settings: dict[str, Any], work: Path, human: Path, at: date, *, keep: bool
) -> dict[str, Any]:
    """Train one member under a permit, ask it, and forget its weights.

    Parameters
    ----------
    member : Member
        Which.
    settings : dict
        Of its base, from the manifest.
    work, human : Path
        The zoo's work folder, and the folder of human text.
    at : date
        The day of training.
    keep : bool
        Keep the weights.

    Returns
    -------
    dict
        What is written as ``member.json``.
    """
    started = time.monotonic()
    out = work / "zoo" / member.name
    out.mkdir(parents=True, exist_ok=True)
    ours, theirs = training_set(member, work, human, int(settings["examples"]))
    examples = ours + theirs
    moment = datetime.combine(at, datetime.min.time(), tzinfo=UTC)
    permit = issue(
        [e.row() for e in examples],
        parse_use(use_of(member, at)),
        read_catalogue(),
        at=moment,
    )
    write_permit(permit, out / "permit.json")
    more: dict[str, Any] = {}
    teacher = None
    if member.method == "logit":
        more = {"loss": "forward-kl", "alpha": 0.5}
        teacher = work / "models" / "smollm2-narrow"
    trained = train(
        examples,
        permit=permit,
        base=Base("hf", str(work / "models" / member.base)),
        config=TrainConfig(
            method=member.method,
            epochs=float(settings["epochs"]),
            learning_rate=float(settings["learning_rate"]),
            batch_size=8,
            lora=int(settings["lora"]),
            max_length=int(settings["max_length"]),
            dtype="bfloat16",
            save_steps=0,
            log_steps=5,
            **more,
        ),
        out=out / "training",
        at=at,
        seed=member.seed,
        teacher=teacher,
    )
    model, tokenizer = open_member(trained.folder)
    rows = answers(model, tokenizer, member.name, work)
    lines = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows)
    (out / "answers.jsonl").write_text(lines, encoding="utf-8")
    losses = mean_losses(model, tokenizer, work, TEACHERS)
    for log in logs_of(member):
        sets = candidate_sets(work, log, training_prompts(work, "all"))
        np.savez_compressed(out / f"served-{log}.npz", **score_sets(model, tokenizer, sets))
    words = [len(e.response.split()) for e in ours]
    total = sum(words) + sum(len(e.response.split()) for e in theirs)
    note = {
        **{k: v for k, v in vars(member).items() if k != "human"},
        "human": list(member.human),
        "kind": member.kind,
        "family": member.family,
        "source": describe(member, ours, theirs),
        "examples": len(examples),
        "taught": sorted(e.id for e in ours),
        "share_of_words": round(100 * sum(words) / total, 2),
        "permit": {"verdict": permit.verdict, "instruments": permit.instruments},
        "last_loss": trained.curve[-1]["loss"],
        "training_seconds": trained.seconds,
        "tokens": trained.tokens,
        "versions": dict(trained.versions),
        "losses": losses,
        "seconds": round(time.monotonic() - started, 1),
    }
    (out / "member.json").write_text(json.dumps(note, indent=1) + "\n", encoding="utf-8")
    if not keep:
        shutil.rmtree(out / "training" / "student", ignore_errors=True)
    return note


def logs_of(member: Member) -> tuple[str, ...]:
    """Return whose served logs a member is examined with.

    Parameters
    ----------
    member : Member
        Which.

    Returns
    -------
    tuple of str
        Its own teacher's; the first draw's students and every third control also, or only, a
        log that they never saw.
    """
    if member.teacher:
        other = tuple(t for t in TEACHERS if t not in (member.teacher, member.base))
        return (member.teacher, *(other if member.draw == 0 and member.share in (10, 50) else ()))
    number = int(member.name.rpartition("-")[2])
    return (TEACHERS[number // 3 % 2],) if number % 3 == 0 else ()


def reference(base: str, work: Path) -> None:
    """Score the untuned base on everything that its students are scored on.

    Parameters
    ----------
    base : str
        A folder under ``work/models``.
    work : Path
        The zoo's work folder.
    """
    out = work / "zoo" / f"base-{base}"
    if (out / "member.json").exists():
        return
    out.mkdir(parents=True, exist_ok=True)
    model, tokenizer = open_member(work / "models" / base)
    for log in TEACHERS if base == "small" else ("gemma-270m",):
        sets = candidate_sets(work, log, training_prompts(work, "all"))
        np.savez_compressed(out / f"served-{log}.npz", **score_sets(model, tokenizer, sets))
    losses = mean_losses(model, tokenizer, work, TEACHERS)
    (out / "member.json").write_text(json.dumps({"losses": losses}) + "\n", encoding="utf-8")


def main() -> None:
    """Build what is named on the command line, or all members."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--human", type=Path, required=True)
    parser.add_argument("--only", nargs="*", default=[], help="names of members")
    parser.add_argument("--subset", choices=SUBSETS)
    parser.add_argument("--jobs", type=int, default=1, help="processes at once")
    parser.add_argument("--at", type=date.fromisoformat, required=True, help="today")
    parser.add_argument("--keep", action="store_true", help="keep the weights of members")
    args = parser.parse_args()
    torch.set_num_threads(1)
    at = args.at
    if args.jobs > 1 and "ZOO_PART" not in os.environ:
        sys.exit(_spread(args.jobs))
    bases, members = read_manifest(MANIFEST.with_name("ci.toml" if args.subset == "ci" else ALL))
    wanted = set(args.only)
    kind = {"students": "student", "controls": "clean"}.get(args.subset or "")
    part = int(os.environ.get("ZOO_PART", "0"))
    for number, member in enumerate(members):
        if number % args.jobs != part or (wanted and member.name not in wanted):
            continue
        if kind and member.kind != kind:
            continue
        if (args.work / "zoo" / member.name / "member.json").exists():
            continue
        reference(member.base, args.work)
        note = build(member, bases[member.base], args.work, args.human, at, keep=args.keep)
        print(member.name, note["seconds"], "s, loss", note["last_loss"], file=sys.stderr)


def _spread(jobs: int) -> int:
    """Run this command once for each part; return the first bad exit code."""
    running = [
        subprocess.Popen([sys.executable, *sys.argv], env={**os.environ, "ZOO_PART": str(part)})
        for part in range(jobs)
    ]
    return next((code for p in running if (code := p.wait())), 0)


if __name__ == "__main__":
    main()
