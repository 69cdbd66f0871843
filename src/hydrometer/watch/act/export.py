"""Watch findings in the formats that other systems read. Pseudonyms and hashes only, no text."""

from __future__ import annotations

from collections.abc import Sequence

from hydrometer.errors import InputError
from hydrometer.finding import Finding
from hydrometer.watch.act.export_csv import to_csv
from hydrometer.watch.act.export_ocsf import to_ocsf_lines
from hydrometer.watch.act.export_stix import to_stix_text

__all__ = ["FORMATS", "export"]

FORMATS = {"ocsf": to_ocsf_lines, "stix": to_stix_text, "csv": to_csv}
"""Name of a format to the function that writes it."""


def export(findings: Sequence[Finding], format: str) -> str:
    """Return the findings in a format, as one text.

    Equal findings give equal text: no clock is read and nothing is drawn at random.

    Parameters
    ----------
    findings : sequence of Finding
        Of kind ``watch``.
    format : str
        ``ocsf`` (one Detection Finding on each line), ``stix`` (one bundle) or ``csv`` (one row
        for each account of each cluster).

    Raises
    ------
    InputError
        If the format is unknown or there is no finding.
    SchemaError
        If a finding is of another kind.
    """
    if format not in FORMATS:
        raise InputError(
            "unknown format of export", got=repr(format)[:40], wanted=", ".join(FORMATS)
        )
    if not findings:
        raise InputError("nothing to export", got="no finding", wanted="at least one")
    return FORMATS[format](findings)
