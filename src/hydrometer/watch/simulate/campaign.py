"""A campaign: one distiller's worklist, dealt to many accounts, with what it does to hide."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hydrometer.watch.simulate.account import Account
from hydrometer.watch.simulate.clock import ZONES
from hydrometer.watch.simulate.cover import Cover, make_cover
from hydrometer.watch.simulate.dice import Dice
from hydrometer.watch.simulate.elicit import Asker
from hydrometer.watch.simulate.identity import Headers, Person, code, draw_person, signup_at
from hydrometer.watch.simulate.prose import coin
from hydrometer.watch.simulate.scenario import Campaign
from hydrometer.watch.simulate.worklist import make_worklist
from hydrometer.watch.simulate.world import DAY, MODELS, Habit, World, draw_habit

__all__ = ["make_campaign", "schedule"]

Floats = NDArray[np.float64]
ABROAD = 6
"""Time zones that a campaign with residential addresses pretends to be in."""


@dataclass
class Seat:
    """One of the places that the campaign keeps filled: an account, until it is banned."""

    account: Account
    begins: float
    ends: float


def schedule(world: World, dice: Dice, spec: Campaign) -> tuple[Floats, NDArray[np.int64]]:
    """Return times of all exchanges and the seat that asks each.

    ``queue``: one dispatcher hands the list round, at a steady rate, day and night. ``jitter``:
    the same with waits of hours and seats drawn at random. ``human``: each seat works in
    sessions through its own day.
    """
    begin, end = spec.start * DAY, min((spec.start + spec.days) * DAY, world.clock.end)
    n = max(1, round(spec.accounts * spec.per_day * (end - begin) / DAY))
    if spec.timing == "human":
        times, seats = [], []
        shares = dice.rng.multinomial(n, dice.rng.dirichlet(np.full(spec.accounts, 8.0)))
        for seat, k in enumerate(shares.tolist()):
            profile = dice.weighted(("office", "evening"), (6, 4))
            at, _ = world.clock.sessions(
                dice, k, profile, dice.pick(ZONES), begin, end, length=5.0, gap=90.0
            )
            times.append(at)
            seats.append(np.full(at.size, seat))
        time, seat_of = np.concatenate(times), np.concatenate(seats)
    else:
        u = (np.arange(n) + 0.5) / n
        time = begin + (end - begin) * u
        gap = (end - begin) / n
        if spec.timing == "queue":
            time = time + gap * 0.3 * dice.rng.standard_normal(n)
            turns = np.concatenate(
                [dice.rng.permutation(spec.accounts) for _ in range(n // spec.accounts + 1)]
            )
            # The dispatcher keeps its order for a day or so: round after round.
            rounds = max(1, int(spec.per_day))
            for r in range(0, turns.size, spec.accounts * rounds):
                block = turns[r : r + spec.accounts * rounds]
                order = block[: spec.accounts]
                block[:] = np.resize(order, block.size)
            seat_of = turns[:n]
        else:
            time = time + 3.0 * 3600.0 * dice.rng.standard_normal(n)
            weights = dice.rng.dirichlet(np.full(spec.accounts, 4.0))
            seat_of = dice.rng.choice(spec.accounts, n, p=weights)
    if spec.slow_start:
        # Quadratic: a tenth of the exchanges in the first third.
        time = begin + (end - begin) * np.sqrt(np.clip((time - begin) / (end - begin), 0.0, 1.0))
    if spec.pivot:
        time = _pivot(world, dice, time, begin, end)
    time = np.clip(time, 0.0, world.clock.end - 1.0)
    order = np.argsort(time, kind="stable")
    return time[order], seat_of[order]


def _pivot(world: World, dice: Dice, time: Floats, begin: float, end: float) -> Floats:
    """Move a half of the exchanges to the days after the release: that is what is wanted."""
    late = world.release + (end - world.release) * dice.rng.random(time.size) ** 1.5
    moved = (time < world.release) & (dice.rng.random(time.size) < 0.5)
    return np.where(moved, np.maximum(late, begin), time)


def _habit(world: World, dice: Dice, spec: Campaign) -> Habit:
    lengths = [int(dice.lognormal(700.0, 0.6)) for _ in range(200)]
    habit = replace(draw_habit(world, dice), lengths=lengths, stretch=1.0, adopts=float("inf"))
    if spec.sampling != "unset":
        habit = replace(habit, model=MODELS[0], max_tokens=4096, temperature=1.0, top_p=None)
        habit.streams = 0.0
    if spec.sampling == "swept":
        habit.temperature = dice.pick((0.3, 0.6, 0.7, 0.8, 1.0))
        habit.max_tokens = dice.pick((None, 2048, 3000, 4096, 8000))
    if spec.sampling == "unset":
        habit.max_tokens = None
    if habit.model == MODELS[1]:
        habit.model = MODELS[0]
    if spec.pivot:
        habit.adopts = world.release + dice() * DAY
    return habit


class _Recruiter:
    """Opens accounts for one campaign."""

    def __init__(self, world: World, dice: Dice, spec: Campaign, habit: Habit) -> None:
        self.world, self.spec, self.habit = world, spec, habit
        self._software = world.software.draw(dice, "python")
        net = world.internet
        nets = [net.cloud(dice).rsplit(".", 1)[0] for _ in range(1 + spec.proxies // 8)]
        self._pool = [net.at(dice, dice.pick(nets)) for _ in range(spec.proxies)]
        self._payments = [code(dice, "pay-") for _ in range(spec.payments)]
        self._domains = [f"{coin(dice, 3).lower()}.net" for _ in range(spec.mail_domains)]
        earliest = spec.start - spec.warmup
        self._batches = [
            signup_at(world.stream, earliest - 0.2 - 20.0 * dice() ** 2)
            for _ in range(spec.signup_batches)
        ]

    def places(self, dice: Dice) -> list[Headers]:
        """Return the clients of one account."""
        spec, net = self.spec, self.world.internet
        one = spec.headers == "one"
        software = self._software if one else self.world.software.draw(dice)
        if spec.addresses == "pool":
            found = dice.some(self._pool, 3)
        elif spec.addresses == "cloud":
            found = [net.cloud(dice)]
        else:
            found = [net.home(dice) for _ in range(2 + dice.below(4))]
        return [{**software, "x-forwarded-for": a} for a in found]

    def open(self, dice: Dice, begins: float) -> Account:
        """Return a new account."""
        spec = self.spec
        late = begins > spec.start * DAY + 1.0
        person = draw_person(dice, self.world.stream, since=begins / DAY if late else 0.0)
        person = Person(
            org=None,
            payment=dice.pick(self._payments) if self._payments else person.payment,
            signup=dice.pick(self._batches) if self._batches and not late else person.signup,
            mail=dice.pick(self._domains) if self._domains else person.mail,
        )
        habit = self.habit
        if spec.sampling != "pinned":
            habit = _habit(self.world, dice, spec)
        return Account(
            self.world,
            dice,
            person=person,
            places=self.places(dice),
            habit=habit,
            kind=spec.kind or spec.name,
            campaign=spec.name,
        )


def make_campaign(world: World, dice: Dice, spec: Campaign) -> dict[str, Any]:
    """Make one campaign, and return what it came to.

    Returns
    -------
    dict
        ``accounts``, ``exchanges`` (of the campaign itself) and ``cover`` (other requests of its
        accounts).
    """
    times, seats = schedule(world, dice, spec)
    tasks = make_worklist(world.library, dice, spec.seeds, times.size)
    if not spec.worklist or len(tasks) < times.size:
        tasks = [dice.pick(tasks) for _ in range(times.size)]
    recruiter = _Recruiter(world, dice, spec, _habit(world, dice, spec))
    asker = Asker(world, dice, spec)
    covers: list[Cover] = []
    accounts = cover = 0
    for seat in range(spec.accounts):
        mine = np.nonzero(seats == seat)[0]
        if not mine.size:
            continue
        for first, last, begins, ends in _terms(world, dice, spec, times[mine]):
            part = mine[first:last]
            account = recruiter.open(dice, begins)
            accounts += 1
            asker.meet(dice, account)
            for i in part.tolist():
                asker.ask(dice, account, float(times[i]), tasks[i], i)
            covers.append(Cover(account, part.size, begins, ends))
    before = len(world.sink)
    make_cover(world, dice, spec, covers)
    cover = len(world.sink) - before
    return {"accounts": accounts, "exchanges": int(times.size), "cover": cover}


def _terms(
    world: World, dice: Dice, spec: Campaign, times: Floats
) -> list[tuple[int, int, float, float]]:
    """Return the terms of the accounts that fill one seat: (first, last, begins, ends)."""
    start = max(0.0, (spec.start - spec.warmup) * DAY)
    end = min((spec.start + spec.days) * DAY, world.clock.end)
    if spec.lifetime <= 0.0:
        return [(0, times.size, start, end)]
    out = []
    first, begins = 0, start
    while first < times.size:
        ends = begins + DAY * max(0.1, dice.lognormal(spec.lifetime, 0.5))
        last = int(np.searchsorted(times, ends))
        if last > first:
            out.append((first, last, begins, min(ends, end)))
        first, begins = last, ends
    return out
