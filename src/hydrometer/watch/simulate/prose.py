"""People's prompts: real sentences, put to each account's own topics and in its own hand."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from hydrometer.watch.simulate.dice import Dice
from hydrometer.watch.simulate.lexicon import (
    CITIES,
    COMMON,
    FIRST,
    GOODS,
    LANGUAGES,
    SYLLABLES,
    TRADES,
)
from hydrometer.watch.simulate.material import Material

__all__ = ["Frame", "Library", "Voice", "coin", "foreign"]

SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
WORD = re.compile(r"(?<![\w'’-])[a-z][a-z'-]{3,}(?!\w)")
SLOT = re.compile(r"\{\d\}")
LONGEST = 420
"""Characters of the longest sentence that becomes a frame; the rest is kept whole elsewhere."""


def coin(dice: Dice, parts: int = 3) -> str:
    """Return an invented proper name."""
    return "".join(dice.pick(SYLLABLES) for _ in range(parts)).capitalize()


def foreign(dice: Dice, language: str, own: Sequence[str]) -> str:
    """Return a sentence of another language, of the pieces of its frames.

    Parameters
    ----------
    own : sequence of str
        The writer's own words, which stand among the nouns as names and loan words do.
    """
    frames, nouns = LANGUAGES[language]
    pieces = [SLOT.split(dice.pick(frames)) for _ in range(3 + dice.below(3))]
    text = pieces[0][0]
    for piece in pieces:
        noun = dice.pick(nouns)
        if dice() < 0.45:
            # Scripts without spaces set loan words apart only by their letters.
            noun = dice.pick(own) if language in ("zh", "ja") else f"{noun} {dice.pick(own)}"
        text += noun + piece[1 + dice.below(len(piece) - 2) if len(piece) > 2 else 1]
    return text + pieces[-1][-1]


class Frame:
    """One real sentence with the places of its content words.

    Examples
    --------
    >>> import numpy as np
    >>> frame = Frame("the cat sat under tables near rivers")
    >>> frame.words
    ('tables', 'near', 'rivers')
    >>> frame.fill(Dice(np.random.default_rng(0)), ("x",), 1.0)
    'the cat sat under x x x'
    """

    __slots__ = ("_pieces", "text", "words")

    def __init__(self, text: str) -> None:
        self.text = text
        pieces, words, last = [], [], 0
        for m in WORD.finditer(text):
            if m.group() not in COMMON:
                pieces.append(text[last : m.start()])
                words.append(m.group())
                last = m.end()
        pieces.append(text[last:])
        self._pieces = tuple(pieces)
        self.words = tuple(words)

    def fill(self, dice: Dice, vocabulary: Sequence[str], share: float) -> str:
        """Return the sentence with this share of its content words replaced."""
        # One draw a word: where it falls below the share, it also says which word comes in.
        k = len(vocabulary) / share if share > 0.0 else 0.0
        draws = dice.several(len(self.words))
        out = [
            piece + (vocabulary[int(u * k)] if u < share else word)
            for piece, word, u in zip(self._pieces, self.words, draws, strict=False)
        ]
        return "".join(out) + self._pieces[-1]


def _frames(text: str) -> list[Frame]:
    kept = (s.strip() for s in SENTENCE.split(text))
    return [Frame(s) for s in kept if 12 <= len(s) <= LONGEST]


class Library:
    """All frames, by source, and the words that may fill them.

    Parameters
    ----------
    material : Material
        What was read.
    dice : Dice
        Draws the order of popularity: what is popular differs between streams.
    """

    def __init__(self, material: Material, dice: Dice) -> None:
        self.material = material
        talks = [[f for turn in t for f in _frames(turn[0])] for t in material.dialogues]
        asks = [_frames(p) for p in material.prompts]
        sums = [_frames(q) for q in material.maths]
        self.topics = dice.shuffled([f for f in talks + asks + sums if f])
        self.passages = dice.shuffled(
            [a for t in material.dialogues for _, a in t if len(a) > 120]
        )
        self.passage_frames = [f for p in self.passages if (f := _frames(p))]
        self.openers = dice.shuffled(
            [t[0][0] for t in material.dialogues if len(t[0][0]) > 15]
            + [p for p in material.prompts if len(p) < 600]
        )
        counts = Counter(w for t in self.topics + self.passage_frames for f in t for w in f.words)
        self.words = tuple(w for w, c in counts.most_common() if c > 1)

    def passage(self, dice: Dice, characters: int, vocabulary: Sequence[str]) -> str:
        """Return text of about this length, as it might stand in somebody's document."""
        out: list[str] = []
        size = 0
        while size < characters:
            for frame in dice.pick(self.passage_frames):
                text = frame.fill(dice, vocabulary, 0.5)
                out.append(text)
                size += len(text) + 1
        return " ".join(out)[:characters]


