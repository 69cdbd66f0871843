"""Which field of a log names the account, and which ones link accounts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["Attribution", "load_attribution"]


@dataclass(frozen=True)
class Attribution:
    """Signatures first: `Attribution()` is the default mapping."""


def load_attribution(path: Path | None) -> Attribution:
    """Return the mapping of a TOML file; None gives the default.

    Raises
    ------
    InputError
        If the file cannot be read or names an unknown key.
    """
    raise NotImplementedError
