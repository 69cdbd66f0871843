"""Answers that were recorded already, in the place of a model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from hydrometer.errors import InputError
from hydrometer.exchange import Exchange, prompt_key
from hydrometer.models.model import Query

__all__ = ["RecordedModel"]


class RecordedModel:
    """A model that only repeats what it is recorded to have said.

    Prompts are joined by key, and the draws of one prompt are given out in
    the order of their number. Sampling parameters are those of the record,
    never those of the query.

    Parameters
    ----------
    exchanges : iterable of Exchange
        What was recorded.
    name : str, optional
        Which model, where the record holds several.

    Raises
    ------
    InputError
        If there is no exchange of that model, or several models and no name.

    Examples
    --------
    >>> from hydrometer.exchange import Message
    >>> prompt = (Message("user", "Hi"),)
    >>> model = RecordedModel([Exchange(prompt, "Hello", "m")])
    >>> [e.response for e in model.answer([Query(prompt), Query(prompt, draw=1)])]
    ['Hello', None]
    """

    prefill = True

    def __init__(self, exchanges: Iterable[Exchange], *, name: str | None = None) -> None:
        found = list(exchanges)
        names = sorted({e.model for e in found})
        if name is None and len(names) > 1:
            raise InputError(
                "the record holds several models",
                got=", ".join(names)[:200],
                next_step="say which: recorded:NAME@FILE",
            )
        if name is not None:
            found = [e for e in found if e.model == name]
        if not found:
            raise InputError(
                "the record holds no answer" + (f" of {name!r}" if name else ""),
                got=", ".join(names)[:200] or "no exchange",
            )
        self.name = name or names[0]
        self._draws: dict[str, list[Exchange]] = {}
        for e in found:
            self._draws.setdefault(e.key, []).append(e)
        for same in self._draws.values():
            same.sort(key=lambda e: (not e.scored, -1 if e.draw is None else e.draw))

    def answer(self, queries: Sequence[Query]) -> list[Exchange]:
        """Return the recorded exchange of each query; status ``error`` where there is none."""
        return [self._one(q) for q in queries]

    def _one(self, query: Query) -> Exchange:
        same = self._draws.get(prompt_key(query.prompt), [])
        if query.draw < len(same):
            return replace(same[query.draw], draw=query.draw)
        return Exchange(
            prompt=query.prompt,
            response=None,
            model=self.name,
            status="error",
            error="not recorded",
            sampling=query.sampling,
            draw=query.draw,
        )
