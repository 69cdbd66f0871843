"""One account: its identity, its clients, its habits; every event is sent through one."""

from __future__ import annotations

from collections.abc import Sequence

from hydrometer.watch.simulate.dice import Dice
from hydrometer.watch.simulate.identity import Headers, Person, draw_person
from hydrometer.watch.simulate.sink import Messages, estimate_tokens
from hydrometer.watch.simulate.world import Habit, World, draw_habit

__all__ = ["Account", "draw_account", "draw_places"]

CLIENT = ("user-agent", "x-forwarded-for")


class Account:
    """An account of the API.

    Parameters
    ----------
    world : World
        The stream.
    dice : Dice
        Draws its name.
    person : Person
        What the provider knows of the customer.
    places : sequence of headers
        Software and address of each client, the most used first.
    habit : Habit
        Its way of asking.
    campaign, kind : str
        The truth.
    """

    def __init__(
        self,
        world: World,
        dice: Dice,
        *,
        person: Person,
        places: Sequence[Headers],
        habit: Habit,
        kind: str,
        campaign: str = "",
    ) -> None:
        self.world, self.habit, self.person = world, habit, person
        sink = world.sink
        self.number = sink.enrol(dice, campaign, kind)
        self._own = person.headers()
        self.profiles = [sink.know({**p, **self._own}) for p in places]

    def join(self, dice: Dice, other: Account) -> None:
        """Become another key of the same customer, mostly on the same machines."""
        self.person = Person(
            org=other.person.org,
            payment=other.person.payment,
            signup=self.person.signup,
            mail=other.person.mail,
        )
        self._own = self.person.headers()
        sink = self.world.sink
        theirs = [
            {k: v for k, v in sink.profiles[p].items() if k in CLIENT or k.startswith("x-stain")}
            for p in other.profiles
        ]
        self.profiles = [self.at(p) for p in dice.some(theirs, 3)]

    def at(self, headers: Headers) -> int:
        """Return the number of further headers of this account, for one request."""
        return self.world.sink.know({**headers, **self._own})

    def send(
        self,
        dice: Dice,
        time: float,
        messages: Messages,
        answer: str,
        *,
        out: int | None = None,
        model: str | None = None,
        profile: int | None = None,
        tools: bool = False,
        extra: int = 0,
    ) -> None:
        """Put one exchange into the stream, if it is within it.

        Parameters
        ----------
        out : int or None
            Tokens of the answer before any limit; None draws them from the habit.
        profile : int or None
            Number of the headers; None draws one of the account's.
        extra : int
            Tokens of the input that stand in no message: schemas of tools.
        """
        if not 0.0 <= time < self.world.clock.end:
            return
        sink, habit = self.world.sink, self.habit
        if out is None:
            out = habit.length(dice)
        status, response = "ok", answer
        if habit.max_tokens is not None and out >= habit.max_tokens:
            out, status = habit.max_tokens, "truncated"
        failed = dice()
        if failed < habit.failures:
            status = "throttled" if failed < 0.3 * habit.failures else "error"
        sink.account.append(self.number)
        sink.time.append(time)
        sink.messages.append(messages)
        sink.response.append(response if status in ("ok", "truncated") else None)
        sink.model.append(model or habit.asks(time))
        sink.status.append(status)
        sink.temperature.append(habit.temperature)
        sink.top_p.append(habit.top_p)
        sink.max_tokens.append(habit.max_tokens)
        sink.tokens_in.append(estimate_tokens(messages) + extra)
        sink.tokens_out.append(out if status in ("ok", "truncated") else None)
        sink.profile.append(dice.popular(self.profiles) if profile is None else profile)
        sink.stream.append(dice() < habit.streams)
        sink.tools.append(tools)


def draw_places(world: World, dice: Dice, kind: str | None = None) -> list[Headers]:
    """Return the clients of an ordinary account: one to four, at home, in clouds, on the road."""
    net = world.internet
    software = [world.software.draw(dice, kind)]
    if dice.chance(0.25):
        software.append(world.software.draw(dice))
    where = dice.weighted(("home", "cloud", "both"), (45, 35, 20))
    draw = {"home": net.home, "cloud": net.cloud}.get(where, net.home)
    addresses = [draw(dice) for _ in range(1 + dice.below(3))]
    if where == "both":
        addresses.append(net.cloud(dice))
    r = dice()
    if r < 0.12:
        addresses.append(net.carrier(dice))
    elif r < 0.2:
        addresses.append(net.tunnel(dice))
    return [{**dice.popular(software), "x-forwarded-for": a} for a in addresses]


def draw_account(
    world: World,
    dice: Dice,
    *,
    kind: str,
    since: float = 0.0,
    org: bool = False,
    software: str | None = None,
    code: bool = False,
    payer: Person | None = None,
) -> Account:
    """Return an account with an unremarkable identity and unremarkable habits.

    Parameters
    ----------
    payer : Person or None
        Somebody else who pays for it: a relative, an agency, an employer.
    """
    person = draw_person(dice, world.stream, since=since, org=org)
    if payer is not None:
        person.payment, person.mail = payer.payment, payer.mail
    return Account(
        world,
        dice,
        person=person,
        places=draw_places(world, dice, software),
        habit=draw_habit(world, dice, code=code),
        kind=kind,
    )
