"""The families of look-alikes, by name."""

from __future__ import annotations

from collections.abc import Callable

from hydrometer.watch.simulate.agents import make_fleet
from hydrometer.watch.simulate.classes import make_class
from hydrometer.watch.simulate.company import make_company
from hydrometer.watch.simulate.dice import Dice
from hydrometer.watch.simulate.frameworks import make_framework
from hydrometer.watch.simulate.harness import make_harness
from hydrometer.watch.simulate.multilingual import make_multilingual
from hydrometer.watch.simulate.relay import make_reseller
from hydrometer.watch.simulate.scenario import Lookalike
from hydrometer.watch.simulate.viral import make_viral
from hydrometer.watch.simulate.world import World

__all__ = ["MAKERS", "make_lookalike"]

MAKERS: dict[str, Callable[[World, Dice, Lookalike], None]] = {
    "eval_harness": make_harness,
    "batch_labelling": make_company,
    "template_saas": make_company,
    "rag_indexing": make_company,
    "own_synthetic_data": make_company,
    "class_assignment": make_class,
    "agent_fleet": make_fleet,
    "public_framework": make_framework,
    "reseller": make_reseller,
    "viral_prompt": make_viral,
    "multilingual": make_multilingual,
}


def make_lookalike(world: World, dice: Dice, spec: Lookalike) -> None:
    """Make one instance of a family."""
    MAKERS[spec.family](world, dice, spec)
