"""One body to events: decoded, its clock checked, keyed.

After this no text is left, but the prompts that an encrypted sample asks for.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
import pyarrow as pa

from hydrometer.watch.observation import Observation, Rejected
from hydrometer.watch.observe import Observer
from hydrometer.watch.service.evidence import Evidence, Prompt
from hydrometer.watch.service.setup import DAY
from hydrometer.watch.sources.attribution import Attribution
from hydrometer.watch.sources.registry import decode

__all__ = ["AHEAD", "FUTURE", "Intake", "Taken"]

AHEAD = 600_000_000
"""Microseconds ahead of the arrival up to which a clock is called right."""

FUTURE = DAY
"""Microseconds ahead of the arrival from which a time is called wrong: such an event would keep
the end of every window in the future."""


class Taken(NamedTuple):
    """What one body gave: events, rows set aside, parts that are no model call, clocks astray.

    ``prompts`` are those that the encrypted sample asks for, until they are sealed.
    """

    events: pa.RecordBatch
    rejected: list[Rejected]
    skipped: int
    skewed: int
    prompts: list[Prompt]


class Intake:
    """Turns bodies into events.

    Parameters
    ----------
    observer : Observer
    attribution : Attribution
    window : float
        Days; an event older than that at its arrival counts as skewed.
    evidence : Evidence, optional
        Picks prompts for the encrypted sample; without it no text leaves this object.
    """

    def __init__(
        self,
        observer: Observer,
        attribution: Attribution,
        *,
        window: float,
        evidence: Evidence | None = None,
    ) -> None:
        self._evidence = evidence
        self._observe, self._attribution = observer, attribution
        self._behind = int(window * DAY)

    def __call__(self, header: dict[str, Any], body: bytes) -> Taken:
        """Return the events of a body.

        Parameters
        ----------
        header : dict
            ``format``, ``source``, ``type``, ``encoding`` and ``arrival`` (microseconds).
        body : bytes

        Raises
        ------
        InputError
            If the body as a whole cannot be read.
        """
        decoded = decode(
            body,
            header["format"],
            attribution=self._attribution,
            source=header["source"],
            content_type=header["type"],
            content_encoding=header["encoding"],
        )
        kept, rejected, skewed = [], list(decoded.rejected), 0
        arrival = int(header["arrival"])
        for number, row in enumerate(decoded.observations, 1):
            ahead = row.time - arrival
            if ahead > FUTURE:
                rejected.append(_refused(header["source"], number, row, ahead))
                continue
            skewed += ahead > AHEAD or ahead < -self._behind
            kept.append(row)
        events = self._observe(kept)
        prompts = self._evidence.pick(kept, events) if self._evidence else []
        return Taken(events, rejected, decoded.skipped, skewed, prompts)


def _refused(source: str, number: int, row: Observation, ahead: int) -> Rejected:
    raw = msgspec.json.encode(row._asdict(), enc_hook=str).decode("utf-8", "replace")
    reason = f"the event lies {ahead / DAY:.1f} days ahead of its arrival"
    return Rejected(source, number, reason, raw[:10_000])
