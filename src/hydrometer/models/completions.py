"""Plain completions of an endpoint: answers of base models, and scores of given text."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hydrometer.errors import ModelError
from hydrometer.exchange import Message
from hydrometer.models.model import Query
from hydrometer.models.openai import RETRIED, OpenAIModel, decode
from hydrometer.models.rate import backoff
from hydrometer.models.wire import completion_body, plain_text, server_says

if TYPE_CHECKING:
    import httpx

__all__ = ["CompletionsModel"]


class CompletionsModel(OpenAIModel):
    """A model behind ``/completions``: plain text in and out, and scores of given text."""

    path = "completions"

    def _body(self, query: Query) -> dict[str, Any]:
        return completion_body(self.name, query, self.dialect)

    def score(
        self, prompt: Sequence[Message], responses: Sequence[str]
    ) -> list[tuple[float, ...]]:
        """Return the log-probability (natural) of each token of each response.

        Uses ``echo`` with ``logprobs``, which vLLM's server understands and
        llama.cpp's refuses or answers for the new token alone. A token that
        straddles the prompt and the response counts to the response.

        Raises
        ------
        ModelError
            If the endpoint does not give them.
        """
        return asyncio.run(self._score_all(prompt, responses))

    async def _score_all(
        self, prompt: Sequence[Message], responses: Sequence[str]
    ) -> list[tuple[float, ...]]:
        start = plain_text(prompt)
        start += "" if prompt[-1].role == "assistant" else " "
        gate = asyncio.Semaphore(self.transport.concurrency)
        async with self._client() as client:

            async def one(response: str) -> tuple[float, ...]:
                async with gate:
                    return await self._score(client, start, response)

            return list(await asyncio.gather(*(one(r) for r in responses)))

    async def _score(
        self, client: httpx.AsyncClient, start: str, response: str
    ) -> tuple[float, ...]:
        body = {"model": self.name, "prompt": start + response, "max_tokens": 1,
                "temperature": 0, "echo": True, "logprobs": 1}  # fmt: skip
        got: object = None
        for attempt in range(self.transport.retries + 1):
            try:
                code, headers, text = await self._post(client, body)
            except (ConnectionError, TimeoutError) as err:
                raise ModelError(f"cannot score at {self.endpoint}", got=str(err)[:160]) from err
            got = decode(text, headers)
            if code == 200:
                break
            self._refused(code, self._scrub(server_says(got or text)))
            if code not in RETRIED:
                break
            await asyncio.sleep(backoff(attempt, rng=self._rng, base=self.transport.base))
        scores = _echoed(got, len(start), len(start) + len(response))
        if scores is None:
            raise ModelError(
                f"{self.endpoint} gives no log-probabilities of a given text",
                got=self._scrub(server_says(got))[:160],
                wanted="echo with logprobs on /completions",
                next_step="load the weights with hf:PATH to score",
            )
        return scores


def _echoed(body: object, start: int, end: int) -> tuple[float, ...] | None:
    """Return the log-probabilities of the echoed tokens that touch ``start:end``."""
    try:
        found = body["choices"][0]["logprobs"]  # type: ignore[index]
        offsets, values = found["text_offset"], found["token_logprobs"]
        if offsets[0] > start:  # scores of the new tokens alone
            return None
        ends = [*offsets[1:], end + 1]
        picked = [
            v for a, b, v in zip(offsets, ends, values, strict=False) if b > start and a < end
        ]
        return tuple(float(v) for v in picked)
    except (KeyError, IndexError, TypeError, ValueError):
        return None
