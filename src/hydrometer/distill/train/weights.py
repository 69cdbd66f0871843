"""The digest of a model: of the files that decide what it computes, wherever they lie."""

from __future__ import annotations

import hashlib
from pathlib import Path

from hydrometer.errors import InputError

__all__ = ["weights_digest"]

DECIDE = (".safetensors", ".bin", ".gguf", ".json", ".model", ".jinja", ".txt")
"""Endings of the files of a model; its README and its training records decide nothing."""

BESIDE = (
    *("trained.json", "run.json", "training_args.bin", "trainer_state.json"),
    "hydrometer.json",
)


def weights_digest(path: str | Path) -> str:
    """Return the SHA-256 over the files of a model: weights, configuration and tokenizer.

    Parameters
    ----------
    path : str or Path
        A folder in the format of transformers, or one file.

    Raises
    ------
    InputError
        If there is nothing to read.
    """
    path = Path(path)
    files = [path] if path.is_file() else []
    if path.is_dir():
        files = sorted(
            p
            for p in path.iterdir()
            if p.is_file() and p.suffix in DECIDE and p.name not in BESIDE
        )
    if not files:
        raise InputError(f"no model at {path}", wanted="a folder of weights, or a .gguf file")
    whole = hashlib.sha256()
    try:
        for p in files:
            name = "" if p == path else p.name
            with open(p, "rb") as file:
                own = hashlib.file_digest(file, "sha256").hexdigest()
            whole.update(f"{name} {own}\n".encode("utf-8", "surrogatepass"))
    except OSError as err:
        raise InputError(f"cannot read {path}", got=str(err)[:160]) from err
    return whole.hexdigest()
