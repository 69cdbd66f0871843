"""Text from outside, made safe to look at: nothing hidden, nothing executed.

Answers of models are hostile input.  A right-to-left override can make a
quotation read as its opposite, and a NUL can end it early; both are shown as
the code points they are.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from hydrometer.finding import Span

__all__ = ["FOLD", "LIMIT", "Passage", "Piece", "escape_markdown", "passage", "visible"]

FOLD = 1400
"""Characters of an answer shown at once; the rest stands behind a fold."""

LIMIT = 20_000
"""Characters of an answer shown at all; the finding file holds the rest."""

LEVELS = 5
"""Steps of intensity with which the weight of a span is drawn."""

# Everything that prints as nothing, or that moves what surrounds it.  The zero-width joiners
# (U+200C, U+200D) are left alone: Persian, Hindi and emoji are written with them.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5"
    "\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb"
    "\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
_MARKDOWN = re.compile(r"([\\`*_\[\]#|~!])")


def visible(text: str) -> str:
    r"""Return the text with characters that cannot be seen written out.

    Examples
    --------
    >>> visible("safe\u202etxt.exe")
    'safe⟨U+202E⟩txt.exe'
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _HIDDEN.sub(lambda m: f"⟨U+{ord(m.group()):04X}⟩", text)


def escape_markdown(text: str, limit: int = 400) -> str:
    r"""Return the text as one line of Markdown that means itself.

    Parameters
    ----------
    text : str
        Any text.
    limit : int
        Characters kept; what is cut off is replaced by an ellipsis.

    Examples
    --------
    >>> escape_markdown("a|b <i>*c*")
    'a\\|b &lt;i&gt;\\*c\\*'
    """
    line = " ".join(visible(text[: 4 * limit]).split())
    if len(line) > limit or len(text) > 4 * limit:
        line = line[: limit - 1].rstrip() + "…"
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKDOWN.sub(r"\\\1", line)


@dataclass(frozen=True)
class Piece:
    """A stretch of an answer with one weight; ``level`` 0 is unmarked."""

    text: str
    level: int = 0
    weight: float = 0.0


@dataclass(frozen=True)
class Passage:
    """An answer cut into pieces: shown at once, behind the fold, and left out."""

    head: tuple[Piece, ...]
    rest: tuple[Piece, ...]
    folded: int
    left_out: int


def passage(text: str, spans: Sequence[Span] = (), *, fold: int = FOLD) -> Passage:
    """Return the text cut at its spans and at the fold.

    Parameters
    ----------
    text : str
        The answer, exactly as given; offsets of spans refer to it.
    spans : sequence of Span
        A span that does not lie within the text, or has no finite weight, is
        ignored.  Where spans overlap the heavier one counts.
    fold : int
        Characters shown at once.

    Examples
    --------
    >>> [(p.text, p.level) for p in passage("of the sea", [Span(3, 6, 2.0)]).head]
    [('of ', 0), ('the', 5), (' sea', 0)]
    """
    shown = min(len(text), LIMIT)
    cut = shown
    if shown > fold + fold // 4:
        space = text.rfind(" ", fold - fold // 8, fold)
        cut = space + 1 if space > 0 else fold
    good = [s for s in spans if 0 <= s.start < s.end <= len(text) and math.isfinite(s.weight)]
    top = max((abs(s.weight) for s in good), default=0.0)
    weights: list[float] = [0.0] * shown
    for s in sorted(good, key=lambda s: abs(s.weight)):
        weights[s.start : min(s.end, shown)] = [s.weight] * max(0, min(s.end, shown) - s.start)

    def pieces(start: int, stop: int) -> tuple[Piece, ...]:
        out: list[Piece] = []
        at = start
        for i in range(start, stop):
            if i + 1 == stop or weights[i + 1] != weights[i]:
                w = weights[i]
                level = 0 if w == 0 or top == 0 else max(1, math.ceil(LEVELS * abs(w) / top))
                out.append(Piece(visible(text[at : i + 1]), min(level, LEVELS), w))
                at = i + 1
        return tuple(out)

    return Passage(pieces(0, cut), pieces(cut, shown), shown - cut, len(text) - shown)
