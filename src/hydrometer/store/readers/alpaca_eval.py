"""AlpacaEval ``model_outputs.json``: a list of ``{instruction, output, generator, dataset}``.

References
----------
tatsu-lab/alpaca_eval, README, "Evaluating a model": ``model_outputs`` is a
JSON list with the keys ``instruction``, ``output`` and ``generator``.
"""

from __future__ import annotations

from typing import Any

from hydrometer.exchange import Exchange, Message
from hydrometer.store.readers.rows import Context, Row, mapping, outcome, text

__all__ = ["convert", "sniff"]


def sniff(value: Any) -> bool:
    """Return whether a row is one of AlpacaEval's."""
    return isinstance(value, dict) and {"instruction", "output"} <= value.keys()


def convert(row: Row, context: Context) -> list[Exchange]:
    """Return the exchange of one row.

    Raises
    ------
    SchemaError
        If the row has no instruction, no model, or an output that is not text.
    """
    v = mapping(row.value, "the row")
    prompt = (Message("user", text(v.get("instruction"), "instruction")),)
    model = context.model_of(v.get("generator"))
    return [Exchange(prompt=prompt, model=model, **outcome(v.get("output")))]
