"""From one raw value to the fields of an exchange, or a reason why not."""

from __future__ import annotations

import hashlib
import hmac
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hydrometer.errors import SchemaError
from hydrometer.exchange import Exchange, Message, Sampling

__all__ = ["Context", "Row", "pseudonym"]

_INT64 = 2**63
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Row:
    """One row of a file: where it stands, its value, and its text where known."""

    line: int
    value: Any
    raw: str | None = None
    bad: str | None = None
    where: str | None = None


@dataclass(frozen=True)
class Context:
    """What a reader is told beside the row.

    Parameters
    ----------
    name : str
        Name of the file, for `Exchange.source`.
    model : str or None
        Model of the rows that name none.
    prompts : mapping of str to str
        Prompt by ``prompt_id``, for tables that keep prompts elsewhere.
    key : bytes or None
        Secret of the account pseudonyms.
    """

    name: str
    model: str | None = None
    prompts: Mapping[str, str] = field(default_factory=dict)
    key: bytes | None = None

    def model_of(self, *found: object) -> str:
        """Return the first model named in text, then the one that was given.

        Raises
        ------
        SchemaError
            If none is named.
        """
        for value in (*found, self.model):
            if isinstance(value, str) and value:
                return text(value, "model")
        raise SchemaError("the row names no model", next_step="pass model=")

    def account(self, *found: object) -> str | None:
        """Return the pseudonym of the first identifier that is recorded."""
        for value in found:
            if isinstance(value, (str, int)) and not isinstance(value, bool) and value != "":
                return pseudonym(value, self.key)
        return None


def pseudonym(raw: str | int, key: bytes | None) -> str | None:
    """Return the keyed pseudonym of an account, or None without a key.

    HMAC-SHA256, first 16 bytes in hexadecimal. Without the key nobody can
    test whether a known identifier is in a log.

    Examples
    --------
    >>> pseudonym("alice", b"k")
    'ec631a55bb81f5b9dc96aa930a45628d'
    >>> pseudonym("alice", None) is None
    True
    """
    if key is None:
        return None
    data = str(raw).encode("utf-8", "surrogatepass")
    return hmac.new(key, data, hashlib.sha256).hexdigest()[:32]


def mapping(value: object, what: str) -> Mapping[str, Any]:
    """Return an object, or say that it is none.

    Raises
    ------
    SchemaError
        If it is not an object.
    """
    if not isinstance(value, Mapping):
        raise SchemaError(f"{what} is not an object", got=type(value).__name__)
    return value


def text(value: object, what: str) -> str:
    """Return text that can be written as UTF-8.

    Raises
    ------
    SchemaError
        If it is not text, or holds a lone surrogate.
    """
    if not isinstance(value, str):
        raise SchemaError(f"{what} is not text", got=type(value).__name__)
    if not value.isascii():
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as err:
            raise SchemaError(f"{what} holds a lone surrogate", wanted="valid Unicode") from err
    return value


def maybe_text(value: object, what: str) -> str | None:
    """Return text or None.

    Raises
    ------
    SchemaError
        If it is something else.
    """
    return None if value is None else text(value, what)


def integer(value: object, what: str) -> int | None:
    """Return an integer of 64 bits or None; ``3.0`` and ``"3"`` count as 3.

    Raises
    ------
    SchemaError
        If it is something else.
    """
    if value is None:
        return None
    try:
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise ValueError(type(value).__name__)
        out = int(value)
        if out != (value if not isinstance(value, str) else out) or not -_INT64 <= out < _INT64:
            raise ValueError("out of range")
    except (ValueError, OverflowError) as err:
        raise SchemaError(f"{what} is not an integer", got=str(err)[:60]) from err
    return out


def number(value: object, what: str) -> float | None:
    """Return a finite number or None.

    Raises
    ------
    SchemaError
        If it is something else.
    """
    if value is None:
        return None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            out = float(value)
        except OverflowError:
            out = math.inf
        if math.isfinite(out):
            return out
    raise SchemaError(f"{what} is not a finite number", got=type(value).__name__)


def content(value: object, what: str = "content") -> str:
    """Return the text of a message: a string, or its text parts joined.

    Parts are OpenAI's ``{"type": "text", "text": ...}``, OpenTelemetry's
    ``{"type": "text", "content": ...}`` or plain strings. Reasoning, tool
    calls, images and other parts are left out: they are not the answer.

    Raises
    ------
    SchemaError
        If there is neither text nor a list of parts.
    """
    if value is None:
        return ""
    if isinstance(value, list):
        parts = []
        for part in value:
            if isinstance(part, str):
                parts.append(text(part, what))
            elif mapping(part, what).get("type") in ("text", "input_text", "output_text"):
                parts.append(text(part.get("text", part.get("content")), what))
        return "".join(parts)
    return text(value, what)


