"""A model that writes down what it is asked, so that a killed walk continues where it stopped."""

from __future__ import annotations

from collections.abc import Sequence

from hydrometer.exchange import Exchange, prompt_key
from hydrometer.models.journal import Journal
from hydrometer.models.model import Model, Query

__all__ = ["RememberingModel"]


class RememberingModel:
    """Answers from a journal, and asks the model only for what is not in it.

    Parameters
    ----------
    model : Model
        Who is asked.
    journal : Journal
        Where answers are kept; failed ones are asked again.
    block : int
        Queries handed over at once, so that a killed run loses at most these.
    """

    def __init__(self, model: Model, journal: Journal, *, block: int = 32) -> None:
        self.name, self.prefill = model.name, model.prefill
        self._model, self._journal, self._block = model, journal, block
        self._known = {
            (e.key, e.draw or 0): e
            for e in journal.exchanges
            if e.status in ("ok", "truncated", "filtered") and e.model == model.name
        }

    def answer(self, queries: Sequence[Query]) -> list[Exchange]:
        """Return one exchange for each query, in order."""
        keys = [(prompt_key(q.prompt), q.draw) for q in queries]
        todo = [i for i, key in enumerate(keys) if key not in self._known]
        fresh: dict[int, Exchange] = {}
        for start in range(0, len(todo), self._block):
            part = todo[start : start + self._block]
            answers = self._model.answer([queries[i] for i in part])
            for i, answer in zip(part, answers, strict=True):
                self._journal.append(answer)
                fresh[i] = answer
                if answer.status in ("ok", "truncated", "filtered"):
                    self._known[keys[i]] = answer
        return [fresh[i] if i in fresh else self._known[key] for i, key in enumerate(keys)]
