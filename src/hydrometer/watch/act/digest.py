"""The digest by which the ledger names a finding: that of the file `write_finding` writes."""

from __future__ import annotations

import hashlib
import json
import re

from hydrometer.finding import Finding

__all__ = ["finding_digest"]


def finding_digest(finding: Finding) -> str:
    """Return the SHA-256 of the finding's file, without the file.

    Examples
    --------
    >>> len(finding_digest(Finding("watch", "t", "c", "n")))
    64
    """
    text = json.dumps(finding.to_statement(), sort_keys=True, indent=1, ensure_ascii=False)
    # As in `write_finding`: half a surrogate pair stands in JSON only as an escape.
    text = re.sub("[\ud800-\udfff]", lambda m: f"\\u{ord(m.group()):04x}", text)
    return hashlib.sha256((text + "\n").encode("utf-8")).hexdigest()
