"""Look-alike ``class_assignment``: students with one assignment and one deadline."""

from __future__ import annotations

import numpy as np

from hydrometer.watch.simulate.account import Account
from hydrometer.watch.simulate.dice import Dice
from hydrometer.watch.simulate.identity import Person, signup_at
from hydrometer.watch.simulate.lexicon import CITIES, SUBJECTS
from hydrometer.watch.simulate.paraphrase import paraphrase
from hydrometer.watch.simulate.plain import live
from hydrometer.watch.simulate.prose import Voice, coin
from hydrometer.watch.simulate.scenario import Lookalike
from hydrometer.watch.simulate.world import DAY, World, draw_habit

__all__ = ["make_class"]

TASKS = (
    "Explain {s} in your own words and give {n} examples from everyday life.",
    "Write an essay of {n}00 words on {s}. Discuss at least two objections.",
    "Compare {s} with {t}. Which is better supported by evidence?",
    "Derive the main result on {s} step by step and justify each step.",
    "Implement a small program that demonstrates {s} and explain your design.",
    "Read the passage and answer questions {n} to 1{n} about {s}.",
    "Summarise the lecture on {s}, then state how it relates to {t}.",
    "Solve exercise {n}.{m} on {s}. Show your working.",
    "Prepare a five minute talk about {s} for first-year students.",
)


def _assignment(world: World, dice: Dice, voice: Voice) -> list[str]:
    """Return the questions of one sheet."""
    sheet = []
    for _ in range(1 + dice.below(4)):
        task = dice.pick(TASKS).format(
            s=dice.pick(SUBJECTS), t=dice.pick(SUBJECTS), n=2 + dice.below(7), m=1 + dice.below(9)
        )
        if dice.chance(0.3):
            task = dice.pick(world.material.maths)
        sheet.append(f"{task} {voice.sentence(dice)}" if dice.chance(0.6) else task)
    return sheet


def make_class(world: World, dice: Dice, spec: Lookalike) -> None:
    """Make one class."""
    school = Voice(world.library, dice)
    sheet = _assignment(world, dice, school)
    domain = f"{coin(dice, 2).lower()}.edu"
    net = world.internet
    campus = [net.office(dice) for _ in range(1 + dice.below(3))]
    course = max(0.0, dice.within(spec.start)) if spec.start != -1.0 else dice() * 0.5
    days = dice.within(spec.days) if spec.days else min(7.0, 0.6 * world.stream.days)
    begin = course * DAY
    deadline = min(begin + days * DAY, world.clock.end - 60.0)
    signup = signup_at(world.stream, course - 1.0 - 10.0 * dice())
    shared = dice.chance(0.6)
    preamble = (
        f"You are a tutor for the course {coin(dice, 2)} {100 + dice.below(400)} in "
        f"{dice.pick(CITIES)}. {school.sentence(dice)}"
        if dice.chance(0.3)
        else None
    )
    for _ in range(dice.count(spec.accounts or (30.0, 300.0))):
        person = Person(
            org=None,
            payment=None,
            signup=signup
            if shared and dice.chance(0.7)
            else signup_at(world.stream, -90 * dice()),
            mail=domain if dice.chance(0.85) else "gmail.com",
        )
        software = world.software.draw(dice, "browser" if dice.chance(0.7) else None)
        places = [
            {**software, "x-forwarded-for": dice.pick(campus)},
            {**software, "x-forwarded-for": net.home(dice)},
        ]
        account = Account(
            world,
            dice,
            person=person,
            places=places if dice.chance(0.5) else places[::-1],
            habit=draw_habit(world, dice),
            kind="class_assignment",
        )
        n = max(1, round(dice.lognormal(dice.within(spec.events or 6.0), 0.8)))
        # The nearer the deadline, the more; few begin when it is set.
        left = np.minimum(dice.rng.exponential(0.22 * days * DAY, n), deadline - begin)
        times = np.sort(deadline - left)
        voice = Voice(world.library, dice)
        for t in times.tolist():
            question = dice.pick(sheet)
            r = dice()
            if r < 0.5:
                question = paraphrase(dice, question, strength=0.25 * dice())
            elif r < 0.7:
                question = f"{question} {voice.sentence(dice)}"
            elif r < 0.85:
                question = voice.follow(dice)
            user = ("user", voice.hand(dice, question))
            messages = (("system", preamble), user) if preamble else (user,)
            account.send(dice, t, messages, voice.answer(dice))
        rest = round(dice.lognormal(6.0, 1.0) * world.stream.scale)
        if rest:
            live(world, dice, account, voice, rest, style="chat", start=0.0, end=world.clock.end)
