"""Many texts at once to keyed numbers: skeletons, their sketches, digests, scripts, phrases.

A skeleton is a text with what varies masked: numbers become one token, and so do words in capitals
inside a sentence, which are mostly names.  Shingles are runs of three tokens of it.  A sketch
keeps the smallest shingle hashes of a text, so two texts with the same frame keep the same ones,
whatever fills the frame (bottom-k sampling).  Everything is vectorised over a batch: bytes, not
Python strings, are the unit of work.

Hashes are polynomials over a secret table, so without the secret nobody can test whether a text is
among them.

References
----------
Broder, A. (1997), On the resemblance and containment of documents, section 3 (shingles, sketches);
Cohen, E. and Kaplan, H. (2007), Summarizing data using bottom-k sketches, section 3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Alphabet", "Skeletons", "skeletons"]

Hashes = NDArray[np.uint64]

CHUNK = 1 << 20
"""Bytes worked on at once: what a processor's cache holds with its temporaries."""

_LONGEST = 1 << 16
"""Bytes of a text that are read: a template shows long before."""

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_SHIFT = np.uint64(29)

_WORD, _DIGIT, _WIDE, _STOP = 1, 2, 3, 4


def _classes() -> NDArray[np.uint8]:
    table = np.zeros(256, dtype=np.uint8)
    for span in ((0x41, 0x5A), (0x61, 0x7A), (0x80, 0xFF)):
        table[span[0] : span[1] + 1] = _WORD
    table[0x30:0x3A] = _DIGIT
    table[0x27] = _WORD  # an apostrophe is part of its word
    table[0xE3:0xEE] = _WIDE  # kana, CJK and hangul: each character is a token
    table[[ord(c) for c in ".!?:\n"]] = _STOP
    return table


def _scripts() -> NDArray[np.uint8]:
    """Script of a character by its lead byte in UTF-8; 0 is ASCII."""
    table = np.zeros(256, dtype=np.uint8)
    for code, (low, high) in enumerate(
        (
            *((0xC3, 0xC9), (0xCD, 0xCF), (0xD0, 0xD4), (0xD5, 0xD7), (0xD8, 0xDF)),
            *((0xE0, 0xE2), (0xE3, 0xE3), (0xE4, 0xE9), (0xEA, 0xED)),
        ),
        1,
    ):
        table[low : high + 1] = code
    return table


_CLASS = _classes()
_SCRIPT = _scripts()
_LOWER = np.arange(256, dtype=np.uint8)
_LOWER[0x41:0x5B] += 0x20


class Alphabet:
    """The secret of the hashes, and the phrases to look for.

    Parameters
    ----------
    secret : bytes
        At most 64 bytes.
    phrases : mapping of str to int
        Phrase of one to three words to the bits that it sets.

    Examples
    --------
    >>> a = Alphabet(b"secret", {"step by step": 1})
    >>> skeletons(["Think step by step: 12 + 30?", "Hello"], a).phrases.tolist()
    [1, 0]
    """

    def __init__(self, secret: bytes, phrases: Mapping[str, int] | None = None) -> None:
        seed = int.from_bytes(
            blake2b(b"alphabet", key=secret[:64], digest_size=16).digest(), "big"
        )
        rng = np.random.Generator(np.random.PCG64(seed))
        self.table = rng.integers(1, 2**63, size=256, dtype=np.uint64) | np.uint64(1)
        self.number, self.name = rng.integers(1, 2**63, size=2, dtype=np.uint64)
        base = int(rng.integers(1, 2**63, dtype=np.uint64)) | 1
        self.powers = _powers(base, CHUNK + 2 * _LONGEST)
        self.inverses = _powers(pow(base, -1, 2**64), CHUNK + 2 * _LONGEST)
        self.known: dict[int, tuple[Hashes, NDArray[np.int32]]] = {}
        by_length: dict[int, dict[int, int]] = {}
        for phrase, bits in (phrases or {}).items():
            tokens = _Tokens([phrase.encode()], self).plain
            runs = tokens if tokens.size == 1 else _runs(tokens, tokens.size)
            found = by_length.setdefault(tokens.size, {})
            found[int(runs[0])] = found.get(int(runs[0]), 0) | bits
        for length, found in by_length.items():
            hashes = np.array(sorted(found), dtype=np.uint64)
            bits_of = np.array([found[int(h)] for h in hashes], dtype=np.int32)
            self.known[length] = (hashes, bits_of)


