"""Checkpoints that are whole: each has a marker, written last, with the sizes of its files."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from hydrometer.distill.files import write_json

__all__ = ["newest", "prune", "seal"]

MARKER = "complete.json"


def _sizes(folder: Path) -> dict[str, int]:
    return {
        p.relative_to(folder).as_posix(): p.stat().st_size
        for p in sorted(folder.rglob("*"))
        if p.is_file() and not p.name.startswith(MARKER)
    }


def seal(folder: Path) -> None:
    """Mark a checkpoint as whole, once all its files are on the disk.

    Raises
    ------
    InputError
        If the marker cannot be written.
    """
    for name in _sizes(folder):
        with open(folder / name, "rb") as file:
            os.fsync(file.fileno())
    write_json(_sizes(folder), folder / MARKER)


def _step(folder: Path) -> int:
    number = folder.name.rpartition("-")[2]
    return int(number) if number.isdecimal() else -1


def _whole(folder: Path) -> bool:
    try:
        return bool(json.loads((folder / MARKER).read_text("utf-8")) == _sizes(folder))
    except (OSError, ValueError):
        return False


def newest(folder: Path) -> Path | None:
    """Return the last checkpoint that is whole, if there is one."""
    found = [p for p in folder.glob("checkpoint-*") if p.is_dir() and _whole(p)]
    return max(found, key=_step, default=None)


def prune(folder: Path, keep: int) -> None:
    """Remove all but the last whole checkpoints; one that was left half-written goes too."""
    found = sorted((p for p in folder.glob("checkpoint-*") if p.is_dir()), key=_step)
    whole = [p for p in found if _whole(p)]
    kept = whole[-keep:] if keep else []
    for p in found:
        if p not in kept:
            shutil.rmtree(p, ignore_errors=True)
