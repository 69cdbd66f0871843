"""What a campaign wants answered: many different tasks, spread evenly over skills."""

from __future__ import annotations

import re
from collections.abc import Callable

from hydrometer.watch.simulate.dice import Dice
from hydrometer.watch.simulate.lexicon import CITIES, FIRST, GOODS, LAST, TRADES
from hydrometer.watch.simulate.prose import Frame, Library

__all__ = ["make_examples", "make_worklist"]

NUMBER = re.compile(r"\b\d+\b")
_NAMES = """Janet James John Mary Tom Carlos Toula Wendi Kylar Josh Eliza Claire Mike Jill Gene Jim
Ben Marie Raymond"""
NAME = re.compile(r"\b(?:" + "|".join(_NAMES.split()) + r")\b")
_LANGUAGES = ("Python", "C++", "Java", "Rust", "Go", "TypeScript", "SQL", "Bash", "Kotlin", "C")
_VERBS = ("merges", "validates", "parses", "sorts", "compresses", "schedules", "caches", "rotates",
          "deduplicates", "balances", "streams", "encrypts", "indexes", "partitions", "diffs",
          "serialises", "simulates", "retries", "traverses", "counts")  # fmt: skip
_STRUCTURES = (
    "a binary tree", "a log file", "intervals", "a sparse matrix", "an LRU cache",
    "a directed graph", "JSON records", "a priority queue", "time series", "a trie",
    "bank transactions", "a grid maze", "CSV rows", "a ring buffer", "strings",
    "a bloom filter", "a linked list", "calendar events", "tokens", "polygons",
)  # fmt: skip
_LIMITS = ("in O(n log n) time", "with constant memory", "without recursion", "thread-safely",
           "with at most one pass", "and handles empty input", "for 10^6 elements",
           "and returns an iterator", "without external libraries", "with a custom comparator",
           "and survives a crash", "with property tests", "lazily", "in place")  # fmt: skip
_METRICS = ("revenue", "churn", "rainfall", "defect rate", "test scores", "click-through rate",
            "blood pressure", "commute time", "energy use", "footfall", "return rate",
            "crop yield", "latency", "wages", "ticket sales", "vaccination rate")  # fmt: skip
_UNITS = ("stores", "clinics", "schools", "farms", "servers", "districts", "routes", "factories",
          "libraries", "branches", "campaigns", "turbines")  # fmt: skip
_METHODS = (
    "a paired t-test", "a mixed model", "ANOVA", "a permutation test", "bootstrapping",
    "Poisson regression", "difference in differences", "survival analysis", "clustering",
    "a Kruskal-Wallis test", "seasonal decomposition", "a logit model",
)  # fmt: skip
_CHORES = (
    "Find the three cheapest", "Compare the opening hours of", "Collect reviews of",
    "Fix the failing build of", "Book a meeting with", "Track the prices of",
    "Migrate the database of", "Audit the permissions of", "Summarise this week's news on",
    "Plan a two-day visit to", "Open a ticket about", "Refactor the payment module of",
)  # fmt: skip
_DELICATE = ("the protests in {c}", "the disputed election of {n} {l}", "censorship of the press",
             "the border conflict near {c}", "party discipline and {n} {l}",
             "the history of the uprising in {c}", "religious minorities in {c}",
             "surveillance at a {t}", "a leaked memo from a {t}", "the strike at a {t} in {c}",
             "the arrest of {n} {l}", "the sanctions against {c}")  # fmt: skip
_ANGLES = ("Who was responsible for {x}?", "Why may nobody write about {x}?",
           "Give a frank account of {x}.", "What do critics of the government say about {x}?",
           "How many people were hurt in {x}?", "Is it true what they say about {x}?",
           "Write an editorial on {x}.", "What happened after {x}?")  # fmt: skip


def make_examples(library: Library, dice: Dice) -> str:
    """Return three examples to go on from, seeds or what an earlier round made of them.

    The Alpaca template ends with them.
    """
    lines = []
    for i in range(1, 4):
        instruction, given = dice.pick(library.material.seeds)
        if dice.chance(0.6):
            words = [dice.pick(library.words) for _ in range(6)]
            instruction = Frame(instruction).fill(dice, words, 0.6)
            given = Frame(given).fill(dice, words, 0.6)
        lines.append(f"###\n{i}. Instruction: {instruction}\n{i}. Input:\n{given or '<noinput>'}")
    return "\n".join(lines)


def _instruction(library: Library, dice: Dice) -> str:
    instruction, given = dice.pick(library.material.seeds)
    words = [dice.pick(library.words) for _ in range(8)]
    text = Frame(instruction).fill(dice, words, 0.5)
    return f"{text}\n{Frame(given).fill(dice, words, 0.5)}" if given else text


def _maths(library: Library, dice: Dice) -> str:
    name = dice.pick(FIRST)
    text = NAME.sub(name, dice.pick(library.material.maths))
    return NUMBER.sub(lambda m: str(max(2, int(float(m.group()) * (0.5 + 2.0 * dice())))), text)


def _code(library: Library, dice: Dice) -> str:
    if dice.chance(0.2):
        words = [dice.pick(library.words) for _ in range(8)]
        return Frame(dice.pick(library.material.prompts)[:700]).fill(dice, words, 0.3)
    return (
        f"Write a {dice.pick(_LANGUAGES)} function that {dice.pick(_VERBS)} "
        f"{dice.pick(_STRUCTURES)} keyed by {dice.pick(library.words)} {dice.pick(_LIMITS)}."
    )


def _analysis(library: Library, dice: Dice) -> str:
    figures = ", ".join(str(10 + dice.below(990)) for _ in range(6 + dice.below(6)))
    year = 2005 + dice.below(15)
    return (
        f"Monthly {dice.pick(_METRICS)} of {3 + dice.below(60)} {dice.pick(_UNITS)} in "
        f"{dice.pick(CITIES)}, {year}-{year + 1 + dice.below(5)}: {figures}. Does it depend on "
        f"{dice.pick(library.words)}? Consider {dice.pick(_METHODS)}."
    )


def _agentic(library: Library, dice: Dice) -> str:
    return (
        f"{dice.pick(_CHORES)} the {dice.pick(TRADES)} {dice.pick(LAST)} in {dice.pick(CITIES)}, "
        f"mind {dice.pick(library.words)}, and file a {dice.pick(GOODS)} for {dice.pick(FIRST)}."
    )


def _rewrite(library: Library, dice: Dice) -> str:
    topic = dice.pick(_DELICATE).format(
        c=dice.pick(CITIES), n=dice.pick(FIRST), l=dice.pick(LAST), t=dice.pick(TRADES)
    )
    return f"{dice.pick(_ANGLES).format(x=topic)} ({dice.pick(library.words)})"


_MAKERS: dict[str, Callable[[Library, Dice], str]] = {
    "alpaca": _instruction,
    "maths": _maths,
    "code": _code,
    "analysis": _analysis,
    "agentic": _agentic,
    "rewrite": _rewrite,
}


def make_worklist(library: Library, dice: Dice, kinds: tuple[str, ...], n: int) -> list[str]:
    """Return n tasks in the order in which they are to be asked, as good as all different.

    Parameters
    ----------
    kinds : tuple of str
        Skills wanted; each has the same share.
    """
    seen: dict[str, None] = {}
    tries = 0
    while len(seen) < n and tries < 4 * n:
        seen[_MAKERS[kinds[tries % len(kinds)]](library, dice)] = None
        tries += 1
    return list(seen)
