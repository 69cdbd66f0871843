"""What was kept of a teacher: how well its texts are foreseen, and how often one is right."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from hydrometer.errors import InputError
from hydrometer.exchange import Message
from hydrometer.models.model import Model, ScoringModel

__all__ = ["HeldOut", "Perplexity", "Share", "accuracy", "matches", "perplexity", "wilson"]

Z = 1.959963984540054
"""Of a 95 % interval."""


@dataclass(frozen=True)
class Share:
    """A share with its 95 % interval (Wilson).

    Attributes
    ----------
    successes : float
        A tie counts half.
    n : int
        Trials.
    value, low, high : float or None
        None where there is no trial.
    """

    successes: float
    n: int
    value: float | None
    low: float | None
    high: float | None


def wilson(successes: float, n: int) -> Share:
    """Return a share with Wilson's score interval.

    Assumes independent trials with one common chance. Ties that count half
    vary less than that, and the interval is then too wide rather than too narrow.

    References
    ----------
    Wilson, E. B. (1927), J. Am. Stat. Assoc. 22, 209-212.

    Examples
    --------
    >>> s = wilson(8, 10)
    >>> round(s.low, 3), round(s.high, 3)
    (0.49, 0.943)
    """
    if n < 0 or not 0 <= successes <= n:
        raise InputError("no such share", got=f"{successes} of {n}")
    if n == 0:
        return Share(successes, 0, None, None, None)
    p, z2 = successes / n, Z * Z
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    low = 0.0 if successes == 0 else max(0.0, middle - half)  # exactly so, but for rounding
    high = 1.0 if successes == n else min(1.0, middle + half)
    return Share(successes, n, p, low, high)


@dataclass(frozen=True)
class HeldOut:
    """One prompt that was not trained on.

    Parameters
    ----------
    id : str
        Its name.
    prompt : tuple of Message
        What is asked.
    text : str or None
        What the teacher answered; perplexity is measured on it.
    key : str or None
        The right answer, where there is one.
    """

    id: str
    prompt: tuple[Message, ...]
    text: str | None = None
    key: str | None = None


@dataclass(frozen=True)
class Perplexity:
    """How well a model foresees given texts.

    Attributes
    ----------
    texts, tokens, bytes : int
        Measured; tokens are the model's own.
    nats : float
        Sum of the negative log-probabilities.
    per_token : float
        Perplexity per token: compares models of one tokenizer.
    bits_per_byte : float
        Compares models of any tokenizer.
    """

    texts: int
    tokens: int
    bytes: int
    nats: float
    per_token: float
    bits_per_byte: float


def perplexity(model: Model, held_out: Sequence[HeldOut]) -> Perplexity | None:
    """Return how well a model foresees the teacher's texts.

    Parameters
    ----------
    model : Model
        One that scores; for another, None is returned.
    held_out : sequence of HeldOut
        Those without a text are passed over.
    """
    if not isinstance(model, ScoringModel):
        return None
    nats, tokens, size, texts = 0.0, 0, 0, 0
    for h in held_out:
        if h.text:
            (logprobs,) = model.score(h.prompt, [h.text])
            nats -= math.fsum(logprobs)
            tokens += len(logprobs)
            size += len(h.text.encode("utf-8", "surrogatepass"))
            texts += 1
    if not tokens:
        return None
    each = math.exp(min(nats / tokens, 700.0))
    return Perplexity(texts, tokens, size, nats, each, nats / size / math.log(2))


_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?(?:/\d+)?")


def _number(text: str) -> Fraction | None:
    """Return the last number of a text, without its thousands' commas."""
    for found in reversed(_NUMBER.findall(text)):
        try:
            top, _, bottom = found.replace(",", "").partition("/")
            return Fraction(top) / (Fraction(bottom) if bottom else 1)
        except (ValueError, ZeroDivisionError):
            continue
    return None


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def matches(response: str | None, key: str, match: str = "exact") -> bool:
    """Whether a response gives the right answer.

    Parameters
    ----------
    response : str or None
        What was answered.
    key : str
        The right answer.
    match : str
        ``exact`` (the same words, whatever their case and punctuation) or
        ``number`` (the last number of the response is that of the key).

    Examples
    --------
    >>> matches("So it is 1,200.", "1200", "number"), matches("Paris.", "paris")
    (True, True)
    """
    if match not in ("exact", "number"):
        raise InputError("unknown way to match", got=repr(match)[:40], wanted="exact, number")
    if response is None:
        return False
    if match == "number":
        wanted = _number(key)
        return wanted is not None and _number(response) == wanted
    return bool(_words(key)) and _words(response) == _words(key)


def accuracy(responses: Sequence[str | None], keys: Sequence[str | None], match: str) -> Share:
    """Return the share of right answers, among the questions with a key."""
    pairs = [(r, k) for r, k in zip(responses, keys, strict=True) if k is not None]
    return wilson(sum(matches(r, k, match) for r, k in pairs), len(pairs))
