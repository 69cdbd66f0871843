"""Which answers are left out of a training set, and why; none is dropped in silence."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hydrometer.distill.files import write_lines
from hydrometer.distill.recipe import Filter
from hydrometer.exchange import Exchange, Message

__all__ = [
    "Rejection",
    "apply_filter",
    "count_reasons",
    "is_refusal",
    "near_pairs",
    "shingles",
    "write_rejected",
]

_WORD = re.compile(r"\w+")
_APOLOGY = r"(?:i(?:['\u2019]m| am) (?:\w+ )?sorry|sorry|i apologi[sz]e|unfortunately)"
_NOT = (
    r"(?:can(?:['\u2019]t|not| not)|could(?:n['\u2019]t| not)|won['\u2019]t|will not|must decline)"
)
_UNABLE = r"(?:['\u2019]m| am) (?:unable|not able|not allowed|not permitted)\b"
_ACT = (
    r"(?:help (?:you|with)|assist|provide|comply|fulfil+|answer|do (?:that|this)|support|engage"
    r"|generate|create|write|give|offer|discuss|participate|share|continue|recommend|predict)\b"
)
_AN_AI = r"as an? (?:ai|artificial intelligence|(?:large )?language model)\b"
_REFUSAL = re.compile(
    rf"^[\s*#>]*(?:{_APOLOGY}\b\.?[^.]{{0,60}}?\b)?(?:{_AN_AI}[^.]{{0,60}}?)?"
    rf"\bi(?: {_NOT}(?: \w+){{0,3}}? ?(?:to )?{_ACT}|{_UNABLE})"
    rf"|^[\s*#>]*(?:{_APOLOGY}\b.{{0,20}}?)?{_AN_AI}[^.]{{0,60}}\b(?:do not|don['\u2019]t|{_NOT})",
    re.IGNORECASE | re.DOTALL,
)
"""An answer that declines, or that begins by saying what an AI does not have."""

PERMUTATIONS = 128


@dataclass(frozen=True, slots=True)
class Rejection:
    """One answer that was left out.

    Parameters
    ----------
    line : int
        Line of the answer in the log of answers, from 1.
    id : str
        The exchange.
    reason : str
        Why, in a few words that are the same for all such rows.
    detail : str
        What was measured, or which row it repeats.
    prompt, response : str
        Their beginnings, for the eye.
    """

    line: int
    id: str
    reason: str
    detail: str
    prompt: str
    response: str


def is_refusal(text: str) -> bool:
    """Return whether an answer begins by declining.

    Examples
    --------
    >>> is_refusal("I'm sorry, but I can't help with that."), is_refusal("I can swim.")
    (True, False)
    """
    return _REFUSAL.search(text.strip()[:240]) is not None


def shingles(text: str, n: int = 3) -> frozenset[int]:
    """Return the word n-grams of a text, hashed; the words themselves where there are fewer."""
    words = [w.casefold() for w in _WORD.findall(text)]
    grams = [" ".join(words[i : i + n]) for i in range(max(1, len(words) - n + 1))]
    return frozenset(
        int.from_bytes(
            hashlib.blake2b(g.encode("utf-8", "replace"), digest_size=8).digest(), "big"
        )
        for g in grams
    )


def _jaccard(a: frozenset[int], b: frozenset[int]) -> float:
    return len(a & b) / len(a | b) if a or b else 1.0


def _rows_of(threshold: float) -> int:
    """Return the rows of a band with which a pair at the threshold is found in 99.9 %."""
    for rows in (16, 8, 4, 2):
        if 1 - (1 - threshold**rows) ** (PERMUTATIONS // rows) >= 0.999:
            return rows
    return 1


def near_pairs(
    documents: Sequence[frozenset[int]],
    threshold: float,
    *,
    seed: int,
    parts: Sequence[Sequence[frozenset[int]]] | None = None,
) -> list[tuple[int, int, float]]:
    """Return the pairs of documents whose n-grams overlap by at least the threshold.

    Candidates come from MinHash in bands; each is confirmed by its exact
    Jaccard index, so that no pair below the threshold is returned. One above
    it is missed in at most one case of a thousand.

    Parameters
    ----------
    documents : sequence of frozenset of int
        From `shingles`.
    threshold : float
        Jaccard index, above 0.
    seed : int
        Seeds the permutations.
    parts : sequence of sequences of frozenset of int, optional
        Each document in disjoint parts, every one of which must overlap so
        much: then the whole does too. The index is that of the least alike.

    Returns
    -------
    list of (int, int, float)
        The later document, the earliest one that it repeats, and the index.

    References
    ----------
    Broder (1997), On the resemblance and containment of documents; banding as
    in Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, section 3.4.

    Examples
    --------
    >>> texts = ["one two three four", "five six seven", "one two three four"]
    >>> near_pairs([shingles(t) for t in texts], 0.8, seed=0)
    [(2, 0, 1.0)]
    """
    rng = np.random.default_rng(seed)
    a = rng.integers(1, 2**63, PERMUTATIONS, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    b = rng.integers(0, 2**63, PERMUTATIONS, dtype=np.uint64)
    rows = _rows_of(threshold)
    buckets: dict[tuple[int, bytes], list[int]] = {}
    found: list[tuple[int, int, float]] = []
    for number, grams in enumerate(documents):
        if not grams:
            continue
        hashes = np.fromiter(grams, dtype=np.uint64, count=len(grams))
        sketch = np.full(PERMUTATIONS, np.iinfo(np.uint64).max, dtype=np.uint64)
        for at in range(0, len(hashes), 512):  # bounded memory for long texts
            mixed = _mix(hashes[at : at + 512, None] * a + b)
            sketch = np.minimum(sketch, mixed.min(axis=0))
        keys = [(i, sketch[i : i + rows].tobytes()) for i in range(0, PERMUTATIONS, rows)]
        candidates = sorted({c for k in keys for c in buckets.get(k, ())})
        repeats = False
        for c in candidates:
            pairs = zip(parts[number], parts[c], strict=True) if parts else [(grams, documents[c])]
            index = min(_jaccard(a_, b_) for a_, b_ in pairs)
            if index >= threshold:
                found.append((number, c, index))
                repeats = True
                break
        if not repeats:
            for k in keys:
                buckets.setdefault(k, []).append(number)
    return found


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Mix the bits once more: a product alone keeps the order of its low bits."""
    y: NDArray[np.uint64] = (x ^ (x >> np.uint64(31))) * np.uint64(0x9E3779B97F4A7C15)
    return y ^ (y >> np.uint64(29))


