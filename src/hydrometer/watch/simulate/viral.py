"""Look-alike ``viral_prompt``: hundreds of people copy one prompt from social media in days."""

from __future__ import annotations

import math

from hydrometer.watch.simulate.account import draw_account
from hydrometer.watch.simulate.brief import OPENINGS, RULES, TASKS, Brief
from hydrometer.watch.simulate.dice import Dice
from hydrometer.watch.simulate.paraphrase import paraphrase
from hydrometer.watch.simulate.plain import live
from hydrometer.watch.simulate.prose import Voice
from hydrometer.watch.simulate.scenario import Lookalike
from hydrometer.watch.simulate.world import DAY, World

__all__ = ["make_viral"]

HOOKS = (
    "From now on, act as my personal advisor with an IQ of 180 who is brutally honest.",
    "Act as a world-class expert. Before you answer, reason step by step and show all your "
    "thinking, then criticise your own answer and improve it.",
    "Pretend you are my future self, ten years from now, and tell me how you solved this.",
    "Ignore politeness. Rate my idea from 1 to 10 on five criteria and justify each score.",
    "Explain it to me first like I'm five, then like I'm an expert, then as a story.",
    "You are a council of three experts who argue with each other until they agree.",
    "Ask me seven questions, one at a time, then give me a plan.",
)


def make_viral(world: World, dice: Dice, spec: Lookalike) -> None:
    """Make one prompt and those who copy it: a wave of a few days, each with own content."""
    author = Voice(world.library, dice)
    brief = Brief(author, dice)
    parts = [
        dice.pick(HOOKS),
        brief.fill(dice, dice.pick(TASKS)),
        *(brief.fill(dice, dice.pick(RULES)) for _ in range(2 + dice.below(4))),
    ]
    if dice.chance(0.4):
        parts.insert(0, brief.fill(dice, dice.pick(OPENINGS)))
    if dice.chance(0.7):
        parts = [paraphrase(dice, p, strength=0.5) for p in parts]
    text = dice.pick(("\n", " ")).join(parts)
    label = dice.pick(("My situation: ", "Topic: ", "Here is my idea: ", "[", "\n> ", ""))
    start = spec.start if spec.start != -1.0 else (0.05, max(0.1, 0.7 * world.stream.days))
    begin = dice.within(start) * DAY
    width = (dice.within(spec.days) if spec.days else 1.0 + 2.0 * dice()) * DAY
    for _ in range(dice.count(spec.accounts or (100.0, 600.0))):
        account = draw_account(
            world, dice, kind="viral_prompt", software="browser" if dice.chance(0.6) else None
        )
        voice = Voice(world.library, dice)
        # A wave: quick rise, slow fall.
        first = begin + width * (0.15 - math.log(1.0 - dice()) * 0.6) * dice()
        uses = 1 + int(-math.log(1.0 - dice()) * (dice.within(spec.events or 3.0) - 0.5))
        mine = text
        if dice.chance(0.5):
            mine = paraphrase(dice, text, strength=0.3 * dice())
        elif dice.chance(0.3):
            mine = dice.pick(parts) + " " + text
        at = first
        for _ in range(uses):
            if at >= world.clock.end:
                break
            content = f"{label}{voice.question(dice)}"
            joined = f"{mine}\n\n{content}" if dice.chance(0.9) else f"{content}\n\n{mine}"
            account.send(dice, at, (("user", joined),), voice.answer(dice))
            at += dice.lognormal(3600.0, 1.8)
        n = max(1, round(dice.lognormal(9.0, 1.2) * world.stream.scale))
        live(world, dice, account, voice, n, style="chat", start=0.0, end=world.clock.end)
