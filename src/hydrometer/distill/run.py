"""The whole still, stage after stage in one folder: a killed run continues where it stopped."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hydrometer.distill.example import read_examples
from hydrometer.distill.files import read_json, read_lines, write_json
from hydrometer.distill.filter import Rejection, count_reasons
from hydrometer.distill.plan import Plan, make_plan
from hydrometer.distill.recipe import changes
from hydrometer.distill.stages import (
    Selected,
    Setting,
    collect_answers,
    make_job,
    select,
    train_student,
)
from hydrometer.distill.train.record import Trained, read_trained
from hydrometer.errors import InputError
from hydrometer.terms.permit import read_permit

__all__ = ["STAGES", "locked", "prepare", "reread", "work"]

STAGES = ("collect", "filter", "job", "train", "evaluate", "card")


def prepare(s: Setting, *, recipe_path: Path, flops: float | None = None) -> Plan:
    """Claim the folder, see that the recipe is the one that began there, plan, and ask the gate.

    Raises
    ------
    InputError
        If the folder cannot be used, or holds the run of another recipe.
    NotPermitted
        If the gate would refuse: before any query is sent.
    """
    claim(s.folder)
    known = s.folder / "run.json"
    making = s.recipe.making()
    if known.exists():
        differs = changes(read_json(known).get("making") or {}, making)
        if differs:
            raise InputError(
                f"the recipe is not the one that began in {s.folder}",
                got="; ".join(differs)[:600],
                next_step="change it back, or name a new folder with --work",
            )
    plan = make_plan(s.recipe, at=s.clock(), work=s.folder, flops=flops)
    write_json({**plan.to_record(), "at": s.clock().isoformat()}, s.folder / "plan.json")
    plan.ruling.require()
    if not known.exists():
        where = os.path.relpath(recipe_path.resolve(), s.folder.resolve())
        record = {"recipe": where, "making": making, "sha256": s.recipe.digest}
        write_json({**record, "begun": s.clock().isoformat()}, known)
    return plan


def claim(folder: Path) -> None:
    """Make the folder and see that it can be written.

    Raises
    ------
    InputError
        If it cannot.
    """
    probe = folder / ".probe"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"x" * 4096)
        probe.unlink()
    except OSError as err:
        raise InputError(
            f"cannot write to {folder}",
            got=str(err)[:160],
            next_step="make room, or name another folder with --work",
        ) from err


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder against a second run, where the system can.

    Raises
    ------
    InputError
        If another run holds it.
    """
    claim(folder)
    try:
        import fcntl
    except ImportError:  # pragma: no cover (not a POSIX system)
        yield
        return
    with open(folder / ".lock", "w", encoding="ascii") as file:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as err:
            raise InputError(
                f"another run is at work in {folder}", next_step="wait for it, or name another"
            ) from err
        yield


def work(s: Setting, plan: Plan, *, until: str = STAGES[-1]) -> tuple[Selected, Trained | None]:
    """Run the stages up to the training; return the training set and the trained student.

    Parameters
    ----------
    s : Setting
        Of the run.
    plan : Plan
        From `prepare`.
    until : str
        The last stage; before the training there is no student.
    """
    answers, _ = collect_answers(s, plan)
    if until == "collect":
        return Selected([], [], {}, plan.ruling.require()), None
    chosen = select(s, plan, answers)
    if until == "filter":
        return chosen, None
    if until == "job":
        make_job(s, chosen.examples, chosen.permit)
        return chosen, None
    return chosen, train_student(s, chosen.examples, chosen.permit)


def _chosen(folder: Path) -> Selected:
    """Return the training set that an earlier run left."""
    path = folder / "examples.jsonl"
    if not path.exists():
        raise InputError(
            f"no training set in {folder}",
            next_step=f"hydrometer distill resume {folder}",
        )
    rejected = count_reasons(Rejection(**r) for r in read_lines(folder / "rejected.jsonl"))
    return Selected(
        read_examples(path),
        read_lines(folder / "provenance.jsonl"),
        rejected,
        read_permit(folder / "permit.json"),
    )


def reread(s: Setting) -> tuple[Selected, Trained]:
    """Return the training set and the student of a run whose training is done.

    Raises
    ------
    InputError
        If it is not.
    """
    trained = read_trained(s.folder / "train")
    if trained is None:
        raise InputError(
            f"no trained student in {s.folder}",
            next_step=f"hydrometer distill resume {s.folder}",
        )
    return _chosen(s.folder), trained
