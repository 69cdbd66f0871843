"""Watch findings as a STIX 2.1 bundle: indicators of keyed hashes, and what they rest on.

The hashes match only where the same key is used: partners who want to match share a key for the
exchange, or pass the bundle on as a description. No address, no prompt, no name is in it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hydrometer.finding import Finding
from hydrometer.watch.act.details import Details, details_of
from hydrometer.watch.act.export_ocsf import milliseconds

__all__ = ["to_stix", "to_stix_text"]

CHUNK = 200
"""Values in one pattern: longer ones are slow to read and to match."""

MOST_OBJECTS = 200

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://hydrometer.dev/stix/watch")
_CONFIDENCE = {"notice": 15, "suspect": 50, "alarm": 85}
"""Middle of the scale's *low*, *medium* and *high* (STIX 2.1, appendix A); no probability."""


def to_stix_text(findings: Sequence[Finding]) -> str:
    """Return the bundle as JSON."""
    return json.dumps(to_stix(findings), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def to_stix(findings: Sequence[Finding]) -> dict[str, Any]:
    """Return one bundle of the findings.

    It holds an identity, the techniques, and for each finding its indicators, a grouping of them
    and a note with what must not be concluded. Identifiers are UUIDv5 of what the object says, so
    that equal findings give equal bundles.

    Raises
    ------
    SchemaError
        If a finding is no watch finding or has no time of creation.
    """
    objects: dict[str, dict[str, Any]] = {}
    for finding in findings:
        d = details_of(finding)
        when = _stamp(finding.created)
        identity = _object("identity", "hydrometer", _EPOCH, None, _IDENTITY)
        maker = identity["id"]
        techniques = [_technique(t, maker) for t in d.atlas]
        indicators = [*_accounts(d, when, maker), *_shared(d, when, maker)]
        links = [
            _object(
                "relationship",
                i["id"] + t["id"],
                when,
                maker,
                {"relationship_type": "indicates", "source_ref": i["id"], "target_ref": t["id"]},
            )
            for i in indicators
            for t in techniques
        ]
        members = [o["id"] for o in (*indicators, *techniques, *links)]
        grouping = _object(
            "grouping",
            d.cluster + when,
            when,
            maker,
            {
                "name": f"Cluster {d.cluster}, level {d.level}",
                "description": finding.summary,
                "context": "suspicious-activity",
                "object_refs": members,
                "confidence": _CONFIDENCE.get(d.level, 0),
            },
        )
        note = _object(
            "note",
            d.cluster + when,
            when,
            maker,
            {
                "abstract": "What must not be concluded, and what else explains it",
                "content": _words(finding, d),
                "object_refs": [grouping["id"]],
            },
        )
        for o in (identity, *techniques, *indicators, *links, grouping, note):
            objects[o["id"]] = o
    name = "bundle" + "".join(f"{o['id']}{o.get('modified')}" for o in objects.values())
    return {
        "type": "bundle",
        "id": f"bundle--{uuid.uuid5(_NAMESPACE, name)}",
        "objects": list(objects.values()),
    }


_EPOCH = "2026-01-01T00:00:00.000Z"
"""When the identity and the techniques were first described here."""

_IDENTITY = {
    "name": "Hydrometer watch",
    "identity_class": "system",
    "description": "Software that looks for distillation campaigns in the traffic of an API.",
}


def _object(
    kind: str, name: str, when: str, maker: str | None, fields: dict[str, Any]
) -> dict[str, Any]:
    out = {
        "type": kind,
        "spec_version": "2.1",
        "id": f"{kind}--{uuid.uuid5(_NAMESPACE, f'{kind}:{name}')}",
        "created": when,
        "modified": when,
        **fields,
    }
    return out if maker is None else {**out, "created_by_ref": maker}


def _technique(t: dict[str, str], maker: str) -> dict[str, Any]:
    return _object(
        "attack-pattern",
        t.get("id", ""),
        _EPOCH,
        maker,
        {
            "name": t.get("name", ""),
            "external_references": [
                {
                    "source_name": "mitre-atlas",
                    "external_id": t.get("id", ""),
                    "url": f"https://atlas.mitre.org/techniques/{t.get('id', '')}",
                }
            ],
        },
    )


def _accounts(d: Details, when: str, maker: str) -> list[dict[str, Any]]:
    names = [m.account for m in d.accounts]
    told = "Keyed pseudonyms of accounts; they match only under the key that made them."
    return [
        _indicator(
            f"{d.cluster} accounts {i // CHUNK + 1}",
            told,
            f"[user-account:user_id IN ({_quoted(names[i : i + CHUNK])})]",
            d,
            when,
            maker,
        )
        for i in range(0, len(names), CHUNK)
    ]


def _shared(d: Details, when: str, maker: str) -> list[dict[str, Any]]:
    values = d.objects[:MOST_OBJECTS]
    if not values:
        return []
    told = "Keyed hashes of what the accounts share, each behind its kind; no text, no address."
    pattern = f"[x-hydrometer-object:value IN ({_quoted(values)})]"
    return [_indicator(f"{d.cluster} shared objects", told, pattern, d, when, maker)]


def _indicator(
    name: str, told: str, pattern: str, d: Details, when: str, maker: str
) -> dict[str, Any]:
    # A pattern says from when it holds, and STIX wants its end after its beginning.
    end = datetime.fromisoformat(d.last) + timedelta(days=90)
    start = _stamp(d.first)
    return _object(
        "indicator",
        name + when,
        when,
        maker,
        {
            "name": name,
            "description": told,
            "indicator_types": ["anomalous-activity"],
            "pattern": pattern,
            "pattern_type": "stix",
            "pattern_version": "2.1",
            "valid_from": start,
            "valid_until": _stamp(end.isoformat()),
            "confidence": _CONFIDENCE.get(d.level, 0),
        },
    )


def _quoted(values: Sequence[str]) -> str:
    return ", ".join("'" + v.replace("\\", "\\\\").replace("'", "\\'") + "'" for v in values)


def _words(finding: Finding, d: Details) -> str:
    lines = [*finding.caveats]
    lines += [f"{e.status}: {e.name}. {e.detail}" for e in d.explanations]
    lines += [f"Signal {s.name}: {s.detail}" for s in d.signals]
    return "\n".join(lines)


def _stamp(when: str) -> str:
    # STIX wants UTC with Z, and at least milliseconds where they are known.
    ms = milliseconds(when)
    moment = datetime.fromtimestamp(ms // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"
