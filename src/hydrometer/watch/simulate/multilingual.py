"""Look-alike ``multilingual``: people who ask in other languages, and in several."""

from __future__ import annotations

from hydrometer.watch.simulate.account import draw_account
from hydrometer.watch.simulate.dice import Dice
from hydrometer.watch.simulate.lexicon import LANGUAGES
from hydrometer.watch.simulate.plain import live
from hydrometer.watch.simulate.prose import Voice
from hydrometer.watch.simulate.scenario import Lookalike
from hydrometer.watch.simulate.world import World

__all__ = ["make_multilingual"]


def make_multilingual(world: World, dice: Dice, spec: Lookalike) -> None:
    """Make one community: people of one language, of whom some use two or three."""
    main = dice.pick(tuple(LANGUAGES))
    for _ in range(dice.count(spec.accounts or (20.0, 80.0))):
        account = draw_account(world, dice, kind="multilingual")
        spoken: list[str | None] = [main]
        if dice.chance(0.4):
            spoken.append(dice.pick(tuple(LANGUAGES)))
        if dice.chance(0.3):
            spoken.append(None)
        for language in spoken:
            n = dice.lognormal(dice.within(spec.events or 20.0) / len(spoken), 1.2)
            live(
                world, dice, account, Voice(world.library, dice, language),
                max(1, round(n * world.stream.scale)),
                style="chat", start=0.0, end=world.clock.end,
            )  # fmt: skip
