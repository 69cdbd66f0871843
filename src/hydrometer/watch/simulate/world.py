"""What all populations of one stream share: its time, texts, networks and models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hydrometer.watch.simulate.clock import Clock
from hydrometer.watch.simulate.dice import Dice
from hydrometer.watch.simulate.identity import Internet, Software
from hydrometer.watch.simulate.material import Material
from hydrometer.watch.simulate.prose import Library
from hydrometer.watch.simulate.scenario import Stream
from hydrometer.watch.simulate.sink import Sink

__all__ = ["DAY", "MODELS", "NEW_MODEL", "Habit", "World", "draw_habit", "make_world"]

MODELS = ("aurora-2-large", "aurora-2-mini", "aurora-2-code")
NEW_MODEL = "aurora-3-large"
DAY = 86400.0


@dataclass(frozen=True)
class World:
    """One stream in the making."""

    stream: Stream
    material: Material
    library: Library
    clock: Clock
    internet: Internet
    software: Software
    sink: Sink

    @property
    def release(self) -> float:
        """Second at which the new model is out; infinite where none is."""
        return self.stream.release_day * DAY if self.stream.release_day >= 0.0 else float("inf")


def make_world(stream: Stream, material: Material, *, seed: int) -> World:
    """Return an empty stream."""
    dice = Dice(np.random.default_rng([seed, 0]))
    return World(
        stream=stream,
        material=material,
        library=Library(material, dice),
        clock=Clock(stream),
        internet=Internet(dice),
        software=Software(dice),
        sink=Sink(),
    )


@dataclass
class Habit:
    """How one account asks: which model, when it moves to a new one, sampling fields, length.

    Parameters
    ----------
    adopts : float
        Second from which it asks the new model; infinite for never.
    lengths : sequence of int
        Output tokens to draw from.
    stretch : float
        What each is multiplied by.
    """

    model: str
    adopts: float = float("inf")
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    streams: float = 0.3
    failures: float = 0.012
    lengths: Sequence[int] = (200,)
    stretch: float = 1.0

    def length(self, dice: Dice) -> int:
        """Return the tokens of one answer."""
        return max(1, int(dice.pick(self.lengths) * self.stretch))

    def asks(self, time: float) -> str:
        """Return the model that is asked at this time."""
        return NEW_MODEL if time >= self.adopts else self.model


def draw_habit(world: World, dice: Dice, *, code: bool = False) -> Habit:
    """Return the habit of an ordinary account: most fields are left unset, as in the wild."""
    model = dice.weighted(MODELS, (15, 10, 75) if code else (54, 38, 8))
    adopts = float("inf")
    r = dice()
    if model != MODELS[1] and r < 0.6:
        # One in seven within a day, the rest over weeks; many never.
        delay = dice() * 1.0 if r < 0.14 else -6.0 * float(np.log(1.0 - dice()))
        adopts = world.release + delay * DAY
    temperature = dice.weighted(
        (None, 0.0, 0.7, 0.2, 1.0, 0.3, 0.5, 0.1, 0.8), (68, 11, 7, 4, 3, 2, 2, 2, 1)
    )
    limit = dice.weighted(
        (None, 1024, 4096, 2048, 512, 1000, 256, 500, 8192, 300), (62, 8, 7, 6, 5, 4, 3, 3, 1, 1)
    )
    table = world.material.coding if code else world.material.conversation
    first = dice.below(len(table) - 400)
    return Habit(
        model=model,
        adopts=adopts,
        temperature=temperature,
        top_p=dice.weighted((None, 1.0, 0.95, 0.9), (92, 4, 2, 2)),
        max_tokens=limit,
        streams=dice.weighted((0.0, 1.0, 0.6), (5, 4, 1)),
        failures=0.004 + 0.03 * dice() ** 3,
        lengths=table[first : first + 400],
        stretch=dice.lognormal(1.0, 0.5),
    )
