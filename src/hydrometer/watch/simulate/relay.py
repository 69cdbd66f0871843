"""Look-alike ``reseller``: few accounts behind which many customers stand."""

from __future__ import annotations

import numpy as np

from hydrometer.watch.simulate.account import Account, draw_account
from hydrometer.watch.simulate.brief import Brief
from hydrometer.watch.simulate.clock import ZONES
from hydrometer.watch.simulate.dice import Dice
from hydrometer.watch.simulate.lexicon import LANGUAGES
from hydrometer.watch.simulate.plain import Chat
from hydrometer.watch.simulate.prose import Voice
from hydrometer.watch.simulate.scenario import Lookalike
from hydrometer.watch.simulate.world import World

__all__ = ["make_reseller", "serve_customers"]


def serve_customers(
    world: World, dice: Dice, account: Account, n: int, start: float, end: float
) -> None:
    """Send n requests of many customers through one account.

    Each has its own language, client software, zone and way; the relay passes the customer's user
    agent on, and the addresses are its own few.
    """
    few = max(1, int(n / dice.lognormal(12.0, 0.5)))
    shares = dice.rng.multinomial(n, dice.rng.dirichlet(np.full(few, 0.5)))
    addresses = [world.sink.profiles[p].get("x-forwarded-for", "") for p in account.profiles]
    for k in shares.tolist():
        if not k:
            continue
        language = dice.pick(tuple(LANGUAGES)) if dice.chance(0.4) else None
        voice = Voice(world.library, dice, language)
        profile = account.at(
            {**world.software.draw(dice), "x-forwarded-for": dice.pick(addresses)}
        )
        times, place = world.clock.sessions(
            dice, k, dice.pick(("office", "evening", "student")), dice.pick(ZONES), start, end
        )
        chat = Chat(voice, Brief(voice, dice).system)
        brief = Brief(voice, dice) if dice.chance(0.4) else None
        for t, at in zip(times.tolist(), place.tolist(), strict=True):
            if brief is not None:
                messages, answer = brief.messages(dice), voice.answer(dice)[:80]
            else:
                messages, answer = chat.next(dice, new=at == 0)
            account.send(dice, t, messages, answer, profile=profile)


def make_reseller(world: World, dice: Dice, spec: Lookalike) -> None:
    """Make one reseller: an organisation with a few keys, open to anybody."""
    keys = dice.count(spec.accounts or (1.0, 6.0))
    for _ in range(keys):
        account = draw_account(world, dice, kind="reseller", org=True, software="node")
        n = dice.count(spec.events or (300.0, 1500.0))
        n = max(1, round(n * world.stream.scale))
        serve_customers(world, dice, account, n, 0.0, world.clock.end)
