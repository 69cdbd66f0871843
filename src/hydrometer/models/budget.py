"""How many tokens a run will take, and when to stop before it takes too many."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hydrometer.errors import InputError
from hydrometer.exchange import Exchange
from hydrometer.models.model import Query

__all__ = ["Budget", "Estimate", "ceiling", "estimate", "guess_tokens"]

OVERHEAD = 8
"""Tokens of a chat template around one message, roughly."""

TEMPLATE_CEILING = 64
"""Tokens that a template adds to a prompt at most (default system prompts included)."""


def guess_tokens(text: str) -> int:
    """Return about how many tokens a text is: four ASCII characters each, or one other.

    Examples
    --------
    >>> guess_tokens("What is a hydrometer?"), guess_tokens("比重计")
    (6, 3)
    """
    ascii_count = sum(1 for c in text if c < "\x80")
    return -(-ascii_count // 4) + len(text) - ascii_count


def ceiling(query: Query) -> int:
    """Return the most tokens that one query can take, question and answer.

    A byte-level tokenizer never makes more tokens than there are bytes.

    Raises
    ------
    InputError
        If the answer's length is not limited.
    """
    if query.sampling.max_tokens is None:
        raise InputError(
            "a budget in tokens needs a limit on each answer", next_step="add --max-tokens"
        )
    sent = sum(len(m.content.encode("utf-8", "surrogatepass")) for m in query.prompt)
    return sent + TEMPLATE_CEILING + query.sampling.max_tokens


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run would take.

    Parameters
    ----------
    queries : int
        Number of queries that would be asked.
    tokens_in : int
        Estimated prompt tokens.
    tokens_out : int or None
        Most answer tokens, None where no limit is set.
    cost : float or None
        In the currency of the prices, None where it cannot be told.
    """

    queries: int
    tokens_in: int
    tokens_out: int | None
    cost: float | None


def estimate(
    queries: Iterable[Query], *, price_in: float | None = None, price_out: float | None = None
) -> Estimate:
    """Return the estimate of a set of queries.

    Parameters
    ----------
    queries : iterable of Query
        What would be asked.
    price_in, price_out : float, optional
        Price of a million tokens.

    Returns
    -------
    Estimate
        The cost is given where both prices and an answer limit are.
    """
    count = tokens_in = tokens_out = 0
    limited = True
    for q in queries:
        count += 1
        tokens_in += sum(guess_tokens(m.content) + OVERHEAD for m in q.prompt)
        if q.sampling.max_tokens is None:
            limited = False
        else:
            tokens_out += q.sampling.max_tokens
    cost = None
    if limited and price_in is not None and price_out is not None:
        cost = (tokens_in * price_in + tokens_out * price_out) / 1e6
    return Estimate(count, tokens_in, tokens_out if limited else None, cost)


class Budget:
    """Tokens that may be spent; what is under way is set aside at its ceiling.

    Parameters
    ----------
    limit : int or None
        Tokens, question and answer; None for no limit.

    Raises
    ------
    InputError
        If the limit is negative.

    Examples
    --------
    >>> from hydrometer.exchange import Message, Sampling
    >>> query = Query((Message("user", "Hi"),), Sampling(max_tokens=10))
    >>> budget = Budget(100)
    >>> budget.admit(0, query), budget.admit(1, query)
    (True, False)
    """

    def __init__(self, limit: int | None = None) -> None:
        if limit is not None and limit < 0:
            raise InputError("a budget is not negative", got=str(limit))
        self.limit = limit
        self.spent = 0
        self._held: dict[int, int] = {}

    def admit(self, number: int, query: Query) -> bool:
        """Set the query's ceiling aside, or say no."""
        if self.limit is None:
            return True
        most = ceiling(query)
        if self.spent + sum(self._held.values()) + most > self.limit:
            return False
        self._held[number] = most
        return True

    def settle(self, number: int, query: Query, answer: Exchange) -> None:
        """Count what the answer took, at the ceiling where the provider did not report it."""
        self._held.pop(number, None)
        self.spent += taken(query, answer, exact=self.limit is None)


def taken(query: Query, answer: Exchange, *, exact: bool = False) -> int:
    """Return the tokens of an answered query; its ceiling where they are not recorded.

    A failed query counts what was reported for it, else nothing; with
    ``exact`` so does an answered one.
    """
    reported = (answer.tokens_in or 0) + (answer.tokens_out or 0)
    if exact or answer.status in ("error", "throttled"):
        return reported
    if answer.tokens_in is None or answer.tokens_out is None:
        return ceiling(query)
    return reported
