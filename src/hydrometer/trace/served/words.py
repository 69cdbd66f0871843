"""Cut a text into words with their places, and compare a continuation with what follows."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Words", "agreeing_words"]

_WORD = re.compile(r"\S+")


@dataclass(frozen=True)
class Words:
    """A text and the places of its words (runs of anything but white space).

    Examples
    --------
    >>> w = Words.of("The  red fox")
    >>> w.count, w.words[1], w.prefix(2)
    (3, 'red', 'The  red')
    """

    text: str
    spans: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, text: str) -> Words:
        """Cut a text."""
        return cls(text, tuple(m.span() for m in _WORD.finditer(text)))

    @property
    def count(self) -> int:
        """Number of words."""
        return len(self.spans)

    @property
    def words(self) -> tuple[str, ...]:
        """The words."""
        return tuple(self.text[a:b] for a, b in self.spans)

    def prefix(self, words: int) -> str:
        """Return the text up to the end of that many words, without white space after them."""
        return "" if words == 0 else self.text[: self.spans[words - 1][1]]


def agreeing_words(continuation: str, expected: tuple[str, ...], *, cut: bool) -> tuple[int, bool]:
    """Count the leading words of a continuation that are the expected ones.

    Parameters
    ----------
    continuation : str
        What a model wrote after the prefix; white space in front does not count.
    expected : tuple of str
        The words that follow the prefix in the candidate.
    cut : bool
        Whether the token limit ended the continuation: its last word may then be incomplete.

    Returns
    -------
    agreeing : int
        Leading words in agreement.
    diverged : bool
        Whether the next word is known to be another one (or the model stopped there by itself);
        False when the continuation was cut first or the candidate is complete.

    Examples
    --------
    >>> agreeing_words(" fox jumps", ("fox", "runs"), cut=False)
    (1, True)
    >>> agreeing_words(" fox ru", ("fox", "runs", "off"), cut=True)
    (1, False)
    """
    written = continuation.split()
    agreeing = 0
    for mine, theirs in zip(written, expected, strict=False):
        if mine != theirs:
            break
        agreeing += 1
    if agreeing == len(expected):
        return agreeing, False
    left = written[agreeing:]
    if not left:
        return agreeing, not cut
    if cut and len(left) == 1 and expected[agreeing].startswith(left[0]) and agreeing:
        return agreeing, False
    return agreeing, True
