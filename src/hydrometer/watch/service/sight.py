"""What the middleware sees of one request: kept as it passes, read when the answer is done."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

import msgspec

from hydrometer.watch.sources.prompt import prompt_of

__all__ = ["PATHS", "Sight"]

PATHS = ("/chat/completions", "/completions", "/responses", "/messages")
"""Ends of the paths that are watched."""

LARGEST = 1 << 20
"""Bytes of a request or an answer that are kept for reading; of a larger one the text is left."""
TAIL = 32 << 10
"""Bytes kept of a stream's end: the last events hold the reason it ended and the token counts."""

_LINKS = ("user-agent", "x-forwarded-for", "x-real-ip", "openai-organization", "openai-project")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Sight:
    """One request and its answer.

    Parameters
    ----------
    account : str
        Hashed already.
    headers : mapping of str to str
        Of the request, names in lower case.
    client : tuple or None
        Address and port.
    time : int
        Microseconds since 1970 UTC.
    more : frozenset of str
        Further headers that are passed on.
    text : bool
        False leaves prompts out.
    """

    def __init__(
        self,
        account: str,
        headers: Mapping[str, str],
        client: Any,
        time: int,
        *,
        more: frozenset[str] = frozenset(),
        text: bool = True,
    ) -> None:
        self.account, self.time, self.status = account, time, 0
        self._text = text
        self._links = {
            k: v[:400]
            for k, v in headers.items()
            if k in _LINKS or k in more or k.startswith("x-stainless-")
        }
        if client and not {"x-forwarded-for", "x-real-ip"} & set(self._links):
            self._links["x-client-ip"] = str(client[0])
        self._asked: list[bytes] = []
        self._answered: list[bytes] = []
        self._sizes = [0, 0]
        self._stream = False
        self._id = uuid.uuid4().hex

    @property
    def size(self) -> int:
        """Bytes held."""
        return self._sizes[0] + self._sizes[1]

    def receiving(self, receive: Receive) -> Receive:
        """Return a receiver that keeps the request's body as the application reads it."""

        async def keep() -> Message:
            message = await receive()
            if message["type"] == "http.request":
                self._keep(0, self._asked, message.get("body", b""))
            return message

        return keep

    def sending(self, send: Send) -> Send:
        """Return a sender that passes each part on before it keeps it."""

        async def keep(message: Message) -> None:
            await send(message)
            if message["type"] == "http.response.start":
                self.status = message["status"]
                self._stream = any(
                    k.lower() == b"content-type" and v.startswith(b"text/event-stream")
                    for k, v in message.get("headers", ())
                )
            elif message["type"] == "http.response.body":
                self._keep(1, self._answered, message.get("body", b""))
                while self._stream and len(self._answered) > 1 and self._sizes[1] > TAIL:
                    self._sizes[1] -= len(self._answered.pop(0))

        return keep

    def _keep(self, which: int, parts: list[bytes], part: bytes) -> None:
        if part and self._sizes[which] <= LARGEST:
            parts.append(part)
            self._sizes[which] += len(part)

    def record(self) -> dict[str, Any]:
        """Return the exchange as the service takes it, without the answer's text."""
        asked = _object(b"".join(self._asked))
        usage, finish = self._answer()
        row: dict[str, Any] = {
            "id": self._id,
            "account": self.account,
            "time": self.time,
            "model": asked.get("model"),
            "status": _status(self.status, finish),
            "tokens_in": usage.get("prompt_tokens", usage.get("input_tokens")),
            "tokens_out": usage.get("completion_tokens", usage.get("output_tokens")),
            "sampling": {
                "max_tokens": asked.get("max_tokens", asked.get("max_completion_tokens")),
                "temperature": asked.get("temperature"),
                "top_p": asked.get("top_p"),
            },
            "stream": bool(asked.get("stream")) if asked else None,
            "tools": bool(asked.get("tools") or asked.get("functions")) if asked else None,
            "choices": asked.get("n"),
            "logprobs": True if asked.get("logprobs") else None,
            "headers": self._links,
        }
        if self._text:
            said = prompt_of(asked)
            row["prompt"] = [{"role": "system", "content": said.system}] if said.system else []
            # The service counts turns; of the earlier ones it needs no more than that.
            row["prompt"] += [{"role": "user", "content": ""}] * ((said.turns or 1) - 1)
            row["prompt"] += [{"role": "user", "content": said.user}] if said.user else []
        return row

    def _answer(self) -> tuple[dict[str, Any], str | None]:
        """Return what the answer says of tokens, and why it ended."""
        data = b"".join(self._answered)
        if not self._stream:
            return _told(_object(data))
        usage: dict[str, Any] = {}
        finish = None
        for line in data.split(b"\n"):
            if line.startswith(b"data:") and b"{" in line:
                more, why = _told(_object(line[5:].strip()))
                usage, finish = more or usage, why or finish
        return usage, finish


def _told(answer: Mapping[str, Any]) -> tuple[dict[str, Any], str | None]:
    inner = answer.get("response")  # the last event of the responses API
    if isinstance(inner, dict):
        answer = inner
    usage = answer.get("usage")
    choices = answer.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else answer
    why = first.get("finish_reason", first.get("stop_reason")) if isinstance(first, dict) else None
    return usage if isinstance(usage, dict) else {}, why if isinstance(why, str) else None


def _status(status: int, finish: str | None) -> str:
    if status == 429:
        return "throttled"
    if status == 403 or finish == "content_filter":
        return "filtered"
    if not 200 <= status < 300:
        return "error"
    return "truncated" if finish in ("length", "max_tokens") else "ok"


def _object(data: bytes) -> dict[str, Any]:
    """Return a JSON object, or an empty one where the bytes are none."""
    try:
        found = msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