class Voice:
    """One person or project: its topics, its words, its way of writing.

    Parameters
    ----------
    library : Library
        Where sentences come from.
    dice : Dice
        Draws what this voice is; later draws are passed in with each call.
    language : str or None
        Another language than English, of `LANGUAGES`.
    """

    def __init__(self, library: Library, dice: Dice, language: str | None = None) -> None:
        self.library, self.language = library, language
        words = library.words
        # Some everyday words, and mostly rare ones: a trade has its own.
        self.vocabulary = [dice.popular(words) for _ in range(12)]
        self.vocabulary += [words[int(u * len(words))] for u in dice.several(60)]
        self.vocabulary += [coin(dice).lower(), coin(dice), dice.pick(FIRST), dice.pick(CITIES)]
        self.favourites = [dice.pick(library.topics) for _ in range(6 + dice.below(20))]
        self.project = coin(dice, 2 + dice.below(2))
        self.trade = dice.pick(TRADES)
        self.lower = dice.chance(0.35)
        self.polite = dice() * 0.4
        self.swap = 0.35 + 0.5 * dice()
        self.copies = 0.02 + 0.12 * dice()

    def drift(self, dice: Dice, share: float) -> None:
        """Move on: replace a share of topics and words."""
        for kept, source in (
            (self.vocabulary, self.library.words),
            (self.favourites, self.library.topics),
        ):
            for i in range(len(kept)):
                if dice() < share:
                    kept[i] = dice.pick(source)  # type: ignore[call-overload]

    def sentence(self, dice: Dice) -> str:
        """Return one sentence of a favourite topic, in this voice's words."""
        return dice.pick(dice.popular(self.favourites)).fill(dice, self.vocabulary, self.swap)

    def question(self, dice: Dice) -> str:
        """Return a prompt as this person might write it."""
        if self.language is not None:
            text = foreign(dice, self.language, self.vocabulary)
            while dice.chance(0.45):
                text += " " + foreign(dice, self.language, self.vocabulary)
            return text
        if dice() < self.copies:
            return dice.popular(self.library.openers)
        topic = dice.popular(self.favourites)
        first = dice.below(len(topic))
        text = " ".join(
            f.fill(dice, self.vocabulary, self.swap)
            for f in topic[first : first + 1 + dice.below(3)]
        )
        r = dice()
        if r < 0.12:
            text = f"{text} {self.sentence(dice)}"
        elif r < 0.2:
            text = f"For {self.project} ({self.trade} in {dice.pick(CITIES)}): {text}"
        elif r < 0.27:
            tail = self.library.passage(dice, 120 + dice.below(600), self.vocabulary)
            text = f"{text}\n\n{tail}"
        return self.hand(dice, text)

    def hand(self, dice: Dice, text: str) -> str:
        """Return the text as this person types: case, politeness, slips."""
        if self.lower:
            text = text.lower()
        if dice() < self.polite:
            text = dice.pick(
                (f"please {text}", f"{text} thanks!", f"Hi, {text}", f"{text} Please help.")
            )
        if dice() < 0.08 and len(text) > 20:
            at = 1 + dice.below(len(text) - 2)
            text = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
        return text

    def follow(self, dice: Dice) -> str:
        """Return what people say next in a conversation."""
        if self.language is None and dice.chance(0.3):
            talk = dice.pick(self.library.material.dialogues)
            return self.hand(dice, talk[-1][0][:400])
        if dice.chance(0.15):
            word = dice.pick(self.vocabulary)
            return dice.pick(
                ("shorter please", "can you make it a table?", "why?", "continue", "go on",
                 f"and with {word}?", f"what about {word} then", f"add more on {word}",
                 "hmm that is not what I meant", "thanks, now in plain words")
            )  # fmt: skip
        return self.question(dice)

    def answer(self, dice: Dice) -> str:
        """Return the first words of an answer."""
        if self.language is not None:
            return dice.pick(LANGUAGES[self.language][1])
        return dice.pick(self.library.passages)[:160]

    def thing(self, dice: Dice) -> str:
        """Return a short piece of data from this voice's trade."""
        return f"{dice.pick(GOODS)} {dice.pick(self.vocabulary)} {dice.pick(self.vocabulary)}"
