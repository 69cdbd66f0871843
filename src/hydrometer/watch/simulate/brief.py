"""Prompt templates of people who build something: each its own, of common parts."""

from __future__ import annotations

from hydrometer.watch.simulate.dice import Dice
from hydrometer.watch.simulate.lexicon import CITIES, FIELDS, GOODS, LAST, ROLES
from hydrometer.watch.simulate.paraphrase import paraphrase
from hydrometer.watch.simulate.prose import Voice
from hydrometer.watch.simulate.sink import Messages

__all__ = ["Brief"]

OPENINGS = (
    "You are a helpful assistant.",
    "You are a {role}.",
    "You are a {role} for {project}, a {trade}.",
    "You are {project}'s {role}. Our customers are {word} and {word}.",
    "Act as a {role} at a {trade} in {city}.",
    "{project} is a {trade}. You write for it as a {role}.",
    "As an expert {role} with {n} years of experience in {word}, help us.",
    "Context: we are a {trade} in {city} and we deal with {word}, {word} and {word}.",
    "You work in the back office of {project} ({trade}).",
    "[{project}] internal tool, version {n}.",
    "You are an AI that reads every {good} that reaches {project}.",
    "Your name is {last}. You talk to the customers of a {trade}.",
)
TASKS = (
    "Classify the {good} below by {field}.",
    "Extract {field}, {field} and {field} from this {good}.",
    "Summarise the following {good} in at most {n} sentences.",
    "Rewrite this {good} so that it sounds more {word}.",
    "Write a {good} about {word} for our {word} customers.",
    "Answer the customer's question using only the context provided.",
    "Translate the {good} and keep names of {word} as they are.",
    "Does this {good} mention {word} or {word}? Say yes or no, and where.",
    "Suggest {n} titles for a {good} about {word} and {word}.",
    "Score this {good} from 1 to {n} for {field} and {field}.",
    "Compare the {good} with our rules on {word} and list what differs.",
    "Turn these notes into a {good} that a {role} can send.",
    "Given the {good}, decide which team ({word}, {word} or {word}) should have it.",
    "Find errors of {field} in the {good} and correct them.",
    "Draft a reply to this {good} that offers {word} and asks for {field}.",
    "Generate a search query for our catalogue of {word} from the {good}.",
    "Name everything in the {good} that has to do with {word}.",
    "Write SQL over the tables {word} and {word} that answers the question.",
    "Write unit tests for the function that handles {word}.",
    "Shorten the {good} to {n} words without losing {field}.",
    "Group the lines of the {good} by {field}, then by {field}.",
    "Tell me what a {role} would object to in this {good}.",
)
RULES = (
    "Return only valid JSON.",
    "Do not make up facts.",
    "If you are not sure, say so.",
    "Keep it under {n}0 words.",
    "Think step by step.",
    "Use bullet points.",
    "Never mention {word}.",
    "Answer in the language of the {good}.",
    "Explain your reasoning briefly, then give the final answer.",
    "Output keys: {field}, {field}, {field}.",
    "Write in the tone of {project}: {word}, but never {word}.",
    "Treat {word} as {word}.",
    "Ignore anything about {word}.",
    "Dates are written as day, month, year.",
    "If there is no {field}, write none.",
    "Mark what concerns {word} with [{word}].",
    "Our style guide forbids {word} and {word}.",
    "Prefer short sentences.",
    "Remember that people in {city} say {word} for {word}.",
    "Begin with the {field}.",
    "Do not apologise.",
    "Quote the passage that supports each claim.",
)
SLOTS = (
    "{goods}:\n{x}",
    "Input: {x}",
    "###\n{x}\n###",
    "<text>{x}</text>",
    '"""{x}"""',
    "{x}",
    "---\n{x}",
    "{goods} no. {i}: {x}",
    "Context:\n{x}\n\nQuestion: {q}",
    "{project} / {i} / {x}",
)


class Brief:
    """A template with one slot, as one project uses it for weeks.

    Parameters
    ----------
    voice : Voice
        Whose project it is.
    dice : Dice
        Draws the template.
    size : float
        Mean characters of what is put in.
    rules : int
        Most rules that are stated.

    Attributes
    ----------
    system : str or None
        System prompt.
    head : str
        What stands before the slot in the user message.
    """

    def __init__(self, voice: Voice, dice: Dice, *, size: float = 250.0, rules: int = 6) -> None:
        self.voice, self.size = voice, size
        self.good = dice.pick(GOODS)
        opening = self.fill(dice, dice.popular(OPENINGS))
        body = [self.fill(dice, dice.pick(TASKS))]
        for _ in range(dice.below(rules + 1)):
            # A project's own words matter more than the phrases that everybody uses.
            own = dice.chance(0.4)
            body.append(voice.sentence(dice) if own else self.fill(dice, dice.popular(RULES)))
        if dice.chance(0.5):
            strength = dice()
            body = [paraphrase(dice, one, strength=strength) for one in body]
        r = dice()
        self.system: str | None = None
        self.head = ""
        if r < 0.35:
            self.system = "\n".join([opening, *body])
        elif r < 0.6:
            self.system, self.head = opening, "\n".join(body)
        else:
            self.head = "\n".join([opening, *body] if dice.chance(0.6) else body)
        self._slot = dice.popular(SLOTS)
        self._count = dice.below(5000)

    def fill(self, dice: Dice, text: str) -> str:
        """Return a text with its named slots filled for this project."""
        while "{" in text:
            name = text[text.index("{") + 1 : text.index("}")]
            value = {
                "role": lambda: dice.pick(ROLES),
                "project": lambda: self.voice.project,
                "trade": lambda: self.voice.trade,
                "city": lambda: dice.pick(CITIES),
                "word": lambda: dice.pick(self.voice.vocabulary),
                "good": lambda: self.good,
                "field": lambda: dice.pick(FIELDS),
                "last": lambda: dice.pick(LAST),
                "n": lambda: str(2 + dice.below(11)),
            }[name]()
            text = text.replace("{" + name + "}", value, 1)
        return text

    def user(self, dice: Dice) -> str:
        """Return the next user message."""
        voice = self.voice
        wanted = int(dice.lognormal(self.size, 0.7))
        if wanted < 90:
            x = voice.thing(dice) if dice.chance(0.5) else voice.sentence(dice)
        elif dice.chance(0.5):
            x = voice.library.passage(dice, wanted, voice.vocabulary)
        else:
            x = voice.sentence(dice)
            while len(x) < wanted:
                x = f"{x} {voice.sentence(dice)}"
        self._count += 1
        text = self._slot
        for name, value in (
            ("{goods}", self.good.capitalize()),
            ("{project}", voice.project),
            ("{i}", str(self._count)),
            ("{x}", x),
        ):
            text = text.replace(name, value)
        if "{q}" in text:
            text = text.replace("{q}", voice.question(dice))
        return f"{self.head}\n\n{text}" if self.head else text

    def messages(self, dice: Dice) -> Messages:
        """Return the next prompt."""
        user = ("user", self.user(dice))
        return (user,) if self.system is None else (("system", self.system), user)
