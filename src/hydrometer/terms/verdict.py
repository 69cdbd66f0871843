"""The lattice of results and what carries one: the reason and the duty owed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

__all__ = ["OPEN", "VERDICTS", "Owed", "Reason", "Result", "rank", "worst"]

VERDICTS = ("permitted", "with-duties", "conditional", "silent", "unknown", "prohibited")
"""From best to worst; of several the worst is the result."""

OPEN = VERDICTS[:2]
"""The two with which training may go on."""

_RANK = {v: n for n, v in enumerate(VERDICTS)}


def rank(verdict: str) -> int:
    """Return the place of a verdict in the lattice, 0 the best."""
    return _RANK[verdict]


def worst(verdicts: Iterable[str]) -> str:
    """Return the worst of several; of none, ``unknown``.

    Examples
    --------
    >>> worst(["permitted", "silent", "with-duties"])
    'silent'
    >>> worst([])
    'unknown'
    """
    return max(verdicts, key=rank, default="unknown")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why one instrument, or the lack of one, gives what it gives.

    Parameters
    ----------
    verdict : str
        Its share of the result.
    model, role : str or None
        Whose output it is about; None for the data set.
    layer : str
        ``api``, ``consumer``, ``weights``, ``host``, ``aggregator``,
        ``dataset``, ``lineage`` or ``row``.
    instrument, title, clause, phrase : str or None
        ``key@version``, its name, where it says so, and the words.
    in_effect : str or None
        The interval of that version.
    read_on, seen : str or None
        When it was read, and last seen unchanged.
    because : str
        One sentence.
    settle : str or None
        What would settle it.
    consent : str or None
        SHA-256 of the consent that opened it.
    counsel : str or None
        What counsel said beside it.
    """

    verdict: str
    layer: str
    because: str
    model: str | None = None
    role: str | None = None
    instrument: str | None = None
    title: str | None = None
    clause: str | None = None
    phrase: str | None = None
    in_effect: str | None = None
    read_on: str | None = None
    seen: str | None = None
    settle: str | None = None
    consent: str | None = None
    counsel: str | None = None

    @property
    def label(self) -> str:
        """Return what results are counted by."""
        at = (
            f"{self.instrument} {self.clause or ''}"
            if self.instrument
            else f"{self.layer}: no text"
        )
        return f"{self.verdict}: {at.rstrip()}"

    def record(self) -> dict[str, Any]:
        """Return what JSON shows: the fields that say something."""
        shown = ((name, getattr(self, name)) for name in self.__slots__)
        return {name: value for name, value in shown if value is not None}


@dataclass(frozen=True, slots=True)
class Owed:
    """A duty that the result brings.

    ``dormant`` where the declared distribution does not bring it about;
    ``met`` is False where the use is seen not to fulfil it, None where only
    time will tell.
    """

    kind: str
    text: str
    instrument: str
    clause: str
    when: tuple[str, ...]
    dormant: bool
    met: bool | None

    def record(self) -> dict[str, Any]:
        """Return what JSON shows."""
        return {n: getattr(self, n) for n in self.__slots__} | {"when": list(self.when)}


@dataclass(frozen=True, slots=True)
class Result:
    """The result for one row."""

    verdict: str
    reasons: tuple[Reason, ...]
    duties: tuple[Owed, ...]