def messages(value: object) -> tuple[Message, ...]:
    """Return the messages of a prompt; plain text is one user message.

    Raises
    ------
    SchemaError
        If it is neither.
    """
    if isinstance(value, str):
        return (Message("user", text(value, "prompt")),)
    if not isinstance(value, list) or not value:
        raise SchemaError("the prompt is no list of messages", got=type(value).__name__)
    out = []
    for item in value:
        m = mapping(item, "message")
        body = m["parts"] if "parts" in m and "content" not in m else m.get("content")
        out.append(Message(text(m.get("role"), "role"), content(body)))
    return tuple(out)


def when(value: object) -> datetime | None:
    """Return a time in UTC from seconds since 1970 or ISO 8601 text; None stays None.

    Raises
    ------
    SchemaError
        If it is neither, or has no time zone.
    """
    if value is None:
        return None
    try:
        if isinstance(value, datetime):
            out = value
        elif isinstance(value, str):
            out = datetime.fromisoformat(value)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            out = _EPOCH + timedelta(seconds=value)
        else:
            raise ValueError(type(value).__name__)
        if out.tzinfo is None:
            raise ValueError("no time zone")
        return out.astimezone(UTC)
    except (ValueError, OverflowError) as err:
        raise SchemaError("the time cannot be read", got=str(err)[:60]) from err


def sampling(value: object) -> Sampling:
    """Return the sampling parameters under the names of the OpenAI API.

    Raises
    ------
    SchemaError
        If one is of the wrong kind.
    """
    if value is None:
        return Sampling()
    v = mapping(value, "sampling")
    stop = v.get("stop")
    stop = [stop] if isinstance(stop, str) else stop
    if stop is not None and not isinstance(stop, (list, tuple)):
        raise SchemaError("stop is not a list", got=type(stop).__name__)
    limit = v.get("max_tokens")
    return Sampling(
        temperature=number(v.get("temperature"), "temperature"),
        top_p=number(v.get("top_p"), "top_p"),
        top_k=integer(v.get("top_k"), "top_k"),
        max_tokens=integer(v.get("max_completion_tokens") if limit is None else limit, "limit"),
        stop=None if stop is None else tuple(text(s, "stop") for s in stop),
        seed=integer(v.get("seed"), "seed"),
    )


_FINISH = {
    "length": "truncated",
    "max_tokens": "truncated",
    "model_length": "truncated",
    "content_filter": "filtered",
    "error": "error",
}


def outcome(response: object, finish: object = None) -> dict[str, Any]:
    """Return ``response``, ``status`` and ``error`` of an exchange.

    An empty answer is kept as it is (it is not scored); an answer that is
    absent is an error.

    Raises
    ------
    SchemaError
        If the response is not text.
    """
    if response is None:
        status = "filtered" if finish == "content_filter" else "error"
        return {"response": None, "status": status, "error": "no response recorded"}
    status = _FINISH.get(finish, "ok") if isinstance(finish, str) else "ok"
    error = f"finish reason {finish}" if status in ("filtered", "error") else None
    return {"response": text(response, "response"), "status": status, "error": error}


def failure(error: object, code: object = None) -> dict[str, Any]:
    """Return the outcome of a request that failed, from its message and HTTP status."""
    words = error if isinstance(error, str) else None
    if isinstance(error, Mapping) and isinstance(error.get("message"), str):
        words = error["message"]
    if isinstance(words, str):
        words = words.encode("utf-8", "replace").decode()[:2000]
    status = "throttled" if str(code) == "429" else "error"
    return {"response": None, "status": status, "error": words or "failed"}


def completion(
    body: Mapping[str, Any], prompt: tuple[Message, ...], model: str, **known: Any
) -> list[Exchange]:
    """Return one exchange for each choice of an OpenAI chat completion.

    References
    ----------
    OpenAI API reference, "The chat completion object": ``choices[].message``,
    ``choices[].finish_reason``, ``usage.prompt_tokens``, ``system_fingerprint``.

    Raises
    ------
    SchemaError
        If the body is not a chat (or text) completion.
    """
    choices = body.get("choices")
    if not isinstance(choices, list) or not choices:
        raise SchemaError("the response has no choices", wanted="a chat completion")
    usage = mapping(body.get("usage") or {}, "usage")
    headers = {}
    if isinstance(body.get("system_fingerprint"), str):
        headers["system_fingerprint"] = text(body["system_fingerprint"], "system_fingerprint")
    out = []
    for n, item in enumerate(choices):
        choice = mapping(item, "choice")
        if "text" in choice:
            answer = choice["text"]
        else:
            answer = mapping(choice.get("message"), "message").get("content")
            answer = content(answer) if isinstance(answer, list) else answer
        fields: dict[str, Any] = {
            "model_answered": maybe_text(body.get("model"), "model"),
            "time": when(body.get("created")),
            "draw": n if len(choices) > 1 else None,
            "tokens_in": integer(usage.get("prompt_tokens"), "prompt_tokens"),
            "tokens_out": integer(usage.get("completion_tokens"), "completion_tokens")
            if len(choices) == 1
            else None,
            "headers": headers,
        }
        fields.update({k: v for k, v in known.items() if v is not None})
        fields.update(outcome(answer, choice.get("finish_reason")))
        out.append(Exchange(prompt=prompt, model=model, **fields))
    return out