def _powers(base: int, n: int) -> Hashes:
    out = np.full(n, np.uint64(base & (2**64 - 1)), dtype=np.uint64)
    out[0] = 1
    return np.multiply.accumulate(out)


@dataclass(frozen=True)
class Skeletons:
    """What is known of n texts.

    Attributes
    ----------
    words : ndarray of int32, shape (n,)
        Tokens.
    digest : ndarray of uint64, shape (n,)
        Hash of the whole text but for case, spaces and marks; 0 for a text without tokens.
    skeleton : ndarray of uint64, shape (n,)
        The same of the skeleton.
    head, tail : ndarray of uint64, shape (n,)
        Hash of the first and of the last tokens of the skeleton; 0 for a short text.
    script : ndarray of int32, shape (n,)
        Script of most of its characters that are not ASCII; 0 where they are few.
    phrases : ndarray of int32, shape (n,)
        Bits of the phrases found.
    sketch : ndarray of uint64, shape (m,)
        Smallest shingles of all texts, ascending within each.
    sizes : ndarray of int64, shape (n,)
        Shingles that each text keeps.
    """

    words: NDArray[np.int32]
    digest: Hashes
    skeleton: Hashes
    head: Hashes
    tail: Hashes
    script: NDArray[np.int32]
    phrases: NDArray[np.int32]
    sketch: Hashes
    sizes: NDArray[np.int64]


def skeletons(texts: Sequence[str], alphabet: Alphabet, *, k: int = 8, edge: int = 5) -> Skeletons:
    """Measure texts.

    Parameters
    ----------
    texts : sequence of str
        Only the first 64 KiB of each count.
    alphabet : Alphabet
        The secret and the phrases.
    k : int
        Shingles that a sketch keeps.
    edge : int
        Tokens of head and tail; a text of fewer than twice as many has neither.

    Returns
    -------
    Skeletons

    Examples
    --------
    >>> s = skeletons(["Solve 12 apples for me now", "Solve 7 apples for me now"], Alphabet(b"s"))
    >>> bool(s.skeleton[0] == s.skeleton[1]), bool(s.digest[0] == s.digest[1])
    (True, False)
    """
    parts = [_measure(chunk, alphabet, k, edge) for chunk in _chunks(texts)]
    if not parts:
        parts = [_measure([], alphabet, k, edge)]
    names = Skeletons.__dataclass_fields__
    return Skeletons(**{n: np.concatenate([getattr(p, n) for p in parts]) for n in names})


def _chunks(texts: Sequence[str]) -> Iterator[list[bytes]]:
    chunk: list[bytes] = []
    size = 0
    for text in texts:
        data = text[:_LONGEST].encode("utf-8", "replace")
        if len(data) > _LONGEST:  # no half of a character, which would reach into the next text
            data = data[:_LONGEST].decode("utf-8", "ignore").encode()
        if size + len(data) + 1 > CHUNK and chunk:
            yield chunk
            chunk, size = [], 0
        chunk.append(data)
        size += len(data) + 1
    if chunk:
        yield chunk


