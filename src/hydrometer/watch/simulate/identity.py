"""Who a request comes from, as headers tell it: client software, address, payment, sign-up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from hydrometer.watch.simulate.dice import Dice
from hydrometer.watch.simulate.lexicon import LIBRARIES
from hydrometer.watch.simulate.prose import coin
from hydrometer.watch.simulate.scenario import Stream

__all__ = ["Headers", "Internet", "Person", "Software", "code", "draw_person", "signup_at"]

Headers = dict[str, str]

_PYTHON = ("1.109.1", "1.107.0", "1.99.6", "1.93.0", "1.82.0", "1.75.0", "1.68.2", "1.55.3",
           "1.40.6", "2.1.0", "2.6.1", "2.8.0")  # fmt: skip
_NODE = ("5.23.2", "5.12.0", "4.104.0", "4.86.1", "4.77.0", "6.1.0", "6.3.0")
_RUNTIMES = ("3.11.9", "3.12.4", "3.10.14", "3.12.8", "3.13.1", "3.9.19", "3.11.4")
_NODES = ("v20.11.1", "v22.3.0", "v18.19.0", "v20.18.0", "v22.12.0")
_OTHERS = (
    "python-requests/2.32.3", "python-requests/2.31.0", "axios/1.7.2", "axios/1.6.8",
    "python-httpx/0.27.0", "python-httpx/0.28.1", "curl/8.5.0", "curl/7.88.1",
    "Go-http-client/2.0", "okhttp/4.12.0", "PostmanRuntime/7.39.0", "node-fetch/1.0",
    "Java-http-client/17.0.11", "aiohttp/3.9.5", "Dart/3.4 (dart:io)", "GuzzleHttp/7",
)  # fmt: skip
_BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/{0}.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/{0}.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:{0}.0) Gecko/20100101 Firefox/{0}.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/17.{1} Mobile/15E148 Safari/604.1",
)
_MAIL = ("gmail.com", "outlook.com", "yahoo.com", "icloud.com", "hotmail.com", "qq.com",
         "proton.me", "163.com", "gmx.de", "mail.ru", "naver.com", "web.de")  # fmt: skip


class Software:
    """Draws client software as headers."""

    def __init__(self, dice: Dice) -> None:
        self._python, self._node = dice.shuffled(_PYTHON), dice.shuffled(_NODE)

    def draw(self, dice: Dice, kind: str | None = None) -> Headers:
        """Return the headers of one installation.

        Parameters
        ----------
        kind : str or None
            ``python``, ``node``, ``browser``, ``other``; None draws one as they are used.
        """
        kind = kind or dice.weighted(
            ("python", "node", "browser", "other", "library"), (46, 20, 14, 14, 6)
        )
        if kind == "browser":
            return {
                "user-agent": dice.popular(_BROWSERS).format(120 + dice.below(12), dice.below(6))
            }
        if kind == "other":
            return {"user-agent": dice.popular(_OTHERS)}
        if kind == "library":
            name = dice.popular(LIBRARIES)
            return {"user-agent": f"{name}/0.{1 + dice.below(9)}.{dice.below(5)} httpx/0.27.0"}
        js = kind == "node"
        version = dice.popular(self._node if js else self._python)
        system = dice.weighted(("Linux", "MacOS", "Windows"), (6, 3, 2))
        return {
            "user-agent": f"{'OpenAI/JS' if js else 'OpenAI/Python'} {version}",
            "x-stainless-lang": "js" if js else "python",
            "x-stainless-package-version": version,
            "x-stainless-os": system,
            "x-stainless-runtime": f"{'node' if js else 'CPython'}/"
            + (dice.popular(_NODES) if js else dice.popular(_RUNTIMES)),
        }


class Internet:
    """Draws addresses: homes, clouds, carriers' and offices' shared addresses, private networks.

    Parameters
    ----------
    dice : Dice
        Draws the networks of this stream.
    """

    def __init__(self, dice: Dice) -> None:
        def network() -> str:
            return f"{11 + dice.below(200)}.{dice.below(256)}"

        self._homes = [network() for _ in range(90)]
        self._clouds = [[f"{network()}.{dice.below(256)}" for _ in range(30)] for _ in range(8)]
        self._carriers = [self.at(dice, f"{network()}.{dice.below(256)}") for _ in range(70)]
        self._tunnels = [self.at(dice, f"{network()}.{dice.below(256)}") for _ in range(60)]

    @staticmethod
    def at(dice: Dice, net: str) -> str:
        """Return an address in a /24."""
        return f"{net}.{1 + dice.below(254)}"

    def home(self, dice: Dice) -> str:
        """Return an address of a household."""
        return f"{dice.popular(self._homes)}.{dice.below(256)}.{1 + dice.below(254)}"

    def cloud(self, dice: Dice) -> str:
        """Return an address of a cloud; its networks are shared by everybody there."""
        return self.at(dice, dice.popular(dice.popular(self._clouds)))

    def carrier(self, dice: Dice) -> str:
        """Return an address that a mobile carrier gives to thousands at once."""
        return dice.popular(self._carriers)

    def tunnel(self, dice: Dice) -> str:
        """Return an exit of a private network service."""
        return dice.popular(self._tunnels)

    def office(self, dice: Dice) -> str:
        """Return an address behind which a whole office or school stands."""
        return self.home(dice)


@dataclass
class Person:
    """What an account keeps: organisation, payment, sign-up, mail domain.

    Parameters
    ----------
    org, payment, signup, mail : str or None
        None where the account has none, or none is recorded.
    """

    org: str | None = None
    payment: str | None = None
    signup: str | None = None
    mail: str | None = None

    def headers(self) -> Headers:
        """Return them as headers."""
        named = {
            "x-org": self.org,
            "x-payment": self.payment,
            "x-signup": self.signup,
            "x-email-domain": self.mail,
        }
        return {k: v for k, v in named.items() if v is not None}


def code(dice: Dice, prefix: str, digits: int = 12) -> str:
    """Return an identifier."""
    return prefix + f"{dice.below(16**digits):0{digits}x}"


def signup_at(stream: Stream, day: float) -> str:
    """Return the hour of a sign-up, a number of days after the stream's start."""
    return (stream.start + timedelta(days=day)).strftime("%Y-%m-%dT%H")


def draw_person(dice: Dice, stream: Stream, *, since: float = 0.0, org: bool = False) -> Person:
    """Return an unremarkable customer.

    Parameters
    ----------
    since : float
        Day of the stream on which the account begins; 0 for one that is older.
    org : bool
        Whether it is a company's.
    """
    # An older account signed up within two years, and more of them lately.
    day = since - dice() * 0.2 if since > 0.0 else -1.0 - 700.0 * dice() ** 2
    company = org or dice.chance(0.22)
    return Person(
        org=code(dice, "org-", 8) if company else None,
        payment=code(dice, "pay-") if company or dice.chance(0.65) else None,
        signup=signup_at(stream, day),
        mail=f"{coin(dice, 3).lower()}.com"
        if company and dice.chance(0.8)
        else dice.popular(_MAIL),
    )
