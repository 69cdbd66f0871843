"""The hash of a clause: of its words, not of the page that they stand on."""

from __future__ import annotations

import hashlib
import re
import unicodedata

__all__ = ["clause_sha256", "normalise"]

MARKUP = re.compile(r"\[([^\]]*)\]\([^)]*\)|[*_`#>\\]")
QUOTES = str.maketrans("\u2018\u2019\u201c\u201d\u2013\u2014\u00a0", "''\"\"-- ")


def normalise(text: str) -> str:
    r"""Return a text without markup, case or layout, so that only its words count.

    Examples
    --------
    >>> normalise("**Use**  [Output](https://a.b)\n to \u201ctrain\u201d")
    'use output to "train"'
    """
    text = unicodedata.normalize("NFKC", text.translate(QUOTES))
    text = MARKUP.sub(lambda m: m[1] or "", text)
    return " ".join(text.casefold().split())


def clause_sha256(text: str) -> str:
    """Return the SHA-256 of a clause after `normalise`.

    Examples
    --------
    >>> clause_sha256("Use Output") == clause_sha256("use   *output*")
    True
    """
    return hashlib.sha256(normalise(text).encode()).hexdigest()
