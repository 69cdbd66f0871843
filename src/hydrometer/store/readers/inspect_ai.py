"""Inspect evaluation logs: ``.json``, and ``.eval`` (a zip of JSON files).

References
----------
UKGovernmentBEIS/inspect_ai, ``log/_log.py`` (EvalLog, EvalSample: ``id, epoch,
input, messages, output, error, completed_at, attachments``),
``model/_model_output.py`` (``choices[].message, stop_reason``; ``usage``) and
``log/_recorders/eval.py`` (members ``samples/<id>_epoch_<n>.json``; the head in
``header.json``, ``_journal/start.json`` or ``start.json``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hydrometer.errors import InputError
from hydrometer.exchange import Exchange
from hydrometer.store.readers.rows import (
    Context,
    Row,
    content,
    failure,
    integer,
    mapping,
    maybe_text,
    messages,
    outcome,
    sampling,
    when,
)

__all__ = ["convert", "expand", "sniff"]

_HEADS = ("header.json", "_journal/start.json", "start.json")


def sniff(value: Any) -> bool:
    """Return whether a document is an Inspect log (or the head of one)."""
    return isinstance(value, dict) and isinstance(value.get("eval"), dict) and "version" in value


def expand(rows: Iterator[Row]) -> Iterator[Row]:
    """Yield one row for each sample, with the head of the log beside it.

    Raises
    ------
    InputError
        If there is no head, or no sample.
    """
    head: Any = {}
    samples: list[Row] = []
    for row in rows:
        if row.where is None:
            if row.bad is not None or not isinstance(row.value, dict):
                samples.append(row)
                continue
            head = row.value
            found = head.get("samples")
            for n, sample in enumerate(found if isinstance(found, list) else [], 1):
                samples.append(Row(row.line, sample, where=f"sample {n}"))
        elif row.where in _HEADS:
            head = row.value if isinstance(row.value, dict) else head
        elif row.where.startswith("samples/"):
            samples.append(row)
    if not samples:
        raise InputError("cannot read the log", got="no samples", wanted="an Inspect log")
    spec = head.get("eval") if isinstance(head, dict) else None
    for row in samples:
        value = {"head": spec, "sample": row.value}
        yield Row(row.line, value, row.raw, row.bad, row.where)


def convert(row: Row, context: Context) -> list[Exchange]:
    """Return the exchanges of one sample: one for each choice of its output.

    The prompt is the conversation before the last answer; where that is not
    recorded, the sample's input.

    Raises
    ------
    SchemaError
        If the sample cannot be read.
    """
    pair = mapping(row.value, "the row")
    spec = mapping(pair.get("head") or {}, "eval")
    s = mapping(pair.get("sample"), "the sample")
    attached = mapping(s.get("attachments") or {}, "attachments")
    output = mapping(s.get("output") or {}, "output")
    talk = _attach(s.get("messages") or [], attached)
    while isinstance(talk, list) and talk and _role(talk[-1]) != "assistant":
        talk = talk[:-1]
    before = talk[:-1] if isinstance(talk, list) else []
    prompt = messages(before or _attach(s.get("input"), attached))
    usage = mapping(output.get("usage") or {}, "usage")
    config = mapping(spec.get("model_generate_config") or {}, "model_generate_config")
    config = {**config, "stop": config.get("stop_seqs")}
    known: dict[str, Any] = {
        "model": context.model_of(spec.get("model"), output.get("model")),
        "model_answered": maybe_text(output.get("model") or None, "model"),
        "sampling": sampling(config),
        "time": when(s.get("completed_at")),
        "tokens_in": integer(usage.get("input_tokens"), "input_tokens"),
        "source": f"{context.name}:{row.where or row.line}",
    }
    epoch = integer(s.get("epoch"), "epoch")
    choices = output.get("choices")
    if not isinstance(choices, list) or not choices:
        draw = _draw(epoch)
        failed = failure(s.get("error") or output.get("error"))
        return [Exchange(prompt=prompt, draw=draw, **known, **failed)]
    if len(choices) == 1:
        known["tokens_out"] = integer(usage.get("output_tokens"), "output_tokens")
    out = []
    for n, item in enumerate(choices):
        choice = mapping(item, "choice")
        answer = _attach(mapping(choice.get("message"), "message").get("content"), attached)
        said = outcome(
            None if answer is None else content(answer, "answer"), choice.get("stop_reason")
        )
        draw = n if len(choices) > 1 else _draw(epoch)
        out.append(Exchange(prompt=prompt, draw=draw, **known, **said))
    return out


def _draw(epoch: int | None) -> int | None:
    return epoch - 1 if epoch is not None and 0 < epoch < 2**31 else None


def _role(item: Any) -> object:
    return item.get("role") if isinstance(item, Mapping) else None


def _attach(value: Any, attached: Mapping[str, Any], depth: int = 0) -> Any:
    """Put the text of ``attachment://<hash>`` back in its place."""
    if isinstance(value, str) and value.startswith("attachment://"):
        return attached.get(value.removeprefix("attachment://"), value)
    if depth > 6:
        return value
    if isinstance(value, list):
        return [_attach(v, attached, depth + 1) for v in value]
    if isinstance(value, dict):
        return {k: _attach(v, attached, depth + 1) for k, v in value.items()}
    return value