def question(prompt: Sequence[Message]) -> str:
    """Return what is asked in a prompt: all of it but the system's message."""
    return "\n".join(m.content for m in prompt if m.role != "system")


def _same(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))


def _marked(grams: frozenset[int]) -> frozenset[int]:
    """Return the n-grams of a question apart from the same ones in an answer."""
    return frozenset(g ^ 0x5555555555555555 for g in grams)


def apply_filter(
    answers: Sequence[Exchange],
    settings: Filter,
    *,
    seed: int,
    held_out: Sequence[Sequence[Message]] = (),
) -> tuple[list[int], list[Rejection]]:
    """Return which answers are kept, and the others with their reasons.

    Parameters
    ----------
    answers : sequence of Exchange
        In the order of their log.
    settings : Filter
        The section of the recipe.
    seed : int
        Seeds the search for near duplicates.
    held_out : sequence of prompts
        An answer to a prompt that is nearly one of these is left out, so
        that the evaluation asks nothing that was taught.

    Returns
    -------
    tuple of list of int and list of Rejection
        Numbers of the kept answers, in order; together they are all answers.
    """
    why: dict[int, tuple[str, str]] = {}
    asked = [question(e.prompt) for e in answers]
    for i, e in enumerate(answers):
        told = _alone(e, settings)
        if told:
            why[i] = told
    if settings.exact:
        first: dict[str, int] = {}
        for i, e in enumerate(answers):
            if i not in why:
                text = _same(asked[i]) + " | " + _same(e.response or "")
                if text in first:
                    why[i] = ("exact duplicate", f"of line {first[text] + 1}")
                first.setdefault(text, i)
    if settings.near > 0:
        left = [i for i in range(len(answers)) if i not in why]
        parts = [(_marked(shingles(asked[i])), shingles(answers[i].response or "")) for i in left]
        whole = [a | b for a, b in parts]
        for later, earlier, index in near_pairs(whole, settings.near, seed=seed, parts=parts):
            why[left[later]] = (
                "near duplicate", f"of line {left[earlier] + 1}: {index:.2f} of the n-grams",
            )  # fmt: skip
        near_held = _near_held_out(answers, [i for i in left if i not in why], held_out, settings)
        why.update({i: told for i, told in near_held.items()})
    kept = [i for i in range(len(answers)) if i not in why]
    return kept, [reject(i, answers[i], *why[i]) for i in sorted(why)]


def reject(number: int, answer: Exchange, reason: str, detail: str) -> Rejection:
    """Return the rejection of the answer on a line (numbered from 0)."""
    return Rejection(
        number + 1,
        answer.id,
        reason,
        detail,
        answer.prompt_text[:200],
        (answer.response or "")[:200],
    )


def _alone(e: Exchange, settings: Filter) -> tuple[str, str] | None:
    """Return why this answer is left out whatever the others are."""
    if e.response is None or e.status in ("error", "throttled", "filtered"):
        return "no answer", f"{e.status}: {e.error or ''}"[:160]
    words = len(e.response.split())
    if not words:
        return "empty", ""
    if settings.truncated == "drop" and e.status == "truncated":
        return "truncated", f"after {e.tokens_out or e.sampling.max_tokens} tokens"
    if words < settings.min_words:
        return "too short", f"{words} words"
    if settings.max_words is not None and words > settings.max_words:
        return "too long", f"{words} words"
    if settings.refusals and is_refusal(e.response):
        return "refusal", ""
    return None


def _near_held_out(
    answers: Sequence[Exchange],
    left: Sequence[int],
    held_out: Sequence[Sequence[Message]],
    settings: Filter,
) -> dict[int, tuple[str, str]]:
    """Return the answers whose prompt is nearly a prompt that was held out."""
    held = [shingles(question(p), 2) for p in held_out]
    index: dict[int, list[int]] = {}
    for n, grams in enumerate(held):
        for g in grams:
            index.setdefault(g, []).append(n)
    found = {}
    for i in left:
        grams = shingles(question(answers[i].prompt), 2)
        shared = Counter(n for g in grams for n in index.get(g, ()))
        for n, _ in shared.most_common(8):
            if _jaccard(grams, held[n]) >= settings.near:
                found[i] = ("near a held-out prompt", question(held_out[n])[:120])
                break
    return found


def count_reasons(rejected: Iterable[Rejection]) -> dict[str, int]:
    """Return how many were left out for each reason, the most frequent first."""
    return dict(sorted(Counter(r.reason for r in rejected).items(), key=lambda x: (-x[1], x[0])))


def write_rejected(rejected: Iterable[Rejection], path: Path) -> None:
    """Write a JSONL file at once, one line for each.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    write_lines((asdict(r) for r in rejected), path)
