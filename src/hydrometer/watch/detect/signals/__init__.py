"""The detectors, one file each: a view of a group in, a reading out."""

from __future__ import annotations

from collections.abc import Callable

from hydrometer.watch.detect.signals import (
    balance,
    elicitation,
    fanout,
    hoarding,
    links,
    pivot,
    shift,
    templates,
    tiling,
    timing,
)
from hydrometer.watch.detect.view import View
from hydrometer.watch.result import Signal

__all__ = ["SIGNALS"]

SIGNALS: dict[str, Callable[[View], Signal]] = {
    "templates": templates.measure,
    "links": links.measure,
    "balance": balance.measure,
    "tiling": tiling.measure,
    "elicitation": elicitation.measure,
    "hoarding": hoarding.measure,
    "pivot": pivot.measure,
    "fanout": fanout.measure,
    "shift": shift.measure,
    "timing": timing.measure,
}
"""Signals by name, the strongest per unit of data first."""
