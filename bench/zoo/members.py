"""The manifest of the zoo: its members, and the examples that each of them learns."""

from __future__ import annotations

import json
import random  # noqa: TID251 - only seeded local generators
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from base import human_pairs
from controls import first_sentence
from generate import read_jsonl
from tune import Pair

from hydrometer.distill.example import Example
from hydrometer.exchange import Message

MANIFEST = Path(__file__).parent / "members.toml"
NAMES = {
    "gemma-270m": ("google/gemma-3-270m", "google"),
    "smollm2-135m": ("HuggingFaceTB/SmolLM2-135M-Instruct", "huggingface"),
}
"""The teachers by the names that terms know, and who makes them."""

GENERATED = "2026-11-23"
"""The day on which the draws were made."""


@dataclass(frozen=True)
class Member:
    """One model of the zoo; the fields are those of ``members.toml``.

    Parameters
    ----------
    name, base, teacher : str
        ``teacher`` is empty for a control.
    share : int
        Percent of the examples that are the teacher's.
    method : str
        ``sequence`` or ``logit``.
    paraphrased : bool
        Whether the other model has said the teacher's answers in its own words.
    draw : int
        Which of the teacher's draws was served.
    prompts : str
        ``all``, ``first`` or ``second`` half of the training prompts.
    human : tuple of str
        Sources of human text.
    brief : bool
        Whether the human answers are single sentences of 10 to 18 words.
    seed : int
        Of the choice and the order of the examples, and of the training.
    """

    name: str
    base: str
    seed: int
    teacher: str = ""
    share: int = 0
    method: str = "sequence"
    paraphrased: bool = False
    draw: int = 0
    prompts: str = "all"
    human: tuple[str, ...] = ()
    brief: bool = False

    @property
    def kind(self) -> str:
        """``student`` or ``clean``."""
        return "student" if self.teacher else "clean"

    @property
    def family(self) -> str:
        """Models that are not independent of each other: those that learned the same draws."""
        return f"{self.teacher}-{'abcd'[self.draw]}" if self.teacher else self.name


def read_manifest(path: Path = MANIFEST) -> tuple[dict[str, dict[str, Any]], list[Member]]:
    """Return the settings of each base and the members in the order of the manifest.

    Parameters
    ----------
    path : Path
        The TOML file.

    Returns
    -------
    tuple
        Settings by base, and members.
    """
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    known = {f.name for f in fields(Member)}
    members = []
    for row in table["member"]:
        if set(row) - known:
            raise SystemExit(f"{path}: {row['name']}: unknown {sorted(set(row) - known)}")
        members.append(Member(**{**row, "human": tuple(row.get("human", ()))}))
    if len({m.name for m in members}) != len(members):
        raise SystemExit(f"{path}: a name stands there twice")
    return table["base"], members


def training_prompts(work: Path, which: str) -> list[str]:
    """Return the ids of the training prompts, or of one fixed half of them.

    Parameters
    ----------
    work : Path
        The zoo's work folder.
    which : str
        ``all``, ``first`` or ``second``.

    Returns
    -------
    list of str
        Sorted.
    """
    split = json.loads((work / "served_split.json").read_text(encoding="utf-8"))["trained"]
    order = sorted(split)
    random.Random(20261124).shuffle(order)
    half = len(order) // 2
    parts = {"all": order, "first": order[:half], "second": order[half:]}
    return sorted(parts[which])


