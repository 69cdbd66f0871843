"""What a model is to us: something that answers, and sometimes scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from hydrometer.exchange import Exchange, Message, Sampling

__all__ = ["LOCAL_LIMIT", "Model", "Query", "ScoringModel", "StreamingModel"]

LOCAL_LIMIT = 512
"""Most answer tokens of a model on this machine, where nobody set a limit."""


@dataclass(frozen=True, slots=True)
class Query:
    """One thing to ask.

    Parameters
    ----------
    prompt : tuple of Message
        The messages. Where the last one is the assistant's, the model is
        asked to continue that text (prefill).
    sampling : Sampling
        How to sample.
    draw : int
        Number of the draw where one prompt is put several times.
    """

    prompt: tuple[Message, ...]
    sampling: Sampling = Sampling()
    draw: int = 0


class Model(Protocol):
    """Something that can be asked.

    ``answer`` never raises for a single query that failed: the exchange
    carries the status (``throttled``, ``error``, ``filtered``). It raises
    `ModelError` only where nothing can be asked at all (no such model, wrong
    key), and `InputError` for a query that the model cannot take (prefill
    where there is none).
    """

    name: str
    prefill: bool
    """Whether a prompt that ends with the assistant's text is continued."""

    def answer(self, queries: Sequence[Query]) -> list[Exchange]:
        """Return one exchange for each query, in order."""


@runtime_checkable
class ScoringModel(Protocol):
    """A model whose log-probabilities of a given text can be had."""

    def score(
        self, prompt: Sequence[Message], responses: Sequence[str]
    ) -> list[tuple[float, ...]]:
        """Return the log-probability (natural) of each token of each response."""


@runtime_checkable
class StreamingModel(Protocol):
    """A model that asks several queries at once and hands each answer over as it comes."""

    def stream(
        self,
        queries: Sequence[Query],
        *,
        admit: Callable[[int], bool],
        done: Callable[[int, Exchange], None],
    ) -> None:
        """Ask in order; ``admit(i)`` before the query, ``done(i, answer)`` after it.

        Where ``admit`` says no, the query waits for those under way and is
        tried once more when none is; a second no ends the stream.
        """
