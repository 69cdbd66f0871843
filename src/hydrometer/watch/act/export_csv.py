"""Watch findings as CSV: one row for each account of each cluster."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from hydrometer.finding import Finding
from hydrometer.watch.act.details import details_of

__all__ = ["to_csv"]

COLUMNS = (
    "account",
    "cluster",
    "membership",
    "level",
    "verdict",
    "account_score",
    "cluster_score",
    "log_e",
    "cluster_accounts",
    "cluster_events",
    "first",
    "last",
    "explanations_possible",
)


def to_csv(findings: Sequence[Finding]) -> str:
    """Return the accounts of the findings; signals that any finding has are columns of strengths.

    Raises
    ------
    SchemaError
        If a finding is no watch finding.
    """
    read = [(f, details_of(f)) for f in findings]
    signals = list(dict.fromkeys(s.name for _, d in read for s in d.signals))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*COLUMNS, *(f"signal_{s}" for s in signals)])
    for finding, d in read:
        strengths = {s.name: s.strength for s in d.signals}
        possible = "; ".join(e.name for e in d.explanations if e.status == "possible")
        for m in d.accounts:
            writer.writerow(
                [
                    m.account,
                    d.cluster,
                    m.membership,
                    d.level,
                    str(finding.verdict),
                    _cell(m.score),
                    d.score,
                    _cell(d.log_e),
                    len(d.accounts),
                    d.events,
                    d.first,
                    d.last,
                    possible,
                    *(_cell(strengths.get(s)) for s in signals),
                ]
            )
    return out.getvalue()


def _cell(value: float | None) -> float | str:
    return "" if value is None else value
