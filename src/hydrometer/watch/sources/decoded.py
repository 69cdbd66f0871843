"""What came of bytes: observations, rows that gave none, and things that are no model call."""

from __future__ import annotations

from dataclasses import dataclass, field

from hydrometer.watch.observation import Observation, Rejected

__all__ = ["RAW", "Decoded", "reject"]

RAW = 10_000
"""Characters of a bad row that quarantine keeps."""


@dataclass
class Decoded:
    """What one body, or one stretch of a file, held.

    Parameters
    ----------
    observations : list of Observation
        In the order of the rows.
    rejected : list of Rejected
        Rows that gave no observation, each with its reason.
    skipped : int
        Parts that are no model call at all (spans of a database, of a tool): counted, not kept.
    cursor : str or None
        Where to go on after this part, for a source that can.
    """

    observations: list[Observation] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    skipped: int = 0
    cursor: str | None = None


def reject(source: str, line: int, reason: str, raw: str | bytes) -> Rejected:
    """Return a rejected row; its text is cut and made valid UTF-8.

    Examples
    --------
    >>> reject("a.jsonl", 3, "no account", b"x" * 20_000).raw[-2:]
    'xx'
    """
    if isinstance(raw, str):
        raw = raw[:RAW].encode("utf-8", "replace")
    return Rejected(source, line, reason, raw[:RAW].decode("utf-8", "replace"))
