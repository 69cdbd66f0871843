"""An answers table: ``model``, ``prompt_id``, ``response`` and, here or beside, ``prompt``.

The prompts may stand in the table itself or in a second table with the columns
``prompt_id`` and ``prompt`` (by default ``prompts.parquet`` in the same folder).
"""

from __future__ import annotations

from typing import Any

from hydrometer.errors import SchemaError
from hydrometer.exchange import Exchange, Message
from hydrometer.store.readers.rows import Context, Row, mapping, outcome, text

__all__ = ["convert", "sniff"]


def sniff(value: Any) -> bool:
    """Return whether a row is one of an answers table."""
    return isinstance(value, dict) and {"prompt_id", "response"} <= value.keys()


def convert(row: Row, context: Context) -> list[Exchange]:
    """Return the exchange of one row.

    Raises
    ------
    SchemaError
        If the row has no model, or its prompt is not known.
    """
    v = mapping(row.value, "the row")
    prompt = v.get("prompt")
    if prompt is None:
        prompt = context.prompts.get(str(v.get("prompt_id")))
    if prompt is None:
        raise SchemaError(
            "no prompt for this prompt_id",
            got=repr(v.get("prompt_id"))[:60],
            next_step="pass prompts= with the table of prompts",
        )
    model = context.model_of(v.get("model"))
    return [
        Exchange(
            prompt=(Message("user", text(prompt, "prompt")),),
            model=model,
            **outcome(v.get("response")),
        )
    ]
