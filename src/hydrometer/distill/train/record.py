"""What a training leaves behind: the curve while it runs, and the record when it is done."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hydrometer.distill.files import write_json, write_text
from hydrometer.errors import InputError

__all__ = ["Curve", "Trained", "read_curve", "read_trained"]

CURVE = "curve.jsonl"
RECORD = "trained.json"


def read_curve(folder: str | Path) -> list[dict[str, Any]]:
    """Return the points of a curve, in order; a torn last line is left out.

    Raises
    ------
    InputError
        If a line that is not the last cannot be read.
    """
    path = Path(folder) / CURVE
    if not path.exists():
        return []
    rows = []
    lines = path.read_text(encoding="utf-8").split("\n")
    for number, line in enumerate(lines, 1):
        try:
            if line.strip():
                rows.append(json.loads(line))
                rows[-1]["step"] = int(rows[-1]["step"])
        except (ValueError, TypeError, KeyError) as err:
            rows = rows[: number - 1]
            if number < len(lines):
                raise InputError(f"{path}:{number} is not a point of a curve") from err
    return rows


class Curve:
    """The file that a training appends its curve to, each step once.

    Parameters
    ----------
    folder : str or Path
        Where the training writes.
    """

    def __init__(self, folder: str | Path) -> None:
        self.path = Path(folder) / CURVE

    def cut(self, step: int) -> list[dict[str, Any]]:
        """Drop the points after a step, which will be computed again; return the others."""
        rows = [r for r in read_curve(self.path.parent) if r["step"] <= step]
        write_text("".join(_line(r) for r in rows), self.path)
        return rows

    def append(self, row: Mapping[str, Any]) -> None:
        """Add one point; it is on the disk when this returns.

        Raises
        ------
        InputError
            If it cannot be written.
        """
        try:
            with open(self.path, "a", encoding="ascii", newline="\n") as file:
                file.write(_line(row))
                file.flush()
                os.fsync(file.fileno())
        except OSError as err:
            raise InputError(
                f"cannot write {self.path}",
                got=str(err)[:160],
                next_step="make room, and run the same line again",
            ) from err


def _line(row: Mapping[str, Any]) -> str:
    return json.dumps(dict(row), ensure_ascii=True, allow_nan=False) + "\n"


@dataclass(frozen=True)
class Trained:
    """A finished training.

    Attributes
    ----------
    folder : Path
        The student's weights and tokenizer, in the format of transformers;
        adapters are merged in.
    adapter : Path or None
        The low-rank adapters alone, where there are any.
    curve : tuple of dict
        One point for each logged step: ``step``, ``loss``, ``cross_entropy``,
        ``distillation`` (None where the method has none; all three in nats per
        answer token), ``learning_rate``, ``grad_norm``, ``tokens`` (of input,
        so far) and ``seconds`` (so far, over all runs).
    device : str
        Where it ran.
    processes : int
        On how many processes at once.
    seconds : float
        Of the training itself, over all runs.
    tokens : int
        Of input, padding not counted.
    peak_memory : int
        Bytes; of the device where there is one, else of this process.
    parameters, trained_parameters : int
        Of the student, and how many of them could change.
    steps, examples : int
        Updates made; examples used.
    set_aside : tuple of str
        Names of the examples that are too long.
    versions : mapping of str to str
        Of the libraries that trained.
    fingerprint : str
        SHA-256 of all that decides the result: settings, base, examples,
        seed, teacher.
    """

    folder: Path
    adapter: Path | None
    curve: tuple[dict[str, Any], ...] = field(repr=False)
    device: str
    processes: int
    seconds: float
    tokens: int
    peak_memory: int
    parameters: int
    trained_parameters: int
    steps: int
    examples: int
    set_aside: tuple[str, ...]
    versions: Mapping[str, str]
    fingerprint: str

    def to_record(self) -> dict[str, Any]:
        """Return the record as plain values; paths are relative, the curve stays in its file."""
        record = asdict(self)
        del record["curve"]
        record["folder"] = self.folder.name
        record["adapter"] = None if self.adapter is None else self.adapter.name
        record["set_aside"] = list(self.set_aside)
        return record

    def write(self, out: Path) -> None:
        """Write the record beside the student: the training is done."""
        write_json(self.to_record(), out / RECORD)


def read_trained(out: str | Path) -> Trained | None:
    """Return the record of a finished training, or None where it is not finished.

    Raises
    ------
    InputError
        If the record cannot be read.
    """
    out = Path(out)
    path = out / RECORD
    if not path.exists():
        return None
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        record["folder"] = out / record["folder"]
        record["adapter"] = out / record["adapter"] if record["adapter"] else None
        record["set_aside"] = _texts(record["set_aside"])
        return Trained(**record, curve=tuple(read_curve(out)))
    except (OSError, ValueError, TypeError, KeyError) as err:
        raise InputError(f"cannot read {path}", got=f"{type(err).__name__}: {err}"[:160]) from err


def _texts(values: Sequence[object]) -> tuple[str, ...]:
    return tuple(str(v) for v in values)
