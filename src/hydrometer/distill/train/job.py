"""A training as a folder, for launchers that start programs (`accelerate launch`, `torchrun`)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hydrometer.distill.example import Example, read_examples, write_examples
from hydrometer.distill.files import write_json
from hydrometer.distill.train.config import Base, TrainConfig, parse_base
from hydrometer.errors import InputError
from hydrometer.terms.permit import Permit, read_permit, write_permit

__all__ = ["Job", "read_job", "write_job"]

JOB, EXAMPLES, PERMIT = "job.json", "examples.jsonl", "permit.json"


@dataclass(frozen=True)
class Job:
    """All that `train` asks for, but the day and the place.

    Attributes
    ----------
    examples, permit, base, config, seed, teacher
        As `hydrometer.distill.train.run.train` takes them.
    """

    examples: Sequence[Example]
    permit: Permit
    base: Base
    config: TrainConfig
    seed: int
    teacher: Path | None = None


def write_job(job: Job, folder: str | Path) -> None:
    """Write a job into a folder: settings, examples and the permit for them.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise InputError(f"cannot write {folder}", got=str(err)[:160]) from err
    write_examples(job.examples, folder / EXAMPLES)
    write_permit(job.permit, folder / PERMIT)
    record = {
        "base": job.base.text,
        "config": job.config.to_record(),
        "seed": job.seed,
        "teacher": None if job.teacher is None else str(job.teacher),
    }
    write_json(record, folder / JOB)


def read_job(folder: str | Path) -> Job:
    """Return the job of a folder.

    Paths in it are taken as they stand, from where the program is started.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    folder = Path(folder)
    path = folder / JOB
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        base, seed = parse_base(record["base"]), int(record["seed"])
        config = TrainConfig.from_record(record["config"])
        teacher = None if record["teacher"] is None else Path(record["teacher"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as err:
        raise InputError(
            f"cannot read {path}",
            got=f"{type(err).__name__}: {err}"[:160],
            wanted="a folder that write_job made",
        ) from err
    return Job(read_examples(folder / EXAMPLES), read_permit(folder / PERMIT), base, config, seed,
               teacher)  # fmt: skip
