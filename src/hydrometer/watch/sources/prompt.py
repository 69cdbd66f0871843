"""From the messages of a request to what is measured of it: system, last user text, turns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

__all__ = ["NOTHING", "Prompt", "content_of", "prompt_of"]

_REDACTED = frozenset({"redacted-by-litellm", "__REDACTED__"})
_TEXT = ("text", "input_text", "output_text", None)
_SYSTEM = ("system", "developer")


class Prompt(NamedTuple):
    """The prompt of one request; all None where the log keeps no text."""

    system: str | None = None
    user: str | None = None
    turns: int | None = None


NOTHING = Prompt()


def content_of(value: object) -> str:
    """Return the text of a message: text, or its text parts joined; else nothing.

    Examples
    --------
    >>> content_of([{"type": "text", "text": "a"}, {"type": "image_url"}, "b"])
    'ab'
    """
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        return ""
    parts = []
    for part in value:
        if isinstance(part, str):
            parts.append(part)
        elif isinstance(part, Mapping) and part.get("type") in _TEXT:
            found = part.get("text", part.get("content"))
            if isinstance(found, str):
                parts.append(found)
    return "".join(parts)


def prompt_of(value: Any) -> Prompt:
    """Return what messages in any of the known shapes hold.

    A list of ``{role, content}`` or ``{role, parts}``, an object with ``messages`` (or
    ``prompt``, ``input``), either of them as JSON text, or plain text as one user message.
    A redacted message leaves nothing: the log does not say how many there were.

    Examples
    --------
    >>> prompt_of([{"role": "system", "content": "s"}, {"role": "user", "content": "u"}])
    Prompt(system='s', user='u', turns=1)
    >>> prompt_of("redacted-by-litellm")
    Prompt(system=None, user=None, turns=None)
    """
    if isinstance(value, str):
        if value[:1] not in ("[", "{"):
            return NOTHING if not value or value in _REDACTED else Prompt(None, value, 1)
        try:
            value = msgspec.json.decode(value)
        except (msgspec.DecodeError, RecursionError):
            return Prompt(None, value, 1)
    if isinstance(value, Mapping):
        for name in ("messages", "prompt", "input"):
            if value.get(name):
                return _joined(value, prompt_of_list(value[name]))
        return NOTHING
    return prompt_of_list(value)


def prompt_of_list(value: Any) -> Prompt:
    """Return what a list of messages holds; see `prompt_of`."""
    if isinstance(value, str):
        return NOTHING if not value or value in _REDACTED else Prompt(None, value, 1)
    if not isinstance(value, list) or not value:
        return NOTHING
    system: list[str] = []
    user, turns = None, 0
    for message in value:
        if isinstance(message, str):  # a batch of plain prompts
            message = {"role": "user", "content": message}
        elif not isinstance(message, dict):
            continue
        role = message.get("role")
        if role == "user":
            turns += 1
        elif role not in _SYSTEM:
            continue
        body = message.get("content")
        if body is None:
            body = message.get("parts")
        said = body if isinstance(body, str) else content_of(body)
        if said in _REDACTED:
            return NOTHING
        if role == "user":
            user = said
        else:
            system.append(said)
    return Prompt("\n".join(system) if system else None, user or None, turns)


def _joined(value: Mapping[str, Any], found: Prompt) -> Prompt:
    """Add a system prompt that stands beside the messages, as in Anthropic's API."""
    beside = content_of(value.get("system")) or content_of(value.get("instructions"))
    if not beside or found is NOTHING:
        return found
    return found._replace(system=f"{beside}\n{found.system}" if found.system else beside)
