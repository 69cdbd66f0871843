"""The small files of a run: written whole or not at all, and read with an error that says why."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from hydrometer.errors import InputError

__all__ = ["file_digest", "read_json", "read_lines", "write_json", "write_lines", "write_text"]


def write_json(value: object, path: Path) -> None:
    """Write a JSON file at once: the old one or the new one, never half.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    text = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=True, allow_nan=False) + "\n"
    write_text(text, path)


def write_text(text: str, path: Path) -> None:
    """Write a text file at once.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    temporary = path.with_name(path.name + ".tmp")
    try:
        with open(temporary, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as err:
        raise _full(path, err) from err


def read_json(path: Path) -> dict[str, Any]:
    """Return the object of a JSON file.

    Raises
    ------
    InputError
        If it cannot be read, or holds no object.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as err:
        raise InputError(f"cannot read {path}", got=str(err)[:160]) from err
    if not isinstance(found, dict):
        raise InputError(f"cannot read {path}", got="no object")
    return found


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a JSONL file that `write_lines` wrote.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
        return [json.loads(line) for line in text.split("\n") if line]
    except (OSError, ValueError, RecursionError) as err:
        raise InputError(f"cannot read {path}", got=str(err)[:160]) from err


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as err:
        raise InputError(f"cannot read {path}", got=str(err)[:160]) from err


def write_lines(rows: Iterable[Mapping[str, object]], path: Path) -> None:
    """Write rows as JSONL, one at a time: the old file or the new one, never half.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    temporary = path.with_name(path.name + ".tmp")
    try:
        with open(temporary, "w", encoding="ascii", newline="\n") as file:
            for row in rows:
                file.write(json.dumps(row, sort_keys=True, ensure_ascii=True) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as err:
        raise _full(path, err) from err


def _full(path: Path, err: OSError) -> InputError:
    return InputError(
        f"cannot write {path}",
        got=str(err)[:160],
        next_step="make room, and run the same line again: nothing is lost",
    )
