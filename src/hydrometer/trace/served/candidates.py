"""Join what was served with fresh draws for the same prompts, and refuse what would mislead.

Each prompt becomes one set of candidates: the served answer first, the decoys after it.  Under
the null "the suspect was not trained on what we served" the served answer is one more draw from
the same snapshot with the same sampling, hence exchangeable with its decoys given the prompt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from hydrometer.errors import InputError
from hydrometer.exchange import Exchange, Message

__all__ = ["CandidateSet", "Design", "join_candidates"]


@dataclass(frozen=True)
class CandidateSet:
    """One prompt with its served answer and the decoys.

    Attributes
    ----------
    key : str
        Hash of the prompt.
    prompt : tuple of Message
        The prompt as served.
    texts : tuple of str
        The served answer at index 0, then the decoys in the order of their draws.
    served : Exchange
        The logged exchange.
    decoys : tuple of Exchange
        The fresh draws.
    """

    key: str
    prompt: tuple[Message, ...]
    texts: tuple[str, ...]
    served: Exchange
    decoys: tuple[Exchange, ...]


@dataclass(frozen=True)
class Design:
    """All sets of one served-log test and what was left out, with reasons.

    Attributes
    ----------
    sets : tuple of CandidateSet
        In the order of the log.
    dropped : mapping of str to int
        Reason and number of records left out.
    """

    sets: tuple[CandidateSet, ...]
    dropped: Mapping[str, int] = field(default_factory=dict)

    @property
    def width(self) -> int:
        """Candidates of the largest set."""
        return max(len(s.texts) for s in self.sets)


def join_candidates(log: Iterable[Exchange], decoys: Iterable[Exchange]) -> Design:
    """Join log and decoys by prompt.

    A prompt served several times enters once, with its first answer; answers that are empty or
    failed are left out on both sides alike; a prompt without a decoy is left out.

    Parameters
    ----------
    log : iterable of Exchange
        What was served, oldest first.
    decoys : iterable of Exchange
        Fresh answers to the same prompts from the same snapshot with the same sampling.

    Returns
    -------
    Design
        At least one set.

    Raises
    ------
    InputError
        No prompt of the log has a decoy.

    Examples
    --------
    >>> ask = (Message("user", "Name a bird."),)
    >>> log = [Exchange(prompt=ask, response="A wren.", model="t")]
    >>> fresh = [Exchange(prompt=ask, response=r, model="t", draw=i)
    ...          for i, r in enumerate(["A crow.", "An owl."])]
    >>> join_candidates(log, fresh).sets[0].texts
    ('A wren.', 'A crow.', 'An owl.')
    """
    dropped: Counter[str] = Counter()
    fresh: dict[str, list[Exchange]] = {}
    identities: set[tuple[str, int | None, str | None]] = set()
    for row in decoys:
        if not row.scored:
            dropped["decoy without an answer"] += 1
            continue
        identity = (row.id, row.draw, row.source)
        if row.draw is not None and identity in identities:
            dropped["decoy recorded twice"] += 1
            continue
        identities.add(identity)
        fresh.setdefault(row.key, []).append(row)
    sets: list[CandidateSet] = []
    seen: set[str] = set()
    for row in log:
        if row.prompt[-1].role == "assistant":
            dropped["logged prompt ends with the assistant"] += 1
        elif not row.scored:
            dropped["served answer missing"] += 1
        elif row.key in seen:
            dropped["prompt served before"] += 1
        elif not fresh.get(row.key):
            dropped["prompt without a decoy"] += 1
        else:
            seen.add(row.key)
            companions = tuple(sorted(fresh[row.key], key=_draw))
            texts = tuple(text for e in (row, *companions) if (text := e.response) is not None)
            sets.append(CandidateSet(row.key, row.prompt, texts, row, companions))
    unused = set(fresh) - seen
    if unused:
        dropped["decoys of prompts not in the log"] += sum(len(fresh[k]) for k in unused)
    if not sets:
        raise InputError(
            "no prompt of the log has a decoy",
            got=f"{sum(map(len, fresh.values()))} usable decoys, " + _list(dropped),
            wanted="the same prompts on both sides",
            next_step="draw decoys for the logged prompts with `hydrometer ask`",
        )
    return Design(tuple(sets), dict(dropped))


def _draw(row: Exchange) -> int:
    return -1 if row.draw is None else row.draw


def _list(dropped: Mapping[str, int]) -> str:
    return ", ".join(f"{n} x {reason}" for reason, n in dropped.items()) or "nothing left out"