class _Tokens:
    """Tokens of several texts in a row: plain and masked hashes, and whose they are."""

    def __init__(self, texts: list[bytes], alphabet: Alphabet) -> None:
        sizes = np.fromiter((len(t) for t in texts), dtype=np.int64, count=len(texts))
        joined = b"\n".join(texts) + b"\n"
        raw = np.frombuffer(joined, dtype=np.uint8)
        begins = np.concatenate([[0], np.cumsum(sizes + 1)])[: len(texts)]
        kind = _CLASS[raw]
        inside = (kind != 0) & (kind != _STOP)
        wide = kind == _WIDE
        before = np.empty_like(inside)
        before[0] = False
        before[1:] = inside[:-1]
        start = inside & (~before | wide)
        start[3:] |= inside[3:] & wide[:-3]  # what follows a character of three bytes
        self.at = np.flatnonzero(start)
        first = raw[self.at]
        values = alphabet.table[_LOWER[raw]] * alphabet.powers[: raw.size]
        values[~inside] = 0
        total = np.empty(raw.size + 1, dtype=np.uint64)
        total[0] = 0
        np.cumsum(values, out=total[1:])
        until = np.append(self.at[1:], raw.size)
        plain = (total[until] - total[self.at]) * alphabet.inverses[self.at]
        plain ^= plain >> _SHIFT
        self.plain = plain * _GOLDEN
        self.text = np.searchsorted(begins, self.at, side="right") - 1
        digits = np.empty(raw.size + 1, dtype=np.int32)
        digits[0] = 0
        np.cumsum(kind == _DIGIT, out=digits[1:])
        numeric = digits[until] > digits[self.at]
        stops = np.empty(raw.size + 1, dtype=np.int32)
        stops[0] = 0
        np.cumsum(kind == _STOP, out=stops[1:])
        opening = np.ones(self.at.size, dtype=bool)
        opening[1:] = stops[self.at[1:]] > stops[self.at[:-1]]
        capital = (first >= 0x41) & (first <= 0x5A)
        lone = ~inside[self.at + 1] | start[self.at + 1]  # "I", "A" and list letters
        named = capital & ~opening & ~lone
        self.masked = self.plain.copy()
        self.masked[named] = alphabet.name
        self.masked[numeric] = alphabet.number
        self.mask = named | numeric
        self.raw, self.begins, self.sizes = raw, begins, sizes


def _runs(tokens: Hashes, n: int) -> Hashes:
    """Return the hash of each run of ``n`` tokens; shorter where there are fewer."""
    size = max(tokens.size - n + 1, 0)
    mixed = np.full(size, np.uint64(n), dtype=np.uint64)
    for j in range(n):
        mixed = (mixed ^ tokens[j : j + size]) * _GOLDEN
        mixed ^= mixed >> _SHIFT
    return mixed * _MIX


def _measure(texts: list[bytes], alphabet: Alphabet, k: int, edge: int) -> Skeletons:
    n = len(texts)
    if n == 0:
        z, i = np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.int32)
        return Skeletons(i, z, z, z, z, i, i, z, np.zeros(0, dtype=np.int64))
    t = _Tokens(texts, alphabet)
    words = np.bincount(t.text, minlength=n).astype(np.int32)
    # A run of masks is one mask: "Mary Ann Smith" and "Bob" fill the same slot.
    keep = np.ones(t.at.size, dtype=bool)
    keep[1:] = ~(t.mask[1:] & (t.masked[1:] == t.masked[:-1]) & (t.text[1:] == t.text[:-1]))
    masked, text, mask = t.masked[keep], t.text[keep], t.mask[keep]
    count = np.bincount(text, minlength=n)
    begin = np.concatenate([[0], np.cumsum(count)[:-1]])
    sketch, sizes = _bottom(masked, text, mask, count, begin, k)
    runs = _runs(masked, edge)
    long = count >= 2 * edge
    head, tail = np.zeros(n, dtype=np.uint64), np.zeros(n, dtype=np.uint64)
    head[long] = runs[begin[long]]
    tail[long] = runs[begin[long] + count[long] - edge] ^ np.uint64(1)
    return Skeletons(
        words=words,
        digest=_whole(t.plain, t.text, words, alphabet),
        skeleton=_whole(masked, text, count, alphabet),
        head=head,
        tail=tail,
        script=_script(t, n),
        phrases=_phrases(t, alphabet, n),
        sketch=sketch,
        sizes=sizes,
    )


