"""Text to numbers: words as 64-bit hashes, n-grams as mixed hashes.

A hash depends on the token alone, so answers that were read at different
times, or on different machines, can be compared.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

__all__ = ["Hashes", "ngrams", "openings", "sentence_starts", "tokenise", "words"]

Hashes = NDArray[np.uint64]

_WORD = re.compile(r"\w+|[^\w\s]|\n")
_ENDS = frozenset([".", "!", "?", "\n", ":"])
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)


class _Vocabulary(dict[str, int]):
    """Hash of each token, made once."""

    def __missing__(self, token: str) -> int:
        digest = hashlib.blake2b(token.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        value = self[token] = int.from_bytes(digest, "little")
        return value


_VOCABULARY = _Vocabulary()
_END_HASHES = np.array([_VOCABULARY[t] for t in sorted(_ENDS)], dtype=np.uint64)


def words(text: str) -> list[str]:
    r"""Return the tokens of a text: words in lower case, single marks, line breaks.

    Examples
    --------
    >>> words("Sure! Here's a list:\n- One")
    ['sure', '!', 'here', "'", 's', 'a', 'list', ':', '\n', '-', 'one']
    """
    return _WORD.findall(text.lower())


def tokenise(text: str) -> Hashes:
    """Return the hash of each token of a text, shape (tokens,)."""
    found = words(text)
    lookup = _VOCABULARY
    return np.fromiter((lookup[w] for w in found), dtype=np.uint64, count=len(found))


def ngrams(tokens: Hashes, n: int) -> Hashes:
    """Return the hash of each run of ``n`` tokens, shape (tokens - n + 1,).

    Raises
    ------
    ValueError
        If ``n`` is below 1.

    Examples
    --------
    >>> a, b = tokenise("to be or not"), tokenise("be or")
    >>> bool(ngrams(a, 2)[1] == ngrams(b, 2)[0])
    True
    """
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    size = tokens.size - n + 1
    if size <= 0:
        return np.empty(0, dtype=np.uint64)
    mixed = np.full(size, np.uint64(n), dtype=np.uint64)
    for k in range(n):
        mixed = (mixed ^ tokens[k : k + size]) * _MULTIPLIER
        mixed ^= mixed >> _SHIFT
    return mixed


def openings(tokens: Hashes, lengths: Iterable[int] = (1, 2, 3, 4)) -> Hashes:
    """Return the hashes of the first 1, 2, 3 and 4 tokens of an answer."""
    parts = [ngrams(tokens[:n], n) for n in lengths if tokens.size >= n]
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.uint64)


def sentence_starts(tokens: Hashes, lengths: Iterable[int] = (1, 2, 3)) -> Hashes:
    """Return the hashes of the first 1, 2 and 3 tokens of each sentence or line."""
    if tokens.size == 0:
        return np.empty(0, dtype=np.uint64)
    ends = np.isin(tokens, _END_HASHES)
    first = np.flatnonzero(~ends & np.concatenate([[True], ends[:-1]]))
    parts = []
    for n in lengths:
        runs = ngrams(tokens, n)
        parts.append(runs[first[first < runs.size]])
    return np.concatenate(parts)
