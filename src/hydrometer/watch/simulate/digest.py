"""The three hashes of an exchange, from columns: as `hydrometer.exchange` computes them.

`hydrometer.exchange.Exchange` needs an object for each; here a system prompt that a thousand
requests share is encoded once. A test compares the two.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from json.encoder import encode_basestring

from hydrometer.watch.simulate.sink import Messages

__all__ = ["Digester"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CACHED = 50_000


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class Digester:
    """Hashes exchanges, and remembers how system prompts and sampling fields are encoded."""

    def __init__(self) -> None:
        self._systems: dict[str, str] = {}
        self._asked: dict[tuple[object, ...], str] = {}

    def _message(self, role: str, content: str) -> str:
        if role != "system":
            return f'["{role}",{encode_basestring(content)}]'
        found = self._systems.get(content)
        if found is None:
            if len(self._systems) > CACHED:
                self._systems.clear()
            found = self._systems[content] = f'["system",{encode_basestring(content)}]'
        return found

    def __call__(
        self,
        messages: Messages,
        response: str | None,
        model: str,
        answered: str | None,
        status: str,
        sampling: tuple[float | None, float | None, int | None],
        account: str,
        micros: int,
        source: str,
    ) -> tuple[str, str, str]:
        """Return ``id``, ``content`` and ``key``.

        Parameters
        ----------
        sampling : tuple
            Temperature, top_p and max_tokens as asked for.
        micros : int
            Microseconds since 1970.
        """
        asked = self._asked.get(sampling)
        if asked is None:
            temperature, top_p, limit = (json.dumps(v) for v in sampling)
            asked = self._asked[sampling] = (
                f'{{"max_tokens":{limit},"seed":null,"stop":null,'
                f'"temperature":{temperature},"top_k":null,"top_p":{top_p}}}'
            )
        prompt = "[" + ",".join([self._message(r, c) for r, c in messages]) + "]"
        said = "null" if response is None else encode_basestring(response)
        named = "null" if answered is None else f'"{answered}"'
        identity = f'[{prompt},{said},"{model}",{named},"{status}",{asked}]'
        when = (EPOCH + timedelta(microseconds=micros)).isoformat()
        stripped = prompt
        if any(c != c.strip() for _, c in messages):
            stripped = "[" + ",".join([self._message(r, c.strip()) for r, c in messages]) + "]"
        return (
            "e1:" + _hash(f'[{identity},"{account}","{when}",null,"{source}"]'),
            "c1:" + _hash(identity),
            _hash(stripped)[:32],
        )
