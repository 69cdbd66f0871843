"""Train the job of a folder: ``accelerate launch -m hydrometer.distill.train JOB --out OUT``.

One process or many, one machine or many: the same job. Without a graphics card it is
``torchrun --nproc-per-node 2 -m hydrometer.distill.train JOB --out OUT``: accelerate then starts
one process, whatever it is asked for.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from hydrometer.distill.train.job import read_job
from hydrometer.errors import HydrometerError, MissingExtra, NotPermitted

__all__ = ["main"]


def _say(step: int, steps: int, row: dict[str, Any]) -> None:
    if sys.stderr.isatty():
        end = "\n" if step == steps else "\r"
        sys.stderr.write(f"step {step} of {steps}, loss {row['loss']:.4f}{end}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, and write the record as one line of JSON on the main process.

    Returns
    -------
    int
        0 done, 1 not permitted, 2 any other error.
    """
    parser = argparse.ArgumentParser(prog="python -m hydrometer.distill.train")
    parser.add_argument("job", help="folder with job.json, examples.jsonl and permit.json")
    parser.add_argument("--out", required=True, help="folder of this training alone")
    options = parser.parse_args(arguments)
    try:
        job = read_job(options.job)
        try:
            from accelerate import PartialState

            from hydrometer.distill.train.run import train
        except ImportError as err:
            raise MissingExtra("training", "train") from err
        trained = train(
            job.examples, permit=job.permit, base=job.base, config=job.config, out=options.out,
            at=datetime.now(UTC).date(),  # noqa: TID251 (a command of its own)
            seed=job.seed, teacher=job.teacher, progress=_say,
        )  # fmt: skip
        if PartialState().is_main_process:
            sys.stdout.write(json.dumps(trained.to_record(), sort_keys=True) + "\n")
        return 0
    except HydrometerError as err:
        sys.stderr.write(f"{err}\n")
        return 1 if isinstance(err, NotPermitted) else 2


if __name__ == "__main__":
    raise SystemExit(main())
