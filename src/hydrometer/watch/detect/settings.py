"""What the detectors are told: weights, thresholds and limits, from a TOML file."""

from __future__ import annotations

import math
import re
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from hydrometer.errors import InputError

__all__ = ["Settings", "load_settings", "parse_rate"]

MONTH = 30.0
"""Days that a budget of false alarms is stated for."""


@dataclass(frozen=True)
class Settings:
    """Settings of a monitor.

    Parameters
    ----------
    groups, state, weights, levels : dict
        The tables of ``settings.toml``.
    false_alarms : float
        Alarms by chance that the user allows in 30 days.
    """

    groups: dict[str, float]
    state: dict[str, float]
    weights: dict[str, float]
    levels: dict[str, float]
    false_alarms: float = 1.0

    def plain(self) -> dict[str, Any]:
        """Return the settings as plain JSON values."""
        return {
            "groups": dict(self.groups),
            "state": dict(self.state),
            "weights": dict(self.weights),
            "levels": dict(self.levels),
            "false_alarms_per_30_days": self.false_alarms,
        }


def load_settings(path: Path | None = None, *, false_alarms: str = "1/30d") -> Settings:
    """Return the settings of a file, or those that are shipped.

    Raises
    ------
    InputError
        If the file cannot be read, lacks a table, or holds a key that is not known.

    Examples
    --------
    >>> load_settings(false_alarms="2/60d").false_alarms
    1.0
    """
    shipped = tomllib.loads((files(__package__) / "settings.toml").read_text("utf-8"))
    found: dict[str, Any] = {}
    if path is not None:
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as err:
            raise InputError(f"cannot read the settings {path}", got=str(err)[:120]) from err
    for table, values in found.items():
        if table not in shipped or not isinstance(values, dict):
            raise InputError(f"{path}: unknown table", got=table, wanted=", ".join(shipped))
        for name, value in values.items():
            if name not in shipped[table]:
                raise InputError(
                    f"{path}: unknown key in [{table}]", got=name, wanted=", ".join(shipped[table])
                )
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not number or not 0 <= value < math.inf:
                raise InputError(
                    f"{path}: {table}.{name} is no number of 0 or more", got=repr(value)[:60]
                )
            shipped[table][name] = value
    return Settings(**shipped, false_alarms=parse_rate(false_alarms))


def parse_rate(text: str) -> float:
    """Return alarms for each 30 days from a text such as ``1/30d``.

    Raises
    ------
    InputError
        If it is no such rate, or not positive.

    Examples
    --------
    >>> parse_rate("1/30d"), parse_rate("1/7d") > 4
    (1.0, True)
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)/(\d+(?:\.\d+)?)d", text.strip())
    if not match or float(match[1]) <= 0 or float(match[2]) <= 0:
        raise InputError("not a rate of false alarms", got=repr(text), wanted="1/30d")
    return float(match[1]) * MONTH / float(match[2])
