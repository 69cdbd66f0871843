"""Results as SARIF 2.1.0, for the review of a training set in CI."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import quote

from hydrometer.terms.check import Checked
from hydrometer.terms.verdict import Reason

__all__ = ["KINDS", "to_sarif"]

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
KINDS = {
    "permitted": ("pass", "none"),
    "with-duties": ("informational", "none"),
    "conditional": ("review", "none"),
    "silent": ("open", "none"),
    "unknown": ("open", "none"),
    "prohibited": ("fail", "error"),
}
"""SARIF's kind and level for each verdict: only a bar that was read is a failure."""


def _text(r: Reason) -> str:
    said = f" ({r.title}, {r.clause}, in effect {r.in_effect})" if r.instrument else ""
    phrase = f" Its words: \u201c{r.phrase}\u201d." if r.phrase else ""
    settle = f" What would settle it: {r.settle}." if r.settle else ""
    return f"{r.verdict}: {r.because}{said}.{phrase}{settle}"


def to_sarif(made: Checked, rows_file: str, version: str) -> dict[str, Any]:
    """Return one SARIF log: a result for each reason of each distinct stack.

    Parameters
    ----------
    made : Checked
        The judged rows.
    rows_file : str
        Name of their file.
    version : str
        Of Hydrometer.

    Returns
    -------
    dict
        Locations are the first lines of each stack; ``occurrenceCount`` says
        how many rows share it.
    """
    uri = quote(rows_file)
    rules: dict[str, dict[str, Any]] = {}
    results: list[dict[str, Any]] = []
    for n, result in enumerate(made.kinds):
        for r in result.reasons:
            rule = r.instrument or f"no-text/{r.layer}"
            rules.setdefault(
                rule,
                {
                    "id": rule,
                    "shortDescription": {"text": r.title or f"No text is held: {r.layer}"},
                    "properties": {"in_effect": r.in_effect, "read_on": r.read_on},
                },
            )
            kind, level = KINDS[r.verdict]
            mark = "\x1f".join(
                (r.verdict, rule, r.clause or "", r.model or "", r.role or "", r.layer)
            )
            results.append(
                {
                    "ruleId": rule,
                    "kind": kind,
                    "level": level,
                    "message": {"text": _text(r)},
                    "occurrenceCount": made.results[n],
                    "locations": [
                        {
                            "physicalLocation": {
                                "artifactLocation": {"uri": uri},
                                "region": {"startLine": line},
                            }
                        }
                        for line in made.first[n]
                    ],
                    "partialFingerprints": {
                        "reason/v1": hashlib.sha256(mark.encode()).hexdigest()
                    },
                    "properties": {
                        "verdict": r.verdict,
                        "clause": r.clause,
                        "model": r.model,
                        "role": r.role,
                        "layer": r.layer,
                    },
                }
            )
    for number, reason in made.bad:
        rules.setdefault(
            "no-row", {"id": "no-row", "shortDescription": {"text": "The line is no row"}}
        )
        results.append(
            {
                "ruleId": "no-row",
                "kind": "fail",
                "level": "error",
                "message": {"text": reason},
                "locations": [
                    {
                        "physicalLocation": {
                            "artifactLocation": {"uri": uri},
                            "region": {"startLine": number},
                        }
                    }
                ],
            }
        )
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "hydrometer terms check",
                        "semanticVersion": version,
                        "informationUri": "https://hydrometer.dev",
                        "rules": [rules[k] for k in sorted(rules)],
                    }
                },
                "results": results,
                "properties": {
                    "rows": made.rows,
                    "quarantined": made.quarantined,
                    "verdict": made.verdict,
                },
            }
        ],
    }