def taught(member: Member, work: Path, count: int) -> list[Example]:
    """Return the teacher's part of a member's training set.

    Parameters
    ----------
    member : Member
        A student.
    work : Path
        The zoo's work folder.
    count : int
        Examples of the whole training set.

    Returns
    -------
    list of Example
        At least one; each with its writers.
    """
    suffix = "-paraphrased" if member.paraphrased else ""
    rows = read_jsonl(work / "draws" / f"{member.teacher}{suffix}.jsonl")
    wanted = set(training_prompts(work, member.prompts))
    pool = sorted(
        (
            r
            for r in rows
            if r["prompt_id"] in wanted and r["response"] and r["draw"] == member.draw
        ),
        key=lambda r: str(r["prompt_id"]),
    )
    number = min(len(pool), max(1, round(count * member.share / 100)))
    chosen = random.Random(member.seed).sample(pool, number)
    model, provider = NAMES[member.teacher]
    writers = [_writer(model, provider, "answer")]
    if member.paraphrased:
        other = next(t for t in NAMES if t != member.teacher)
        writers.append(_writer(*NAMES[other], "rewriter"))
    return [
        Example(
            id=str(r["prompt_id"]),
            prompt=(Message("user", str(r["prompt"])),),
            response=str(r["response"]),
            writers=tuple(writers),
            sampling={
                "top_p": 1.0,
                **{k: r[k] for k in ("temperature", "max_tokens", "seed", "draw")},
            },
            tokens_in=int(str(r["prompt_tokens"])),
            tokens_out=None if member.paraphrased else int(str(r["completion_tokens"])),
            source=f"{member.teacher}{suffix}.jsonl",
        )
        for r in chosen
    ]


def _writer(model: str, provider: str, role: str) -> dict[str, Any]:
    return {
        "model": model,
        "role": role,
        "surface": "weights",
        "provider": provider,
        "generated_at": GENERATED,
    }


def written_by_people(member: Member, human: Path, count: int) -> list[Example]:
    """Return the human part of a member's training set.

    Parameters
    ----------
    member : Member
        A student or a control.
    human : Path
        Folder of the human text.
    count : int
        How many.

    Returns
    -------
    list of Example
        In equal shares from its sources, as far as they go; never text that the base has read.
    """
    person = {"model": "human", "role": "answer"}
    chosen: list[tuple[str, Pair]] = []
    for at, name in enumerate(member.human):
        pairs = human_pairs(human, (name,), "member")
        if member.brief:
            pairs = [(q, s) for q, a in pairs if (s := first_sentence(a))]
        share = (count - len(chosen)) // (len(member.human) - at)
        picked = random.Random(f"{member.seed}:{name}").sample(pairs, min(share, len(pairs)))
        chosen += [(name, p) for p in picked]
    return [
        Example(
            id=f"{name}-{number:03d}",
            prompt=(Message("user", pair[0]),),
            response=pair[1],
            writers=(person,),
            source=name,
        )
        for number, (name, pair) in enumerate(chosen)
    ]


def training_set(
    member: Member, work: Path, human: Path, count: int
) -> tuple[list[Example], list[Example]]:
    """Return the teacher's part and the human part of a member's training set.

    Parameters
    ----------
    member : Member
        Which.
    work, human : Path
        The zoo's work folder, and the folder of human text.
    count : int
        Examples of the whole; a half of the prompts gives half as many.

    Returns
    -------
    tuple of list of Example
        Their order is the trainer's affair.
    """
    if member.prompts != "all":
        count //= 2
    ours = taught(member, work, count) if member.teacher else []
    rest = 0 if member.share == 100 else count - len(ours)
    return ours, written_by_people(member, human, rest)


def describe(member: Member, ours: Sequence[Example], theirs: Sequence[Example]) -> str:
    """Say in one line what a member learned.

    Parameters
    ----------
    member : Member
        Which.
    ours, theirs : sequence of Example
        As `training_set` returned them.

    Returns
    -------
    str
        For the column ``source`` of ``lineage.csv``.
    """
    parts = []
    if ours:
        how = ", said in its own words by the other teacher" if member.paraphrased else ""
        loss = ", logits" if member.method == "logit" else ""
        half = "" if member.prompts == "all" else f", {member.prompts} half of the prompts"
        what = f"draw {member.draw}{half}{loss}{how}"
        parts.append(f"{len(ours)} answers of {member.teacher} ({what})")
    if theirs:
        brief = "brief human-written" if member.brief else "human-written"
        parts.append(f"{len(theirs)} {brief} examples ({' + '.join(member.human)})")
    return f"{'; '.join(parts)}; seed {member.seed}"
