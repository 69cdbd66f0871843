"""What a scan finds: clusters of accounts, the signals that speak, and what else explains them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["LEVELS", "Cluster", "Explanation", "Scan", "Signal", "name_of"]

LEVELS = ("none", "notice", "suspect", "alarm")
"""From nothing to an alarm. Only ``alarm`` counts against the budget of false alarms."""


def name_of(account: int) -> str:
    """Return the pseudonym of an account as it is shown and exported.

    Examples
    --------
    >>> name_of(255)
    'a:00000000000000ff'
    """
    return f"a:{int(account):016x}"


@dataclass(frozen=True)
class Signal:
    """One way of seeing a campaign, for one cluster.

    Parameters
    ----------
    name : str
        File of the detector in `hydrometer.watch.detect.signals`.
    strength : float
        Effect size in [-1, 1]; 0 is what benign accounts of the same peers show. NaN where it was
        not measured.
    log_e : float
        Natural logarithm of the e-value against the signal's null; NaN where it gives none.
    weight : float
        Weight of ``strength`` in the cluster's score.
    detail : str
        One sentence with the numbers, for a person.
    measures : mapping of str to float
        The numbers.
    """

    name: str
    strength: float
    log_e: float
    weight: float
    detail: str
    measures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Explanation:
    """A harmless reading of a cluster and whether the data exclude it.

    ``status`` is ``excluded``, ``possible`` or ``not checked``. One that is ``possible`` keeps a
    cluster from being an alarm.
    """

    name: str
    status: str
    detail: str


@dataclass(frozen=True)
class Cluster:
    """Accounts that act as one.

    Parameters
    ----------
    id : str
        Stable over scans: ``c-`` and 16 hexadecimal digits.
    accounts : tuple of int
        Keyed pseudonyms as 64-bit integers, the strongest member first.
    membership : tuple of float
        In [0, 1], for each account: share of the cluster's evidence that it carries.
    first, last : int
        Time of the first and last event of the cluster, microseconds since 1970 UTC.
    events : int
        Exchanges that belong to the cluster (not all those of its accounts).
    score : float
        Weighted sum of the strengths of its signals.
    log_e : float
        Natural logarithm of the cluster's e-value against the permutation null.
    level : str
        One of `LEVELS`.
    signals, explanations
        What speaks, and what else explains it.
    objects : tuple of int
        Hashes of what the accounts share, the heaviest first.
    timeline : tuple of (int, int)
        Start of each day in microseconds, events of the cluster on it.
    """

    id: str
    accounts: tuple[int, ...]
    membership: tuple[float, ...]
    first: int
    last: int
    events: int
    score: float
    log_e: float
    level: str
    signals: tuple[Signal, ...] = ()
    explanations: tuple[Explanation, ...] = ()
    objects: tuple[int, ...] = ()
    timeline: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Scan:
    """One look at a window of events.

    Parameters
    ----------
    time : int
        End of the window, microseconds since 1970 UTC.
    begin : int
        Its first event.
    events : int
        Events read.
    accounts : ndarray of uint64, shape (n,)
        Every account of the window.
    scores : ndarray of float64, shape (n,)
        Evidence that the account takes part in a campaign; larger is more.
    clusters : tuple of Cluster
        Strongest first, those of level ``none`` left out.
    tested : int
        Clusters that were tested: the family that the budget pays for.
    budget : float
        False alarms for each 30 days that the user allows.
    settings : mapping
        What the scan was told, plain JSON values.
    """

    time: int
    begin: int
    events: int
    accounts: NDArray[np.uint64]
    scores: NDArray[np.float64]
    clusters: tuple[Cluster, ...]
    tested: int
    budget: float
    settings: Mapping[str, Any] = field(default_factory=dict)
