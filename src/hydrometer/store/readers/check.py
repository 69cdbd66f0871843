"""Whether an exchange fits the Arrow schema, so that one bad row cannot spoil a batch."""

from __future__ import annotations

from datetime import datetime
from itertools import chain

from hydrometer.errors import SchemaError
from hydrometer.exchange import Exchange
from hydrometer.store.readers.rows import integer, number, text

__all__ = ["fits"]


def fits(e: Exchange) -> Exchange:
    """Return the exchange if every value fits its column.

    Raises
    ------
    SchemaError
        If one does not.
    """
    for m in e.prompt:
        text(m.role, "role")
        text(m.content, "prompt")
    for name in ("response", "model_answered", "error", "account", "source"):
        value = getattr(e, name)
        if value is not None:
            text(value, name)
    text(e.model, "model")
    integer(e.tokens_in, "tokens_in")
    integer(e.tokens_out, "tokens_out")
    draw = integer(e.draw, "draw")
    if draw is not None and not -(2**31) <= draw < 2**31:
        raise SchemaError("draw is out of range", got=str(draw)[:60])
    if e.time is not None and not isinstance(e.time, datetime):
        raise SchemaError("the time is no time", got=type(e.time).__name__)
    if e.headers:
        for item in chain.from_iterable(e.headers.items()):
            text(item, "header")
    s = e.sampling
    number(s.temperature, "temperature")
    number(s.top_p, "top_p")
    for name in ("top_k", "max_tokens", "seed"):
        integer(getattr(s, name), name)
    for item in s.stop or ():
        text(item, "stop")
    for x in e.logprobs or ():
        number(x, "logprob")
    return e
