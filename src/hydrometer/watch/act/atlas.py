"""What an alert maps to in the frameworks that its readers use: MITRE ATLAS and OWASP AISVS."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["AISVS", "ATLAS", "ATLAS_VERSION", "Technique"]

ATLAS_VERSION = "5.6.0"
"""Release whose identifiers these are; check them again when it is raised."""

AISVS = "11.5.2"
"""The requirement that an extraction alert carries principal, query volume and the statistics of
the input distribution."""


class Technique(NamedTuple):
    """A sub-technique of ATLAS with the technique above it and the tactic it serves."""

    id: str
    name: str
    parent: str
    parent_name: str
    tactic: str
    tactic_name: str


ATLAS = (
    Technique(
        "AML.T0024.002",
        "Extract AI Model",
        "AML.T0024",
        "Exfiltration via AI Inference API",
        "AML.TA0010",
        "Exfiltration",
    ),
    Technique(
        "AML.T0008.005",
        "AI Service Proxies",
        "AML.T0008",
        "Acquire Infrastructure",
        "AML.TA0003",
        "Resource Development",
    ),
)
"""What a campaign over many accounts would be, if it is one."""
