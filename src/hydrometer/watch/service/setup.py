"""What the service is told at its start; the same record goes to each of its processes."""

from __future__ import annotations

from pathlib import Path

import msgspec

from hydrometer.errors import InputError

__all__ = ["DAY", "Setup", "make_state"]

DAY = 86_400_000_000
"""Microseconds of a day."""


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of one service. Paths are text, so that the record is plain JSON.

    Parameters
    ----------
    state : str
        Folder of the log, the findings, the decisions and the quarantine.
    key : str or None
        File of the key; None reads ``HYDROMETER_WATCH_KEY``.
    mapping, policy, detectors : str or None
        Files of the attribution, the policy and the detectors' settings; None takes the defaults.
    false_alarms : str
        Budget, such as ``1/30d``.
    text : bool
        False leaves prompts unread.
    window : float
        Days that a scan looks back.
    every : float
        Seconds from the end of a scan to the next.
    keep_rejected : bool
        Whether quarantine keeps the raw row, which may hold a prompt.
    sample_key : str or None
        Public key under which prompts of suspected accounts are sealed; None keeps none.
    sample_days : float
        Days after which a sealed prompt is thrown away.
    largest : int
        Bytes of one body.
    inflight : int
        Bytes that may wait for their commit, all bodies together.
    wait : float
        Seconds after which a client is told to come again.
    """

    state: str
    key: str | None = None
    mapping: str | None = None
    policy: str | None = None
    detectors: str | None = None
    false_alarms: str = "1/30d"
    text: bool = True
    window: float = 30.0
    every: float = 300.0
    keep_rejected: bool = False
    sample_key: str | None = None
    sample_days: float = 30.0
    largest: int = 32 << 20
    inflight: int = 128 << 20
    wait: float = 60.0

    @property
    def folder(self) -> Path:
        """The state folder."""
        return Path(self.state)

    @property
    def log(self) -> Path:
        """The events."""
        return self.folder / "events.duckdb"

    @property
    def quarantine(self) -> Path:
        """Rows that gave no event."""
        return self.folder / "quarantine.jsonl"

    @property
    def sample(self) -> Path:
        """Sealed prompts."""
        return self.folder / "sample.bin"

    @property
    def decisions(self) -> Path:
        """What is in force, as the front reads it at its start."""
        return self.folder / "decisions.bin"

    @property
    def clusters(self) -> Path:
        """The clusters of the last scan."""
        return self.folder / "clusters.json"

    @property
    def register(self) -> Path:
        """Names of clusters, alarms that stand, and how many tests were paid for."""
        return self.folder / "register.bin"

    @property
    def findings(self) -> Path:
        """One JSON file for each cluster."""
        return self.folder / "findings"

    @property
    def ledger(self) -> Path:
        """Every action with its finding."""
        return self.folder / "actions.jsonl"


def make_state(setup: Setup) -> None:
    """Make the state folder, readable by its owner alone.

    Raises
    ------
    InputError
        If it cannot be made.
    """
    try:
        setup.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        setup.findings.mkdir(mode=0o700, exist_ok=True)
    except OSError as err:
        raise InputError(f"cannot make the state folder {setup.state}", got=str(err)) from err
