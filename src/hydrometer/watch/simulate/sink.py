"""Where events gather, in columns, until they are sorted by time and written."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hydrometer.watch.simulate.dice import Dice

__all__ = ["Label", "Messages", "Sink", "estimate_tokens"]

Messages = tuple[tuple[str, str], ...]
"""(role, content) of each message of a prompt."""


class Label(NamedTuple):
    """The truth about one account; an empty campaign is benign."""

    account: str
    campaign: str
    kind: str


def estimate_tokens(messages: Messages) -> int:
    """Return about how many tokens a provider would count: more for scripts without spaces.

    Examples
    --------
    >>> estimate_tokens((("user", "x" * 42),))
    14
    """
    total = 0
    for _, text in messages:
        # ASCII text is four characters a token; others are nearer to one and a half.
        total += 4 + (len(text) * 10 // 42 if text.isascii() else len(text) * 2 // 3)
    return total


class Sink:
    """Columns of events in no order, and the labels of all accounts."""

    def __init__(self) -> None:
        self.labels: list[Label] = []
        self.profiles: list[dict[str, str]] = []
        self._known: dict[tuple[tuple[str, str], ...], int] = {}
        self._names: set[str] = set()
        self.account: list[int] = []
        self.time: list[float] = []
        self.messages: list[Messages] = []
        self.response: list[str | None] = []
        self.model: list[str] = []
        self.status: list[str] = []
        self.temperature: list[float | None] = []
        self.top_p: list[float | None] = []
        self.max_tokens: list[int | None] = []
        self.tokens_in: list[int] = []
        self.tokens_out: list[int | None] = []
        self.profile: list[int] = []
        self.stream: list[bool] = []
        self.tools: list[bool] = []

    def __len__(self) -> int:
        return len(self.time)

    def enrol(self, dice: Dice, campaign: str, kind: str) -> int:
        """Give a new account a name that says nothing, and return its number."""
        name = ""
        while not name or name in self._names:
            name = f"key_{dice.below(16**12):012x}"
        self._names.add(name)
        self.labels.append(Label(name, campaign, kind))
        return len(self.labels) - 1

    def know(self, headers: dict[str, str]) -> int:
        """Return the number of a set of headers."""
        key = tuple(headers.items())
        number = self._known.get(key)
        if number is None:
            number = self._known[key] = len(self.profiles)
            self.profiles.append(headers)
        return number

    def order(self) -> NDArray[np.int64]:
        """Return the places of the events sorted by time."""
        return np.argsort(np.array(self.time), kind="stable")
