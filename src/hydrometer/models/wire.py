"""What an OpenAI-compatible endpoint is sent and what it sends back; no network here."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hydrometer.errors import InputError
from hydrometer.exchange import Message
from hydrometer.models.model import Query

__all__ = [
    "PREFILLS",
    "Answered",
    "Dialect",
    "chat_body",
    "completion_body",
    "plain_text",
    "read_answer",
    "read_sse",
    "server_says",
]

PREFILLS = ("none", "continue_final_message", "prefix", "completions")
"""How an endpoint is told to continue the assistant's text.

``continue_final_message`` : vLLM, SGLang and Text Generation Inference, in the chat request.
``prefix`` : DeepSeek (beta base URL) and Mistral, on the last message.
``completions`` : ``/completions`` with the plain template; nothing hidden.
"""

KEPT_HEADERS = (
    "openai-version",
    "openai-organization-region",
    "x-ms-region",
    "x-ms-deployment-name",
    "cf-ray",
    "server",
    "via",
)


@dataclass
class Dialect:
    """What one endpoint understands; corrected once where it says so.

    Parameters
    ----------
    prefill : str
        One of `PREFILLS`.
    logprobs : bool
        Ask for the log-probability of each answered token.
    stream : bool
        Ask for server-sent events: some servers answer no other way.
    limit_name : str
        Name of the limit on answer tokens.
    """

    prefill: str = "none"
    logprobs: bool = False
    stream: bool = False
    limit_name: str = "max_tokens"

    def __post_init__(self) -> None:
        if self.prefill not in PREFILLS:
            raise InputError(
                "unknown way to prefill", got=repr(self.prefill), wanted=", ".join(PREFILLS)
            )

    def learn(self, refusal: str) -> bool:
        """Correct the dialect from the words of a 400; whether anything changed."""
        text = refusal.lower()
        if "max_completion_tokens" in text and self.limit_name == "max_tokens":
            self.limit_name = "max_completion_tokens"
            return True
        asks = any(w in text for w in ("stream=true", "stream must be", "only support stream",
                                       "only supports stream", "must set stream",
                                       "non-streaming", "requires stream"))  # fmt: skip
        if asks and not self.stream:
            self.stream = True
            return True
        return False


def _sampling(query: Query, limit_name: str) -> dict[str, Any]:
    s = query.sampling
    body = {
        "temperature": s.temperature,
        "top_p": s.top_p,
        "top_k": s.top_k,
        limit_name: s.max_tokens,
        "stop": list(s.stop) if s.stop is not None else None,
        # One seed would give k equal draws.
        "seed": None if s.seed is None else s.seed + query.draw,
    }
    return {k: v for k, v in body.items() if v is not None}


def chat_body(model: str, query: Query, dialect: Dialect) -> dict[str, Any]:
    """Return the body of a chat request.

    Raises
    ------
    InputError
        If the prompt ends with the assistant's text and the dialect cannot
        have it continued.
    """
    messages: list[dict[str, Any]] = [{"role": m.role, "content": m.content} for m in query.prompt]
    body: dict[str, Any] = {"model": model, "messages": messages}
    if query.prompt[-1].role == "assistant":
        if dialect.prefill == "continue_final_message":
            body.update(continue_final_message=True, add_generation_prompt=False)
        elif dialect.prefill == "prefix":
            messages[-1]["prefix"] = True
        else:
            raise InputError(
                "the prompt ends with the assistant's text, which this endpoint cannot continue",
                got=f"prefill {dialect.prefill}",
                next_step="say how with --prefill-mode, or use a prompt without prefill",
            )
    body.update(_sampling(query, dialect.limit_name))
    if dialect.logprobs:
        body["logprobs"] = True
    _stream(body, dialect)
    return body


def completion_body(model: str, query: Query, dialect: Dialect) -> dict[str, Any]:
    """Return the body of a plain completion request."""
    body: dict[str, Any] = {"model": model, "prompt": plain_text(query.prompt)}
    body.update(_sampling(query, "max_tokens"))
    if dialect.logprobs:
        body["logprobs"] = 1
    _stream(body, dialect)
    return body


def _stream(body: dict[str, Any], dialect: Dialect) -> None:
    if dialect.stream:
        body.update(stream=True, stream_options={"include_usage": True})


def plain_text(prompt: Sequence[Message]) -> str:
    r"""Return a prompt as plain text for a model without a chat template.

    Examples
    --------
    >>> plain_text([Message("user", "2+2?"), Message("assistant", "It is")])
    'Question: 2+2?\nAnswer: It is'
    """
    lines = []
    for m in prompt:
        label = {"user": "Question: ", "assistant": "Answer: "}.get(m.role, "")
        lines.append(label + m.content)
    if prompt[-1].role != "assistant":
        lines.append("Answer:")
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Answered:
    """What one body says: the fields of an exchange that it fills."""

    status: str
    response: str | None = None
    error: str | None = None
    model_answered: str | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    logprobs: tuple[float, ...] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    request: str | None = None


def read_answer(body: object, headers: Mapping[str, str], prefix: str = "") -> Answered:
    """Return what a decoded body says; never raises for what a server sends.

    Parameters
    ----------
    body : object
        The decoded JSON.
    headers : mapping of str to str
        Headers of the answer, names in lower case.
    prefix : str
        Text that was prefilled: servers that repeat it have it cut off.

    Returns
    -------
    Answered
        With status ``error`` where the body is no answer.
    """
    if not isinstance(body, Mapping):
        return Answered("error", error=f"not an answer: {type(body).__name__} in place of object")
    kept = {h: str(headers[h])[:200] for h in KEPT_HEADERS if h in headers}
    choices = body.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], Mapping):
        said = server_says(body)
        return Answered("error", error=f"no choices in the answer: {said}"[:300], headers=kept)
    choice = choices[0]
    message = choice.get("message")
    text = message.get("content") if isinstance(message, Mapping) else choice.get("text")
    if isinstance(text, list):  # content in parts
        text = "".join(str(p.get("text") or "") for p in text if isinstance(p, Mapping))
    finish = choice.get("finish_reason")
    if isinstance(finish, str):
        kept["finish_reason"] = _sound(finish[:60])
    if isinstance(body.get("system_fingerprint"), str):
        kept["system_fingerprint"] = _sound(body["system_fingerprint"][:200])
    if isinstance(body.get("provider"), str):
        kept["provider"] = _sound(body["provider"][:200])
    status, error = _status(finish, text)
    if isinstance(text, str) and prefix and text.startswith(prefix):
        text = text[len(prefix) :]
    usage = body.get("usage")
    usage = usage if isinstance(usage, Mapping) else {}
    request = headers.get("x-request-id") or body.get("id")
    model = body.get("model")
    return Answered(
        status,
        response=_sound(text) if isinstance(text, str) else None,
        error=error,
        model_answered=_sound(model) if isinstance(model, str) and model else None,
        tokens_in=_count(usage.get("prompt_tokens")),
        tokens_out=_count(usage.get("completion_tokens")),
        logprobs=_logprobs(choice.get("logprobs")),
        headers=kept,
        request=_sound(str(request)[:200]) if request else None,
    )


def _sound(text: str) -> str:
    """Return the text with half surrogates, which no file can hold, replaced."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _status(finish: object, text: object) -> tuple[str, str | None]:
    if finish == "content_filter":
        return "filtered", "the provider's content filter stopped the answer"
    if not isinstance(text, str):
        return "error", _sound(f"the answer has no text (finish reason {finish})"[:200])
    if finish == "length":
        return "truncated", None
    if finish in ("error", "abort", "insufficient_system_resource"):
        return "error", f"the server broke off (finish reason {finish})"
    return "ok", None


