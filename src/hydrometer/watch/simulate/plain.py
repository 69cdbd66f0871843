"""Benign accounts that belong to nothing: people who chat, people who build, businesses."""

from __future__ import annotations

import math
from collections.abc import Callable

from hydrometer.watch.simulate.account import Account, draw_account
from hydrometer.watch.simulate.brief import Brief
from hydrometer.watch.simulate.clock import PROFILES, ZONES
from hydrometer.watch.simulate.dice import Dice
from hydrometer.watch.simulate.identity import Person
from hydrometer.watch.simulate.lexicon import LANGUAGES
from hydrometer.watch.simulate.prose import Voice
from hydrometer.watch.simulate.scenario import Benign
from hydrometer.watch.simulate.sink import Messages
from hydrometer.watch.simulate.world import DAY, World

__all__ = ["Chat", "live", "make_plain"]

KEPT = 6
"""Messages of a conversation that a chat program sends along."""
SECOND = 0.04
"""Share of accounts that somebody pays for who has another."""
SPREAD = 1.5
"""Sigma of the log-normal volumes of small accounts."""
SHRINK = 0.45
"""Exponent that brings ServeGen's totals (six orders of magnitude) into one stream."""


class Chat:
    """A conversation that grows: each prompt carries what was said before."""

    def __init__(self, voice: Voice, system: str | None) -> None:
        self.voice, self.system = voice, system
        self._said: list[tuple[str, str]] = []

    def next(self, dice: Dice, *, new: bool) -> tuple[Messages, str]:
        """Return the next prompt and the beginning of its answer."""
        voice = self.voice
        if new or not self._said:
            self._said = [("user", voice.question(dice))]
        else:
            self._said.append(("user", voice.follow(dice)))
        kept = self._said[-KEPT:]
        if kept[0][0] == "assistant":
            kept = kept[1:]
        answer = voice.answer(dice)
        self._said.append(("assistant", answer))
        head = (("system", self.system),) if self.system else ()
        return (*head, *kept), answer


def live(
    world: World,
    dice: Dice,
    account: Account,
    voice: Voice,
    n: int,
    *,
    style: str,
    start: float,
    end: float,
) -> None:
    """Send about n ordinary requests of one account.

    Parameters
    ----------
    style : str
        ``chat``, ``build`` or ``both``.
    start, end : float
        Seconds between which the account is alive.
    """
    chats = n if style == "chat" else 0 if style == "build" else round(n * dice())
    zone = dice.pick(ZONES)
    drift = world.stream.drift
    moves = (start + end) / 2 if drift > 0.0 else math.inf
    if chats:
        profile = dice.weighted(PROFILES, (45, 35, 15, 2, 3))
        times, place = world.clock.sessions(
            dice, chats, profile, zone, start, end, length=1.5 + 6.0 * dice() ** 2
        )
        chat = Chat(voice, Brief(voice, dice).system if dice.chance(0.3) else None)
        for t, k in zip(times.tolist(), place.tolist(), strict=True):
            if t > moves:
                voice.drift(dice, drift)
                moves = math.inf
            messages, answer = chat.next(dice, new=k == 0)
            account.send(dice, t, messages, answer)
    if n > chats:
        _build(world, dice, account, voice, n - chats, zone, start, end)


def _build(
    world: World,
    dice: Dice,
    account: Account,
    voice: Voice,
    n: int,
    zone: float,
    start: float,
    end: float,
) -> None:
    briefs = [Brief(voice, dice, size=dice.lognormal(220, 0.8)) for _ in range(1 + dice.below(4))]
    if n > 30 and dice.chance(0.5):
        times = world.clock.client(dice, dice.pick(world.material.clients), n, start, end)
    else:
        profile = dice.weighted(PROFILES, (45, 15, 10, 20, 10))
        times, _ = world.clock.sessions(
            dice, n, profile, zone, start, end, length=2.0 + 20.0 * dice() ** 3, gap=15.0
        )
    # A template is worked on: now and then one is replaced.
    change = 0.3 / max(n, 1) + 0.004
    extra = 150 + dice.below(900) if dice.chance(0.15) else 0
    fresh = dice.chance(0.85)
    for t in times.tolist():
        if dice() < change:
            briefs[dice.below(len(briefs))] = Brief(voice, dice, size=dice.lognormal(220, 0.8))
        messages = dice.popular(briefs).messages(dice)
        if not fresh and dice.chance(0.3):
            messages = (*messages, ("assistant", voice.answer(dice)), ("user", voice.follow(dice)))
        account.send(dice, t, messages, voice.answer(dice)[:80], tools=extra > 0, extra=extra)


def draw_life(world: World, dice: Dice) -> tuple[float, float]:
    """Return the seconds between which an account lives: all the stream, or from or to a day."""
    end = world.clock.end
    r = dice()
    if r < 0.58:
        return 0.0, end
    at = end * dice()
    return (at, end) if r < 0.82 else (0.0, max(at, 0.02 * end))


def make_plain(
    world: World, dice: Dice, benign: Benign, told: Callable[[int], None] = lambda made: None
) -> None:
    """Make the plain population; tell how many accounts are made.

    Volumes are log-normal for the many; the share ``business`` has the volumes of ServeGen's
    clients, shrunk by an exponent so that the largest sends ``largest``.
    """
    totals = [float(c.rate.sum()) for c in world.material.clients]
    largest = benign.largest * world.stream.scale
    median = benign.events * world.stream.scale / math.exp(SPREAD**2 / 2)
    payer: Person | None = None
    for made in range(benign.accounts):
        told(made)
        start, end = draw_life(world, dice)
        business = dice() < benign.business
        if business:
            share = (dice.pick(totals) / max(totals)) ** SHRINK
            n = max(1, round(largest * share * dice.lognormal(0.7, 0.3)))
            style = "build"
        else:
            n = max(1, round(dice.lognormal(median, SPREAD)))
            n = min(n, round(largest), 1 + int(25.0 * (end - start) / 3600.0))
            style = dice.weighted(("chat", "build", "both"), (52, 35, 13))
        language = dice.pick(tuple(LANGUAGES)) if dice.chance(0.12) else None
        voice = Voice(world.library, dice, language if style == "chat" else None)
        account = draw_account(
            world,
            dice,
            kind="plain",
            since=start / DAY,
            org=business,
            payer=payer if dice.chance(SECOND) else None,
        )
        # Somebody's second account follows a first; agencies have a dozen.
        if payer is None or not dice.chance(0.85):
            payer = account.person
        live(world, dice, account, voice, n, style=style, start=start, end=end)
