"""Watch findings as OCSF Detection Findings (class 2004), for a SIEM.

The schema's attack object covers MITRE ATLAS since version 1.5.0, which is why that version is
written. Hashed accounts and objects are observables of type *Other*: no type of the schema means a
keyed pseudonym.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from hydrometer.errors import SchemaError
from hydrometer.finding import Finding
from hydrometer.watch.act.atlas import AISVS
from hydrometer.watch.act.details import Details, details_of
from hydrometer.watch.act.digest import finding_digest

__all__ = ["to_ocsf", "to_ocsf_lines"]

VERSION = "1.5.0"

MOST = 1_000
"""Accounts listed as observables and evidence; the CSV export holds all of them."""

SEVERITY = {"notice": (2, "Low"), "suspect": (3, "Medium"), "alarm": (4, "High")}
CONFIDENCE = {"notice": (1, "Low"), "suspect": (2, "Medium"), "alarm": (3, "High")}
OTHER = 99
STATISTICAL = 3


def to_ocsf_lines(findings: Sequence[Finding]) -> str:
    """Return one event on each line, as SIEM pipelines take them."""
    events = (to_ocsf(f) for f in findings)
    return "".join(json.dumps(e, ensure_ascii=False, sort_keys=True) + "\n" for e in events)


def to_ocsf(finding: Finding) -> dict[str, Any]:
    """Return the finding as a Detection Finding event of plain JSON values.

    Raises
    ------
    SchemaError
        If it is no watch finding, or has no time of creation.
    """
    d = details_of(finding)
    created = milliseconds(finding.created)
    severity, confidence = (t.get(d.level, (0, "Unknown")) for t in (SEVERITY, CONFIDENCE))
    shown = d.accounts[:MOST]
    return {
        "activity_id": 1,
        "activity_name": "Create",
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": 2004,
        "class_name": "Detection Finding",
        "type_uid": 200401,
        "type_name": "Detection Finding: Create",
        "time": created,
        "start_time": milliseconds(d.first),
        "end_time": milliseconds(d.last),
        "count": d.events,
        "severity_id": severity[0],
        "severity": severity[1],
        "confidence_id": confidence[0],
        "confidence": confidence[1],
        "status_id": 1,
        "status": "New",
        "is_alert": d.level == "alarm",
        "message": finding.summary,
        "metadata": {
            "version": VERSION,
            "uid": finding_digest(finding),
            "product": {
                "name": "Hydrometer",
                "vendor_name": "Hydrometer",
                "version": finding.environment.get("hydrometer", ""),
                "feature": {"name": "watch"},
            },
        },
        "finding_info": {
            "uid": d.cluster,
            "title": finding.title,
            "desc": " ".join((finding.claim, *finding.caveats)),
            "types": ["Model distillation campaign"],
            "created_time": created,
            "first_seen_time": milliseconds(d.first),
            "last_seen_time": milliseconds(d.last),
            "data_sources": [i.name for i in finding.inputs],
            "analytic": {
                "uid": "hydrometer.watch",
                "name": finding.method,
                "version": finding.method_version,
                "type_id": STATISTICAL,
                "type": "Statistical",
            },
            "attacks": [_attack(t) for t in d.atlas],
        },
        "evidences": [
            *({"name": f"signal: {s.name}", "data": _signal(s)} for s in d.signals),
            {
                "name": "accounts",
                "data": {"accounts": [m.account for m in shown], "total": len(d.accounts)},
            },
            {"name": "shared objects", "data": {"objects": list(d.objects[:MOST])}},
        ],
        "observables": [
            *(_observable("accounts", "Account pseudonym", m.account) for m in shown),
            *(_observable("objects", "Keyed hash", o) for o in d.objects[:MOST]),
        ],
        "unmapped": _unmapped(finding, d),
    }


def milliseconds(when: str) -> int:
    """Return an ISO time with zone in milliseconds since 1970 UTC.

    Raises
    ------
    SchemaError
        If it is none.

    Examples
    --------
    >>> milliseconds("1970-01-01T00:00:01+00:00")
    1000
    """
    try:
        found = datetime.fromisoformat(when)
    except ValueError as err:
        raise SchemaError("the finding has no usable time", got=repr(when)[:60]) from err
    if found.tzinfo is None:
        raise SchemaError("the finding has a time without zone", got=when)
    return int(found.astimezone(UTC).timestamp() * 1000)


def _attack(t: dict[str, str]) -> dict[str, Any]:
    return {
        "version": f"ATLAS {t.get('version', '')}".strip(),
        "tactic": {"uid": t.get("tactic", ""), "name": t.get("tactic_name", "")},
        "technique": {"uid": t.get("parent", ""), "name": t.get("parent_name", "")},
        "sub_technique": {"uid": t.get("id", ""), "name": t.get("name", "")},
    }


def _signal(s: Any) -> dict[str, Any]:
    return {
        "strength": s.strength,
        "weight": s.weight,
        "log_e": s.log_e,
        "detail": s.detail,
        "measures": s.measures,
    }


def _observable(where: str, kind: str, value: str) -> dict[str, Any]:
    name = f"evidences.data.{where}"
    return {"name": name, "type_id": OTHER, "type": kind, "value": value}


def _unmapped(finding: Finding, d: Details) -> dict[str, Any]:
    return {
        "aisvs": AISVS,
        "aisvs_metadata": d.aisvs,
        "level": d.level,
        "verdict": str(finding.verdict),
        "score": d.score,
        "log_e": d.log_e,
        "clusters_tested": d.tested,
        "false_alarms_per_30_days": d.budget,
        "explanations": [
            {"name": e.name, "status": e.status, "detail": e.detail} for e in d.explanations
        ],
    }
