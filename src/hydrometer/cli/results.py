"""Where a benchmark leaves its results: a folder with ``metrics.json`` and ``table.md``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hydrometer.errors import InputError

__all__ = ["claim_folder", "write_results"]


def claim_folder(out: Path) -> None:
    """Make the folder and see that it can be written, before hours are spent.

    Raises
    ------
    InputError
        If it cannot be made or written.
    """
    probe = out / ".probe"
    try:
        out.mkdir(parents=True, exist_ok=True)
        probe.write_text("", encoding="utf-8")
        probe.unlink()
    except OSError as err:
        raise InputError(
            f"cannot write to {out}", got=str(err)[:120], next_step="name another folder"
        ) from err


def write_results(out: Path, metrics: dict[str, Any], table: str) -> None:
    """Write both files.

    Raises
    ------
    InputError
        If they cannot be written.
    """
    text = json.dumps(metrics, indent=1)
    try:
        (out / "metrics.json").write_text(text + "\n", encoding="utf-8")
        (out / "table.md").write_text(table, encoding="utf-8")
    except OSError as err:
        raise InputError(f"cannot write to {out}", got=str(err)[:120]) from err
