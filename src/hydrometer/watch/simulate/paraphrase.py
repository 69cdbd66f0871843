"""A rewriter by rules and chance: other words, other order, other frame, other layout."""

from __future__ import annotations

import re

from hydrometer.watch.simulate.dice import Dice

__all__ = ["paraphrase"]

_SAME = """
write|compose|put down|produce|draft
write out|spell out|set down|lay out
give|provide|supply|offer|state
show|display|present|make visible|reveal
explain|describe|clarify|set out|account for
step by step|one step at a time|in small steps|stage by stage|in order
reasoning|thinking|train of thought|line of argument|thought process|deliberation
internal|inner|private|own
imagine|picture|think of|suppose you can see
articulate|express|verbalise|put into words
response|answer|reply|output
final|concluding|closing|ultimate
answer|reply|solution|response
request|query|prompt|message
below|that follows|underneath|given next
following|subsequent|next
complete|full|entire|whole|unabridged
detailed|thorough|in-depth|fine-grained
task|assignment|job|exercise|piece of work
problem|puzzle|exercise|question
question|query|issue
expert|specialist|authority|seasoned professional
deliver|provide|bring|hand over
goal|aim|purpose|objective
insights|findings|observations|lessons
grounded in|based on|anchored in|resting on
supported by|backed by|underpinned by
transparent|open|traceable|easy to follow
rigor|strictness|care|discipline
combining|joining|uniting|who combines
knowledge|understanding|expertise|command
data analyst|analyst of data|quantitative analyst|statistics professional
grade|mark|rate|score
strict|demanding|exacting|severe
criteria|points|dimensions|yardsticks
justification|rationale|reason|argument
candidate|possible|trial
preferred|better|winning|favoured
solve|work out|crack|resolve
continue|carry on|keep going|proceed
realistic|plausible|believable|lifelike
tools|functions|utilities|instruments
rewrite|rephrase|recast|reword
neutral|balanced|impartial|even-handed
cautious|careful|prudent|wary
avoids|steers clear of|leaves out|sidesteps
sensitive|delicate|touchy|contentious
return|output|hand back|respond with
harder|tougher|more demanding|trickier
complex|involved|intricate|elaborate
constraint|condition|restriction|limit
clean|tidy|neat|readable
tests|checks|test cases
before|prior to|ahead of
after|once done with|following
then|next|afterwards|after that
first|to begin with|at the start|initially
finish|end|conclude|wrap up
every|each|each and every|any
all|each of the|the whole set of
do not|don't|never|please do not
skip|omit|leave out|drop
diverse|varied|mixed|different
list|series|collection|set
create|invent|devise|come up with
user|person|customer|asker
thought|idea|consideration
state|name|declare|announce
use|employ|apply|work with
must|have to|need to|should
good|solid|sound|strong
keep|retain|hold on to
include|contain|feature|mention
consider|think about|weigh|look at
"""
_TABLE: dict[str, tuple[str, ...]] = {}
for _line in _SAME.strip().splitlines():
    _group = tuple(_line.split("|"))
    for _word in _group[:1] if len(_group) < 3 else _group:
        _TABLE.setdefault(_word, tuple(w for w in _group if w != _word))
_PHRASES = tuple(w for w in _TABLE if not w.isalpha())
_WORD = re.compile(r"(?<![\w{])[A-Za-z]+")
_CONTRACT = (
    ("You are", "You're"), ("you are", "you're"), ("do not", "don't"), ("it is", "it's"),
    ("that is", "that's"), ("you have", "you've"), ("cannot", "can't"),
)  # fmt: skip
_BEFORE = (
    "Please help me with this. ", "Hi! ", "Could you do the following? ", "I need your help. ",
    "Hello, ", "For a project of mine: ", "Quick one. ", "Take your time. ", "Okay, here we go. ",
    "I would appreciate it if you did this carefully. ", "Listen closely. ", "A favour: ",
    "Let's try something. ", "You know this field well. ", "It matters that this is right. ",
    "My colleague asked me for this. ", "New item. ", "Good day. ", "As agreed, ",
)  # fmt: skip
_AFTER = (
    " Thank you.", " Thanks in advance!", " Take as much room as you need.", " Be thorough.",
    " I rely on this.", " No hurry.", " Plain text is fine.", " Use English.", " Good luck!",
    " That is all.", " Mind the details.", " Accuracy counts more than length.", " Cheers",
)  # fmt: skip
_SENTENCES = re.compile(r"(?<=[.!?;])[ \t]+")


def _replace(dice: Dice, text: str, strength: float) -> str:
    def other(m: re.Match[str]) -> str:
        word = m.group()
        known = _TABLE.get(word.lower())
        if known is None or dice() >= strength:
            return word
        new = dice.pick(known)
        return new[0].upper() + new[1:] if word[0].isupper() else new

    # Phrases apart: one pattern of all of them takes most of the simulator's time.
    for phrase in _PHRASES:
        if phrase in text and dice() < strength:
            text = text.replace(phrase, dice.pick(_TABLE[phrase]))
    return _WORD.sub(other, text)


def _reorder(dice: Dice, text: str, strength: float) -> str:
    parts = _SENTENCES.split(text)
    for i, part in enumerate(parts):
        # "A, B" to "B, A" where both halves are clauses of some length.
        halves = part.rstrip(".!?;").split(", ", 1)
        if len(halves) == 2 and min(map(len, halves)) > 12 and dice() < 0.4 * strength:
            a, b = halves
            parts[i] = f"{b[0].upper()}{b[1:]}, {a[0].lower()}{a[1:]}."
    if len(parts) > 2 and dice() < strength:
        at = 1 + dice.below(len(parts) - 1)
        parts.insert(dice.below(at), parts.pop(at))
    if len(parts) > 3 and dice() < 0.3 * strength:
        del parts[1 + dice.below(len(parts) - 2)]
    joint = "\n- " if len(parts) > 2 and dice() < 0.2 * strength else " "
    return joint.join(parts)


def paraphrase(dice: Dice, text: str, *, strength: float = 0.75) -> str:
    """Return the text in other words.

    Parameters
    ----------
    text : str
        One or more sentences of instruction; a slot in braces is left alone.
    strength : float
        Share of known words that are replaced, and chance of each change of structure.

    Examples
    --------
    >>> import numpy as np
    >>> paraphrase(Dice(np.random.default_rng(3)), "Write the answer.", strength=0.0)
    'Write the answer.'
    """
    lines = _replace(dice, text, strength).split("\n")
    out = "\n".join([_reorder(dice, line, strength) for line in lines])
    if dice() < 0.5 * strength:
        for long, short in _CONTRACT:
            out = out.replace(long, short)
    if dice() < 0.6 * strength:
        out = dice.pick(_BEFORE) + out
    if dice() < 0.4 * strength:
        out += dice.pick(_AFTER)
    if dice() < 0.1 * strength:
        out = out.lower()
    return out
