"""How a campaign words its questions: template, rotation, place, paraphrase, language."""

from __future__ import annotations

from typing import Any

from hydrometer.watch.simulate.account import Account
from hydrometer.watch.simulate.dice import Dice
from hydrometer.watch.simulate.paraphrase import paraphrase
from hydrometer.watch.simulate.prose import foreign
from hydrometer.watch.simulate.scenario import Campaign
from hydrometer.watch.simulate.sink import Messages
from hydrometer.watch.simulate.templates import FOREIGN, TEMPLATES
from hydrometer.watch.simulate.worklist import make_examples
from hydrometer.watch.simulate.world import DAY, World

__all__ = ["Asker"]


class Asker:
    """Words the tasks of one campaign.

    Parameters
    ----------
    world : World
        The stream.
    dice : Dice
        Draws the template that all start from.
    spec : Campaign
        What the scenario says.
    """

    def __init__(self, world: World, dice: Dice, spec: Campaign) -> None:
        self.world, self.spec = world, spec
        self._own: dict[int, Any] = {}

    def meet(self, dice: Dice, account: Account) -> None:
        """Fix what a new account keeps: its template, its wording."""
        spec = self.spec
        name = spec.templates[0] if spec.rotation == "none" else dice.pick(spec.templates)
        system = spec.placement == "system" or (spec.placement == "mixed" and dice.chance(0.5))
        wording = TEMPLATES[name][0]
        if spec.paraphrase == "account":
            wording = self._reword(dice, name)
        self._own[account.number] = (name, wording, system)

    def _reword(self, dice: Dice, name: str) -> str:
        head, slot, tail = dice.pick(TEMPLATES[name]).partition("{task}")
        label = ""
        if "\n\n" in head:
            head, _, label = head.rpartition("\n\n")
            label = "\n\n" + dice.pick(("", label, "Task: ", "Item: ", "Here it is: ", "-> "))
        out = paraphrase(dice, head) if head.strip() else head
        return out + label + slot + (paraphrase(dice, tail) if tail.strip() else tail)

    def ask(self, dice: Dice, account: Account, time: float, task: str, place: int) -> None:
        """Send one task of the list."""
        spec = self.spec
        name, wording, system = self._own[account.number]
        if spec.rotation == "prompt":
            name = dice.pick(spec.templates)
            wording = TEMPLATES[name][0]
        elif spec.rotation == "day":
            name = spec.templates[int(time // DAY) % len(spec.templates)]
            wording = TEMPLATES[name][0]
        if spec.paraphrase == "prompt":
            wording = self._reword(dice, name)
        if spec.multilingual and dice() < spec.multilingual:
            language = dice.pick(tuple(FOREIGN))
            wording = dice.pick(FOREIGN[language])
            if dice.chance(0.6):
                task = foreign(dice, language, self.world.library.words)
        if name == "alpaca" and "{task}" in wording:
            task = make_examples(self.world.library, dice)
        wording = wording.replace("{generation}", self.world.material.generation)
        messages: Messages
        if system:
            rule = wording.replace("{task}", "").strip()
            messages = (("system", rule), ("user", task))
        else:
            messages = (("user", wording.replace("{task}", task)),)
        profile = None
        if spec.headers == "request":
            address = dice.pick(account.profiles)
            known = self.world.sink.profiles[address].get("x-forwarded-for", "")
            profile = account.at({**self.world.software.draw(dice), "x-forwarded-for": known})
        tools = name == "agentic" and dice.chance(0.3)
        account.send(
            dice,
            time,
            messages,
            dice.pick(self.world.material.solutions)[:80],
            profile=profile,
            tools=tools,
            extra=700 if tools else 0,
        )
