"""What a reader hands over of one exchange: raw, in memory for an instant, never stored.

Every log format ends here. `hydrometer.watch.observe` turns observations into
events, which hold no text and no raw identifier.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["LINKS", "Observation", "Rejected"]

LINKS = ("org", "payment", "signup", "email_domain", "ip", "asn", "tls", "agent", "sdk", "other")
"""Kinds of identity and infrastructure links, from the strongest to the weakest.

``org`` is what the customer declares (team, organisation, project): accounts of one organisation
are one customer. ``ip`` is an address as text; its /24 (or /48) is derived. ``agent`` is the
user-agent string, ``sdk`` the SDK's own headers (``x-stainless-*``) as one text. ``other`` is any
further header or attribute that the mapping names.
"""


class Observation(NamedTuple):
    """One exchange as a gateway tells it. ``None`` always means *not recorded*.

    Parameters
    ----------
    request : str
        The gateway's own id of this exchange; a second event of the same id is a replay.
    account : str
        Raw identifier after attribution; pseudonymised before anything is stored.
    time : int
        Microseconds since 1970, UTC.
    model : str
        As asked for.
    system : str or None
        All system (or developer) messages, joined by a line break.
    user : str or None
        The last user message; None where text was redacted.
    turns : int or None
        Number of user messages in the prompt; 1 is a single-turn request.
    tokens_in, tokens_out, max_tokens : int or None
        Tokens as reported; ``max_tokens`` as asked for.
    temperature, top_p : float or None
        As asked for.
    status : str
        One of `hydrometer.exchange.STATUSES`.
    stream, tools, logprobs : bool or None
        Whether the answer was streamed, tools were offered, log-probabilities were asked for.
    choices : int or None
        Number of answers asked for (``n``).
    links : mapping of str to str
        Kind (one of `LINKS`, or ``other:NAME``) to raw value.
    """

    request: str
    account: str
    time: int
    model: str
    system: str | None = None
    user: str | None = None
    turns: int | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    status: str = "ok"
    stream: bool | None = None
    tools: bool | None = None
    logprobs: bool | None = None
    choices: int | None = None
    links: Mapping[str, str] = {}


class Rejected(NamedTuple):
    """A row that gave no observation: where it stood, why, and its text (cut at 10 kB)."""

    source: str
    line: int
    reason: str
    raw: str
