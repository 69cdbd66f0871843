"""The families of look-alikes, by name."""

from __future__ import annotations

from collections.abc import Callable

from hydrometer.watch.simulate.dice import Dice
from hydrometer.watch.simulate.relay import make_reseller
from hydrometer.watch.simulate.scenario import Lookalike
from hydrometer.watch.simulate.world import World

__all__ = ["MAKERS", "make_lookalike"]

MAKERS: dict[str, Callable[[World, Dice, Lookalike], None]] = {
    "reseller": make_reseller,
}


def make_lookalike(world: World, dice: Dice, spec: Lookalike) -> None:
    """Make one instance of a family."""
    MAKERS[spec.family](world, dice, spec)
