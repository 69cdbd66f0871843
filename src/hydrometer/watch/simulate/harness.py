"""Look-alike ``eval_harness``: unrelated people run the same public benchmark."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hydrometer.watch.simulate.account import draw_account
from hydrometer.watch.simulate.dice import Dice
from hydrometer.watch.simulate.plain import live
from hydrometer.watch.simulate.prose import Voice
from hydrometer.watch.simulate.scenario import Lookalike
from hydrometer.watch.simulate.sink import Messages
from hydrometer.watch.simulate.world import DAY, MODELS, World

__all__ = ["HARNESSES", "make_harness"]

HARNESSES = (
    (None, "Question: {q}\nAnswer:"),
    (None, "Q: {q}\nA: Let's think step by step."),
    (
        None,
        "{q}\nLet's think step by step. At the end, you MUST write the answer as an integer after "
        "'####'.",
    ),
    (
        "You are a helpful assistant that solves maths problems.",
        "Solve the following math problem efficiently and clearly. Please reason step by step, "
        "and "
        "put your final answer within \\boxed{{}}.\n\n{q}",
    ),
    (
        None,
        "Given the following problem, reason and give a final answer to the problem.\nProblem: "
        '{q}\nYour response should end with "The final answer is [answer]" where [answer] is the '
        "response to the problem.",
    ),
)
"""System prompt and user message of public harnesses, from the most used."""


def _prompt(world: World, kind: int, shots: int, question: str) -> Messages:
    system, form = HARNESSES[kind]
    material = world.material
    head = "".join(
        form.format(q=q) + f" {a}\n\n"
        for q, a in zip(material.maths[-shots:], material.solutions[-shots:], strict=True)
        if shots
    )
    user = ("user", head + form.format(q=question))
    return (user,) if system is None else (("system", system), user)


def make_harness(world: World, dice: Dice, spec: Lookalike) -> None:
    """Make one organisation that evaluates: one to three keys, one to three runs each."""
    kind = dice.popular(range(len(HARNESSES)))
    shots = dice.weighted((0, 5, 8), (7, 2, 1))
    arena = dice.chance(0.15)
    questions = world.material.prompts if arena else world.material.maths
    for _ in range(dice.count(spec.accounts or (1.0, 3.0))):
        account = draw_account(
            world, dice, kind="eval_harness", org=dice.chance(0.6), software="python"
        )
        limit = dice.pick((None, 256, 512, 1024, 2048))
        account.habit = replace(account.habit, temperature=0.0, max_tokens=limit, streams=0.0)
        start = spec.start if isinstance(spec.start, tuple) else (spec.start, spec.start)
        for _ in range(1 + dice.below(3)):
            wanted = dice.count(spec.events or (100.0, 1319.0))
            n = min(max(1, round(wanted * world.stream.scale)), len(questions))
            first = 0 if dice.chance(0.6) else dice.below(len(questions) - n + 1)
            begin = start[0] if start[0] >= 0.0 else dice() * world.stream.days
            if world.release < world.clock.end and dice.chance(0.4):
                # Everybody measures the new model.
                begin = world.stream.release_day + dice() * 2.0
            workers = dice.pick((1, 4, 8, 16, 32))
            gaps = dice.rng.lognormal(np.log(6.0 / workers), 0.6, n)
            times = np.minimum(begin * DAY + np.cumsum(gaps), world.clock.end - 1.0)
            model = dice.pick(MODELS[:2])
            for t, q in zip(times.tolist(), questions[first : first + n], strict=True):
                text = (("user", q),) if arena else _prompt(world, kind, shots, q)
                account.send(
                    dice,
                    t,
                    text,
                    dice.pick(world.material.solutions)[:80],
                    out=int(dice.lognormal(160.0, 0.5)),
                    model=account.habit.asks(t) if account.habit.adopts <= t else model,
                )
        if dice.chance(0.6):
            voice = Voice(world.library, dice)
            n = max(1, round(30 * dice() * world.stream.scale))
            live(world, dice, account, voice, n, style="both", start=0.0, end=world.clock.end)
