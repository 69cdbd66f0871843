"""Look-alikes of one company: labelling, a product, indexing, data for an own model.

The families ``batch_labelling``, ``template_saas``, ``rag_indexing`` and ``own_synthetic_data``
differ in what one template is used for; each is one organisation with a few keys.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hydrometer.watch.simulate.account import Account, draw_account
from hydrometer.watch.simulate.brief import Brief
from hydrometer.watch.simulate.clock import ZONES
from hydrometer.watch.simulate.dice import Dice, Range
from hydrometer.watch.simulate.prose import Voice
from hydrometer.watch.simulate.scenario import Lookalike
from hydrometer.watch.simulate.sink import Messages
from hydrometer.watch.simulate.world import DAY, World

__all__ = ["make_company"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Trade:
    """What one family does.

    Parameters
    ----------
    keys, events : Range
        Keys of the organisation, and requests of each.
    size : Range
        Characters that are put into the template.
    out : Range
        Median tokens of the answer.
    limits : tuple
        Token limits to choose from.
    whole : bool
        Whether it runs through the whole stream, as a product does; else in one to three jobs.
    """

    keys: Range
    events: Range
    size: Range
    out: Range
    limits: tuple[int | None, ...]
    whole: bool


TRADES = {
    "batch_labelling": Trade(
        (1.0, 5.0), (300, 2500), (60, 900), (2, 30), (5, 10, 50, None), False
    ),
    "template_saas": Trade(
        (1.0, 10.0), (150, 1500), (40, 500), (80, 500), (None, 800, 1500), True
    ),
    "rag_indexing": Trade((1.0, 4.0), (150, 900), (1500, 4000), (15, 90), (None, 128, 200), False),
    "own_synthetic_data": Trade(
        (1.0, 3.0), (300, 2000), (20, 200), (500, 1500), (None, 2048, 4096), False
    ),
}
DATA = (
    "Generate {n} diverse examples of {good}s about {word} for training our {word} model. Vary "
    "{field} and {field}. Return JSON lines with the keys {field} and {field}.",
    "Write a realistic {good} from a customer of a {trade}. Topic: {word}. Then write the ideal "
    "answer, with the reasoning that leads to it.",
    "We build a {word} classifier for {project}. Produce {n} hard negative and {n} positive "
    "{good}s on {word}, one per line, label first.",
    "Create a question that a user of {project} may ask about {word}, think about it step by "
    "step, "
    "and give the final answer after 'Answer:'.",
    "Simulate a conversation of {n} turns between a {role} and somebody who needs {word}.",
)
"""Templates of people who make data for a model of their own."""


def _data_brief(voice: Voice, dice: Dice, size: float) -> Callable[[Dice], Messages]:
    brief = Brief(voice, dice, size=size, rules=5)
    form = dice.pick(DATA)
    head = brief.fill(dice, form)

    def make(dice: Dice) -> Messages:
        seed = f"{dice.pick(voice.library.words)}, {dice.pick(voice.library.words)}"
        topic = voice.sentence(dice) if dice.chance(0.5) else voice.thing(dice)
        text = f"{head}\nSeed: {seed}. {topic}"
        return (("system", brief.system), ("user", text)) if brief.system else (("user", text),)

    return make


def _times(
    world: World, dice: Dice, trade: Trade, n: int, zone: float, start: float, end: float
) -> Floats:
    if trade.whole:
        if dice.chance(0.5):
            return world.clock.client(dice, dice.pick(world.material.clients), n, start, end)
        return world.clock.draw(dice, n, dice.pick(("office", "evening")), zone, start, end)
    # Jobs: each as fast as its workers go, or a night's work.
    parts = []
    for k in dice.rng.multinomial(n, np.full(3, 1 / 3)).tolist():
        begin = start + dice() * (end - start) * 0.9
        if dice.chance(0.3):
            parts.append(world.clock.draw(dice, k, "nightly", zone, begin, end))
        else:
            parts.append(
                begin + np.cumsum(dice.rng.lognormal(np.log(dice.lognormal(3, 1)), 0.7, k))
            )
    times = np.sort(np.concatenate(parts))
    return times[times < world.clock.end]


def make_company(world: World, dice: Dice, spec: Lookalike) -> None:
    """Make one company of the family."""
    trade = TRADES[spec.family]
    voice = Voice(world.library, dice)
    size = dice.within(trade.size)
    make: Callable[[Dice], Messages]
    if spec.family == "own_synthetic_data":
        make = _data_brief(voice, dice, size)
    else:
        make = Brief(voice, dice, size=size, rules=8).messages
    zone = dice.pick(ZONES)
    begin = max(0.0, dice.within(spec.start)) * DAY if spec.start != -1.0 else 0.0
    days = dice.within(spec.days)
    end = min(begin + days * DAY, world.clock.end) if days > 0.0 else world.clock.end
    first: Account | None = None
    for _ in range(dice.count(spec.accounts or trade.keys)):
        account = draw_account(world, dice, kind=spec.family, org=True, since=begin / DAY)
        if first is not None:
            # Keys of one organisation: one customer, mostly the same machines.
            account.join(dice, first)
        first = first or account
        median = dice.within(trade.out)
        account.habit = replace(
            account.habit if first is account else first.habit,
            lengths=[max(1, int(dice.lognormal(median, 0.5))) for _ in range(200)],
            max_tokens=dice.pick(trade.limits) if first is account else first.habit.max_tokens,
            stretch=1.0,
            temperature=dice.pick((None, 0.0, 0.0, 0.2, 0.7))
            if spec.family != "own_synthetic_data"
            else dice.pick((None, 0.7, 0.9, 1.0)),
        )
        n = max(1, round(dice.within(spec.events or trade.events) * world.stream.scale))
        for t in _times(world, dice, trade, n, zone, begin, end).tolist():
            account.send(dice, t, make(dice), voice.answer(dice)[:60])
