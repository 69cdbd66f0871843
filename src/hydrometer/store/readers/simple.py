"""Plain rows: ``{"prompt": text or messages, "response": text, "model": name}``.

``account``, ``time`` (ISO 8601 with zone, or seconds since 1970), ``draw`` and
``finish_reason`` are taken where present.
"""

from __future__ import annotations

from typing import Any

from hydrometer.errors import SchemaError
from hydrometer.exchange import Exchange
from hydrometer.store.readers.rows import Context, Row, integer, mapping, messages, outcome, when

__all__ = ["convert", "sniff"]


def sniff(value: Any) -> bool:
    """Return whether a row is a plain one."""
    return isinstance(value, dict) and {"prompt", "response"} <= value.keys()


def convert(row: Row, context: Context) -> list[Exchange]:
    """Return the exchange of one row.

    Raises
    ------
    SchemaError
        If the prompt, the model or the response cannot be read.
    """
    v = mapping(row.value, "the row")
    draw = integer(v.get("draw"), "draw")
    if draw is not None and not 0 <= draw < 2**31:
        raise SchemaError("draw is out of range", got=str(draw))
    return [
        Exchange(
            prompt=messages(v.get("prompt")),
            model=context.model_of(v.get("model")),
            account=context.account(v.get("account")),
            time=when(v.get("time")),
            draw=draw,
            **outcome(v.get("response"), v.get("finish_reason")),
        )
    ]
