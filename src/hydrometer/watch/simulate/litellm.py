"""Events as LiteLLM logs them: one ``StandardLoggingPayload`` a line.

References
----------
LiteLLM docs, "StandardLoggingPayload Specification".
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from hydrometer.watch.simulate.scenario import Stream
from hydrometer.watch.simulate.sink import Sink
from hydrometer.watch.simulate.write import ANSWERED, ERRORS, Progress, blocks

__all__ = ["write_litellm"]

REDACTED = "redacted-by-litellm"
CODES = {"error": "500", "throttled": "429"}
TOOL = {"type": "function", "function": {"name": "run", "parameters": {"type": "object"}}}


def _customer(headers: dict[str, str]) -> dict[str, Any]:
    """Return what the payload says of who asks; the same for all events of one profile."""
    address = headers.get("x-forwarded-for")
    agent = headers.get("user-agent")
    kept = ("x-forwarded-for", "x-org")
    return {
        "requester_ip_address": address,
        "user_agent": agent,
        "user_api_key_org_id": headers.get("x-org"),
        "requester_custom_headers": {
            k: v for k, v in headers.items() if k.startswith("x-") and k not in kept
        },
    }


def _parameters(sink: Sink, i: int) -> dict[str, Any]:
    asked: dict[str, Any] = {}
    for name in ("temperature", "top_p", "max_tokens"):
        value = getattr(sink, name)[i]
        if value is not None:
            asked[name] = value
    if sink.stream[i]:
        asked["stream"] = True
    if sink.tools[i]:
        asked["tools"] = [TOOL]
    return asked


def _payload(
    sink: Sink, i: int, number: int, stream: Stream, customers: list[dict[str, Any]]
) -> dict[str, Any]:
    status = sink.status[i]
    fine = status in ANSWERED
    text = sink.response[i] if stream.text else REDACTED
    messages = sink.messages[i] if stream.text else (("user", REDACTED),)
    out = sink.tokens_out[i] or 0
    begin = stream.start.timestamp() + round(sink.time[i], 6)
    took = 0.4 + 0.015 * out
    customer = customers[sink.profile[i]]
    name = f"req_{number:09d}"
    return {
        "id": name,
        "trace_id": name,
        "litellm_call_id": name,
        "call_type": "acompletion",
        "stream": sink.stream[i],
        "status": "success" if fine else "failure",
        "custom_llm_provider": "openai",
        "prompt_tokens": sink.tokens_in[i],
        "completion_tokens": out,
        "total_tokens": sink.tokens_in[i] + out,
        "startTime": begin,
        "endTime": begin + took,
        "completionStartTime": begin + 0.4,
        "response_time": took,
        "model": sink.model[i],
        "model_group": sink.model[i],
        "requester_ip_address": customer["requester_ip_address"],
        "user_agent": customer["user_agent"],
        "metadata": {
            "user_api_key_hash": sink.labels[sink.account[i]].account,
            "user_api_key_request_route": "/v1/chat/completions",
            **customer,
        },
        "messages": [{"role": r, "content": c} for r, c in messages],
        "response": {
            "choices": [
                {
                    "finish_reason": "length" if status == "truncated" else "stop",
                    "index": 0,
                    "message": {"role": "assistant", "content": text},
                }
            ]
        }
        if fine
        else None,
        "error_str": ERRORS.get(status),
        "error_information": None if fine else {"error_code": CODES[status]},
        "model_parameters": _parameters(sink, i),
    }


def write_litellm(
    sink: Sink, order: NDArray[np.int64], stream: Stream, path: Path, progress: Progress
) -> None:
    """Write all events, sorted by time, one JSON object a line."""
    customers = [_customer(p) for p in sink.profiles]
    encode = msgspec.json.Encoder().encode_lines
    with path.open("wb") as file:
        for first, rows in blocks(order):
            file.write(
                encode(
                    [_payload(sink, i, first + k, stream, customers) for k, i in enumerate(rows)]
                )
            )
            progress(first + len(rows), order.size)