def _whole(tokens: Hashes, text: NDArray[np.int64], count: NDArray[Any], a: Alphabet) -> Hashes:
    """Return one hash of all tokens of each text, in their order."""
    begin = np.concatenate([[0], np.cumsum(count)[:-1]]).astype(np.int64)
    place = np.arange(tokens.size) - begin[text]
    total = np.zeros(tokens.size + 1, dtype=np.uint64)
    np.cumsum(tokens * a.powers[place], out=total[1:])
    out = total[begin + count] - total[begin]
    out ^= out >> _SHIFT
    return np.where(count > 0, (out * _MIX) | np.uint64(1), np.uint64(0))


def _bottom(
    tokens: Hashes,
    text: NDArray[np.int64],
    mask: NDArray[np.bool_],
    count: NDArray[np.int64],
    begin: NDArray[np.int64],
    k: int,
) -> tuple[Hashes, NDArray[np.int64]]:
    """Return the ``k`` smallest different shingles of each text, ascending, and how many."""
    shingles = _runs(np.concatenate([tokens, np.zeros(2, dtype=np.uint64)]), 3)
    place = np.arange(tokens.size) - begin[text]
    whole = place <= count[text] - 3  # a run must not reach into the next text
    masks = mask.astype(np.int8)
    masks[:-1] += mask[1:]
    masks[:-2] += mask[2:]
    whole &= masks < 2  # two masks of three tokens say nothing
    owner = text[whole]
    shingles = shingles[whole]
    size = np.bincount(owner, minlength=count.size)
    # Of most texts, look only at shingles small enough to be among the k smallest.
    bound = np.where(size > 4 * k, 3.0 * k / np.maximum(size, 1), 2.0)
    small = shingles.astype(np.float64) < bound[owner] * 2.0**64
    some = _different(owner[small], shingles[small])
    few = (np.bincount(some[0], minlength=count.size) < k) & (bound < 2.0)
    if few.any():  # a text that repeats itself
        some = _different(owner[small | few[owner]], shingles[small | few[owner]])
    owner, shingles = some
    size = np.bincount(owner, minlength=count.size)
    first = np.concatenate([[0], np.cumsum(size)[:-1]])
    kept = np.arange(owner.size) - first[owner] < k
    return shingles[kept], np.minimum(size, k).astype(np.int64)


def _different(owner: NDArray[np.int64], shingles: Hashes) -> tuple[NDArray[np.int64], Hashes]:
    """Return each pair once, sorted."""
    order = np.lexsort((shingles, owner))
    owner, shingles = owner[order], shingles[order]
    new = np.ones(owner.size, dtype=bool)
    new[1:] = (owner[1:] != owner[:-1]) | (shingles[1:] != shingles[:-1])
    return owner[new], shingles[new]


def _script(t: _Tokens, n: int) -> NDArray[np.int32]:
    """Return the script of most characters that are not ASCII, where they are a fifth or more."""
    if n == 0 or not (t.raw >= 0xC0).any():
        return np.zeros(n, dtype=np.int32)
    code = _SCRIPT[t.raw]
    where = np.flatnonzero(code)
    owner = np.searchsorted(t.begins, where, side="right") - 1
    codes = 16
    table = np.bincount(owner * codes + code[where], minlength=n * codes).reshape(n, codes)
    best = table.argmax(axis=1)
    ascii_bytes = np.maximum(t.sizes - 3 * table.sum(axis=1), 0)
    return np.where(table.max(axis=1) * 4 >= ascii_bytes, best, 0).astype(np.int32)


def _phrases(t: _Tokens, alphabet: Alphabet, n: int) -> NDArray[np.int32]:
    out = np.zeros(n, dtype=np.int32)
    for length, (known, bits) in alphabet.known.items():
        runs = t.plain if length == 1 else _runs(t.plain, length)
        at = np.minimum(np.searchsorted(known, runs), known.size - 1)
        hit = np.flatnonzero(known[at] == runs)
        hit = hit[t.text[hit] == t.text[hit + length - 1]]
        np.bitwise_or.at(out, t.text[hit], bits[at[hit]])
    return out
