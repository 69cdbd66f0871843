"""LiteLLM's ``StandardLoggingPayload``, as its ``generic_api`` callback and its buckets write it.

References
----------
LiteLLM docs, "StandardLoggingPayload Specification" (proxy/logging_spec):
``id, trace_id, call_type, status, prompt_tokens, completion_tokens, startTime,
endTime, model, model_group, metadata{user_api_key_hash, user_api_key_user_id,
...}, end_user, messages, response, error_str, model_parameters``. Times are
floats, in seconds since 1970.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hydrometer.errors import SchemaError
from hydrometer.exchange import Exchange
from hydrometer.store.readers.rows import (
    Context,
    Row,
    completion,
    failure,
    integer,
    mapping,
    maybe_text,
    messages,
    outcome,
    sampling,
    when,
)

__all__ = ["convert", "sniff"]


def sniff(value: Any) -> bool:
    """Return whether a row is such a payload."""
    return isinstance(value, dict) and {"startTime", "model", "status"} <= value.keys()


def convert(row: Row, context: Context) -> list[Exchange]:
    """Return the exchanges of one payload; a redacted one is set aside.

    Raises
    ------
    SchemaError
        If messages, model or response cannot be read.
    """
    v = mapping(row.value, "the payload")
    meta = mapping(v.get("metadata") or {}, "metadata")
    asked = v.get("messages")
    if isinstance(asked, Mapping):
        asked = asked.get("messages")
    if not asked:
        raise SchemaError(
            "the payload holds no messages", next_step="turn off turn_off_message_logging"
        )
    prompt = messages(asked)
    model = context.model_of(v.get("model_group"), v.get("model"))
    known: dict[str, Any] = {
        "account": context.account(
            meta.get("user_api_key_hash"),
            meta.get("user_api_key_user_id"),
            v.get("end_user"),
        ),
        "time": when(v.get("endTime")),
        "sampling": sampling(v.get("model_parameters")),
        "tokens_in": integer(v.get("prompt_tokens"), "prompt_tokens"),
        "source": maybe_text(v.get("id"), "id"),
    }
    response = v.get("response")
    if v.get("status") == "failure":
        detail = mapping(v.get("error_information") or {}, "error_information")
        failed = failure(v.get("error_str"), detail.get("error_code"))
        return [Exchange(prompt=prompt, model=model, **known, **failed)]
    if isinstance(response, Mapping) and "choices" in response:
        return completion(response, prompt, model, **known)
    known["tokens_out"] = integer(v.get("completion_tokens"), "completion_tokens")
    return [Exchange(prompt=prompt, model=model, **known, **outcome(response))]
