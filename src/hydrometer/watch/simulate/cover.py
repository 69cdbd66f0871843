"""What a campaign's accounts do besides: the traffic of a plain account, or of a relay."""

from __future__ import annotations

from typing import NamedTuple

from hydrometer.watch.simulate.account import Account
from hydrometer.watch.simulate.dice import Dice
from hydrometer.watch.simulate.plain import live
from hydrometer.watch.simulate.prose import Voice
from hydrometer.watch.simulate.relay import serve_customers
from hydrometer.watch.simulate.scenario import Campaign
from hydrometer.watch.simulate.world import DAY, World

__all__ = ["Cover", "make_cover"]


class Cover(NamedTuple):
    """One account of a campaign: how much it asks for it, and when it is alive."""

    account: Account
    exchanges: int
    begins: float
    ends: float


def make_cover(world: World, dice: Dice, spec: Campaign, covers: list[Cover]) -> None:
    """Send the cover traffic of all accounts of one campaign.

    The share ``cover`` is of all that an account sends; with ``warmup`` the cover begins so many
    days before the campaign, at the same rate.
    """
    if spec.cover <= 0.0:
        return
    for account, exchanges, begins, ends in covers:
        n = round(exchanges * spec.cover / (1.0 - spec.cover) * dice.lognormal(1.0, 0.3))
        if n < 1:
            continue
        until = min(ends + 0.2 * DAY, world.clock.end)
        if spec.relay:
            serve_customers(world, dice, account, n, begins, until)
            continue
        style = dice.weighted(("chat", "build", "both"), (52, 35, 13))
        live(
            world, dice, account, Voice(world.library, dice), n,
            style=style, start=begins, end=until,
        )  # fmt: skip
