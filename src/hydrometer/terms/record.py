"""An instrument as JSON, and its reading in one word."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from hydrometer.terms.instrument import READINGS, Instrument

__all__ = ["instrument_record", "worst_reading"]

ORDER = (
    *("routes", "permits", "permits-with-duties", "if-similar", "if-competing"),
    *("silent", "unknown", "bars-any"),
)
assert set(ORDER) == set(READINGS)


def worst_reading(i: Instrument) -> str:
    """Return the reading that decides where no fact of the use is known."""
    return max((c.reading for c in i.clauses), key=ORDER.index)


def instrument_record(i: Instrument) -> dict[str, Any]:
    """Return every field, dates as ISO text."""
    made: dict[str, Any] = json.loads(json.dumps(asdict(i), default=str))
    return {"name": i.name, "reading": worst_reading(i), **made}
