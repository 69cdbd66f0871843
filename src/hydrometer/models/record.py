"""A recording run: ask what is not recorded yet, and record it as it comes."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field

from hydrometer.exchange import Exchange, Sampling, prompt_key
from hydrometer.models.budget import Budget, taken
from hydrometer.models.journal import Journal
from hydrometer.models.model import Model, Query, StreamingModel

__all__ = ["Recorded", "answered_already", "plan", "record", "remaining"]

FAILED = ("error", "throttled")


def plan(prompts: Sequence[Query], *, draws: int = 1) -> tuple[list[Query], int]:
    """Return the queries of a run: all prompts, then all of them again for the next draw.

    Parameters
    ----------
    prompts : sequence of Query
        One for each prompt.
    draws : int
        How often each prompt is put.

    Returns
    -------
    tuple of list of Query and int
        The queries, and how many prompts were left out because an earlier
        one has the same key.
    """
    first: dict[Hashable, Query] = {}
    for q in prompts:
        first.setdefault((prompt_key(q.prompt), q.sampling), q)
    queries = [Query(q.prompt, q.sampling, draw) for draw in range(draws) for q in first.values()]
    return queries, len(prompts) - len(first)


def _key(key: str, draw: int | None, sampling: Sampling, model: str) -> Hashable:
    return key, draw or 0, sampling, model


def _key_of(exchange: Exchange) -> Hashable:
    return _key(exchange.key, exchange.draw, exchange.sampling, exchange.model)


def _key_for(query: Query, model: str) -> Hashable:
    return _key(prompt_key(query.prompt), query.draw, query.sampling, model)


def answered_already(
    exchanges: Sequence[Exchange], queries: Sequence[Query], model: str
) -> dict[int, Exchange]:
    """Return number of the query to its recorded exchange; an answer outranks a failure."""
    found: dict[Hashable, Exchange] = {}
    for e in exchanges:
        old = found.get(_key_of(e))
        if old is None or old.status in FAILED:
            found[_key_of(e)] = e
    keys = [_key_for(q, model) for q in queries]
    return {i: found[k] for i, k in enumerate(keys) if k in found}


def remaining(
    exchanges: Sequence[Exchange],
    queries: Sequence[Query],
    model: str,
    *,
    retry_failed: bool = False,
) -> list[int]:
    """Return the numbers of the queries that are still to be asked."""
    have = answered_already(exchanges, queries, model)
    return [
        i
        for i in range(len(queries))
        if i not in have or (retry_failed and have[i].status in FAILED)
    ]


@dataclass
class Recorded:
    """What a recording run did.

    Parameters
    ----------
    queries : int
        Queries of the plan.
    asked : int
        Asked in this run.
    resumed : int
        Recorded by an earlier run and not asked again.
    left : int
        Not asked: the budget ended before.
    scored : int
        Queries of the plan whose answer may enter a statistic.
    statuses : dict
        Status to number of queries of the plan.
    tokens_in, tokens_out : int
        As reported, over the plan.
    quarantined : int
        Lines of the file that could not be read and were moved aside.
    """

    queries: int
    asked: int = 0
    resumed: int = 0
    left: int = 0
    scored: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    tokens_in: int = 0
    tokens_out: int = 0
    quarantined: int = 0

    def to_json(self) -> str:
        """Return one JSON object, keys sorted."""
        return json.dumps(vars(self), sort_keys=True)


def record(
    model: Model,
    queries: Sequence[Query],
    journal: Journal,
    *,
    budget: int | None = None,
    retry_failed: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Recorded:
    """Ask a model and record its answers; continue where an earlier run stopped.

    Parameters
    ----------
    model : Model
        Who is asked.
    queries : sequence of Query
        In the order in which they are asked and filed.
    journal : Journal
        Where the answers go, and where earlier ones are.
    budget : int, optional
        Tokens that the whole plan may take, earlier runs included.
    retry_failed : bool
        Ask again what was throttled or failed.
    progress : callable, optional
        Told after each answer how many of how many are recorded.

    Returns
    -------
    Recorded
        What was done.

    Raises
    ------
    ModelError
        If nothing can be asked; what came before is recorded.
    InputError
        If a query cannot be put to this model, or a budget is set without a
        limit on each answer.
    """
    purse = Budget(budget)
    todo = remaining(journal.exchanges, queries, model.name, retry_failed=retry_failed)
    have = answered_already(journal.exchanges, queries, model.name)
    keys = {_key_for(q, model.name): i for i, q in enumerate(queries)}
    if budget is not None:
        for e in journal.exchanges:
            i = keys.get(_key_of(e))
            purse.spent += 0 if i is None else taken(queries[i], e)
    ran = Recorded(len(queries), resumed=len(queries) - len(todo))
    ran.quarantined = journal.quarantined

    def done(i: int, answer: Exchange) -> None:
        number = todo[i]
        journal.append(answer)
        purse.settle(number, queries[number], answer)
        have[number] = answer
        ran.asked += 1
        if progress is not None:
            progress(ran.resumed + ran.asked, len(queries))

    def admit(i: int) -> bool:
        return purse.admit(todo[i], queries[todo[i]])

    asking = [queries[i] for i in todo]
    if asking and isinstance(model, StreamingModel):
        model.stream(asking, admit=admit, done=done)
    else:
        _in_blocks(model, asking, todo, admit, done)

    ran.left = len(todo) - ran.asked
    for e in have.values():
        ran.statuses[e.status] = ran.statuses.get(e.status, 0) + 1
        ran.scored += e.scored
        ran.tokens_in += e.tokens_in or 0
        ran.tokens_out += e.tokens_out or 0
    others = [e for e in journal.exchanges if _key_of(e) not in keys]
    filed = {e.id for e in have.values()}
    others = [e for e in others if e.id not in filed]
    journal.finish(others + [have[i] for i in sorted(have)])
    return ran


def _in_blocks(
    model: Model,
    asking: Sequence[Query],
    todo: Sequence[int],
    admit: Callable[[int], bool],
    done: Callable[[int, Exchange], None],
) -> None:
    """Ask block by block; the blocks are those of the plan, so a resumed run has the same."""
    size = int(getattr(model, "batch_size", 1))
    start = 0
    while start < len(asking):
        end = start
        while end < len(asking) and todo[end] // size == todo[start] // size and admit(end):
            end += 1
        if end == start:
            return
        answers = model.answer(asking[start:end])
        for i, answer in enumerate(answers, start):
            done(i, answer)
        start = end
