"""What the evaluation found, in the rows that card and report show, and what it does not show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hydrometer.distill.stages import Setting
from hydrometer.distill.train.record import Trained

__all__ = ["assess", "limits"]


def assess(s: Setting, trained: Trained) -> dict[str, Any]:
    """Return the rows and the sizes of an evaluation of the student."""
    return {}


def limits(record: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what nobody should read into the figures."""
    return []
