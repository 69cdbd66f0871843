"""OpenAI chat JSON lines: fine-tuning examples, request/response pairs, batch output.

Three shapes: ``{"messages": [...]}`` where every assistant message answers what
stands before it; ``{"request": {...}, "response": {...}}``; and the Batch API's
``{"custom_id", "response": {"status_code", "request_id", "body"}, "error"}``,
which does not repeat the prompt: give the requests as ``prompts`` (custom_id to
prompt text), or join them into ``request`` first.

References
----------
OpenAI API reference: "Batch", the request input and request output objects;
"Fine-tuning", training format for chat models.
"""

from __future__ import annotations

from typing import Any

from hydrometer.errors import SchemaError
from hydrometer.exchange import Exchange, Message
from hydrometer.store.readers.rows import (
    Context,
    Row,
    completion,
    failure,
    mapping,
    maybe_text,
    messages,
    outcome,
    sampling,
)

__all__ = ["convert", "sniff"]


def sniff(value: Any) -> bool:
    """Return whether a row has one of the three shapes."""
    if not isinstance(value, dict) or "startTime" in value:
        return False
    return (
        isinstance(value.get("messages"), list)
        or {"request", "response"} <= value.keys()
        or {"custom_id", "response"} <= value.keys()
    )


def convert(row: Row, context: Context) -> list[Exchange]:
    """Return the exchanges of one row: one for each choice or assistant turn.

    Raises
    ------
    SchemaError
        If prompt, model or answer cannot be read.
    """
    v = mapping(row.value, "the row")
    if "response" not in v:
        return _turns(v, context)
    request = mapping(v.get("request") or {}, "request")
    request = mapping(request.get("body") or request, "request body")
    custom = maybe_text(v.get("custom_id"), "custom_id")
    asked = request.get("messages", request.get("prompt"))
    if asked is None and custom is not None:
        asked = context.prompts.get(custom)
    if asked is None:
        raise SchemaError("the row does not hold its prompt", next_step="pass prompts=")
    prompt = messages(asked)
    known: dict[str, Any] = {
        "sampling": sampling(request),
        "account": context.account(request.get("user"), request.get("safety_identifier")),
        "source": custom,
    }
    response = v.get("response")
    outer = mapping(response, "response") if response is not None else {}
    body = mapping(outer.get("body") or outer, "response body")
    code = outer.get("status_code")
    error = v.get("error") or body.get("error")
    if error is not None or "choices" not in body:
        model = context.model_of(request.get("model"), body.get("model"))
        return [Exchange(prompt=prompt, model=model, **known, **failure(error, code))]
    model = context.model_of(request.get("model"), body.get("model"))
    return completion(body, prompt, model, **known)


def _turns(v: Any, context: Context) -> list[Exchange]:
    found = v.get("messages")
    if not isinstance(found, list):
        raise SchemaError("the row has no messages")
    model = context.model_of(v.get("model"))
    prompt: list[Message] = []
    out = []
    for item in found:
        (message,) = messages([item])
        if message.role == "assistant" and prompt:
            said = outcome(message.content)
            out.append(Exchange(prompt=tuple(prompt), model=model, **said))
        prompt.append(message)
    if not out:
        raise SchemaError("no assistant message answers a prompt", got=f"{len(found)} messages")
    return out
