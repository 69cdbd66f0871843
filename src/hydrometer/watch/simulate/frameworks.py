"""Look-alike ``public_framework``: a library's default prompt, used by people with own content."""

from __future__ import annotations

import math

from hydrometer.watch.simulate.account import draw_account
from hydrometer.watch.simulate.clock import PROFILES, ZONES
from hydrometer.watch.simulate.dice import Dice
from hydrometer.watch.simulate.lexicon import FIELDS
from hydrometer.watch.simulate.paraphrase import paraphrase
from hydrometer.watch.simulate.plain import live
from hydrometer.watch.simulate.prose import Voice, coin
from hydrometer.watch.simulate.scenario import Lookalike
from hydrometer.watch.simulate.world import DAY, World

__all__ = ["make_framework"]

DEFAULTS = (
    "Use the following pieces of context to answer the question at the end. If you don't know the "
    "answer, just say that you don't know, don't try to make up an answer.\n\n{context}\n\n"
    "Question: {question}\nHelpful Answer:",
    "Context information is "
    "below.\n---------------------\n{context}\n---------------------\nGiven "
    "the context information and not prior knowledge, answer the query.\nQuery: {question}\n"
    "Answer: ",
    "Extract from the text all entities of the types {fields}. Think through the text sentence by "
    "sentence, then output a JSON array of objects with the keys entity, type and evidence.\n\n"
    "Text: {context}",
    "Given a chat history and the latest user question which might reference context in the chat "
    "history, formulate a standalone question which can be understood without the chat history. "
    "Do "
    "NOT answer the question.\n\n{question}",
    "Decompose the question into sub-questions, answer each one with explicit reasoning, and "
    "combine them into a final answer. Use this format:\nThought: ...\nSub-question: ...\nAnswer: "
    "...\nFinal: ...\n\nQuestion: {question}",
    "You are an evaluator. Score the answer for faithfulness, relevance and completeness from 1 "
    "to "
    "5 and give a short rationale for each score. Respond with JSON.\n\nQuestion: {question}\n"
    "Answer: {context}",
    'Write a concise summary of the following:\n\n"{context}"\n\nCONCISE SUMMARY:',
)
"""Default prompts: answers from context, extraction, decomposition, judging, summaries."""


def make_framework(world: World, dice: Dice, spec: Lookalike) -> None:
    """Make one library's users. With a start within the stream, it is new and spreads."""
    form = dice.pick(DEFAULTS)
    if dice.chance(0.7):
        # Another library than the known ones: its own words, the same for all its users.
        head, slot, tail = form.partition("{")
        form = (paraphrase(dice, head, strength=0.5) if len(head) > 20 else head) + slot + tail
    fields = ", ".join(dice.some(FIELDS, 4))
    system = dice.chance(0.4)
    agent = f"{coin(dice, 2).lower()}/0.{dice.below(20)}.{dice.below(9)} httpx/0.27.0"
    launch = dice.within(spec.start) * DAY
    median = dice.within(spec.events or 12.0) * world.stream.scale
    for _ in range(dice.count(spec.accounts or (100.0, 600.0))):
        since = 0.0
        if launch >= 0.0:
            grown = math.log1p(9.0 * dice()) / math.log(10.0)
            since = launch + (world.clock.end - launch) * grown
        account = draw_account(world, dice, kind="public_framework", software="python")
        if dice.chance(0.3):
            account.profiles = [
                account.at({"user-agent": agent, "x-forwarded-for": world.internet.cloud(dice)})
            ]
        voice = Voice(world.library, dice)
        n = max(1, round(dice.lognormal(median, 1.1)))
        times, _ = world.clock.sessions(
            dice, n, dice.pick(PROFILES), dice.pick(ZONES), since, length=4.0, gap=30.0
        )
        size = dice.lognormal(500.0, 0.6)
        for t in times.tolist():
            context = world.library.passage(dice, int(dice.lognormal(size, 0.4)), voice.vocabulary)
            values = {"context": context, "question": voice.question(dice), "fields": fields}
            head, first, rest = form.partition("{")
            if system and len(head) > 40:
                text = _fill(first + rest, values)
                account.send(
                    dice, t, (("system", head.strip()), ("user", text)), voice.answer(dice)
                )
            else:
                account.send(dice, t, (("user", _fill(form, values)),), voice.answer(dice))
        other = round(dice.lognormal(5.0, 1.2) * world.stream.scale)
        if other:
            live(world, dice, account, voice, other, style="both", start=0.0, end=world.clock.end)


def _fill(form: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        form = form.replace("{" + name + "}", value)
    return form