def _count(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value < 2**62 else None


def _logprobs(value: object) -> tuple[float, ...] | None:
    if not isinstance(value, Mapping):
        return None
    if isinstance(value.get("content"), list):  # chat
        found = [c.get("logprob") if isinstance(c, Mapping) else None for c in value["content"]]
    elif isinstance(value.get("token_logprobs"), list):  # completions
        found = value["token_logprobs"]
    else:
        return None
    values = [float(x) for x in found if isinstance(x, (int, float)) and not math.isnan(x)]
    return tuple(values) if len(values) == len(found) else None


def read_sse(text: str) -> dict[str, Any] | None:
    r"""Return the body that a stream of server-sent events adds up to; None if it is none.

    Examples
    --------
    >>> body = read_sse('data: {"choices":[{"delta":{"content":"Hi"}}]}\n\ndata: [DONE]\n')
    >>> body["choices"][0]["message"]["content"]
    'Hi'
    """
    body: dict[str, Any] = {}
    parts: list[str] = []
    probs: list[Any] = []
    finish: object = None
    ended = False
    for line in text.splitlines():
        if not line.startswith("data:"):
            continue
        data = line[5:].strip()
        if data == "[DONE]":
            ended = True
            break
        try:
            event = json.loads(data)
        except (ValueError, RecursionError):
            return None
        if not isinstance(event, dict):
            return None
        for name in ("id", "model", "system_fingerprint", "usage", "provider", "error"):
            if event.get(name) is not None:
                body[name] = event[name]
        choices = event.get("choices")
        if isinstance(choices, list) and choices and isinstance(choices[0], Mapping):
            choice = choices[0]
            delta = choice.get("delta")
            piece = delta.get("content") if isinstance(delta, Mapping) else choice.get("text")
            if isinstance(piece, str):
                parts.append(piece)
            given = choice.get("logprobs")
            if isinstance(given, Mapping) and isinstance(given.get("content"), list):
                probs.extend(given["content"])
            finish = choice.get("finish_reason") or finish
    if not body and not parts:
        return None
    if "error" in body or (not ended and finish is None):
        return body if "error" in body else {"error": {"message": "the stream broke off"}}
    choice = {"message": {"content": "".join(parts)}, "finish_reason": finish}
    if probs:
        choice["logprobs"] = {"content": probs}
    body["choices"] = [choice]
    return body


def server_says(body: object) -> str:
    """Return the message of an error body, in at most 300 characters."""
    if isinstance(body, Mapping):
        error = body.get("error", body.get("detail", body.get("message")))
        if isinstance(error, Mapping):
            error = f"{error.get('message') or ''} {error.get('code') or ''}".strip()
        if error:
            return _sound(" ".join(str(error).split())[:300])
    return _sound(" ".join(str(body).split())[:300])
