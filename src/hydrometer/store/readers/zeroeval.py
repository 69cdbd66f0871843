"""ZeroEval results: ``{session_id, chat_history, output: [text], generator, configs}``.

References
----------
WildEval/ZeroEval, ``src/unified_utils.py``, ``save_outputs``: one object for
each question; ``chat_history`` alternates user and assistant, beginning with
the user; ``configs`` holds temperature, top_p and max_tokens.
"""

from __future__ import annotations

from typing import Any

from hydrometer.errors import SchemaError
from hydrometer.exchange import Exchange, Message
from hydrometer.store.readers.rows import Context, Row, mapping, outcome, sampling, text

__all__ = ["convert", "sniff"]


def sniff(value: Any) -> bool:
    """Return whether a row is one of ZeroEval's."""
    return isinstance(value, dict) and {"chat_history", "output"} <= value.keys()


def convert(row: Row, context: Context) -> list[Exchange]:
    """Return one exchange for each output of the row.

    Raises
    ------
    SchemaError
        If history, model or output cannot be read.
    """
    v = mapping(row.value, "the row")
    history = v.get("chat_history")
    if not isinstance(history, list) or not history:
        raise SchemaError("chat_history is no list of texts", got=type(history).__name__)
    prompt = tuple(
        Message("assistant" if n % 2 else "user", text(t, "chat_history"))
        for n, t in enumerate(history)
    )
    output = v.get("output")
    outputs = output if isinstance(output, list) else [output]
    if not outputs:
        raise SchemaError("the row has no output")
    model = context.model_of(v.get("generator"))
    asked = sampling(v.get("configs"))
    return [
        Exchange(
            prompt=prompt,
            model=model,
            sampling=asked,
            draw=n if len(outputs) > 1 else None,
            **outcome(answer),
        )
        for n, answer in enumerate(outputs)
    ]
