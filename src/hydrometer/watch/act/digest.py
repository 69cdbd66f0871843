"""The digest by which the ledger names a finding: that of the file `write_finding` writes."""

from __future__ import annotations

import hashlib

from hydrometer.finding import Finding, finding_text

__all__ = ["finding_digest"]


def finding_digest(finding: Finding) -> str:
    """Return the SHA-256 of the finding's file, without the file.

    Examples
    --------
    >>> len(finding_digest(Finding("watch", "t", "c", "n")))
    64
    """
    return hashlib.sha256(finding_text(finding).encode("utf-8")).hexdigest()
