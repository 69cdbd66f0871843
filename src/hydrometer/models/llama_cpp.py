"""A GGUF file, asked and scored with llama-cpp-python."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np
from llama_cpp import llama_chat_format

from hydrometer.errors import InputError
from hydrometer.exchange import Exchange, Message, prompt_key
from hydrometer.models.model import LOCAL_LIMIT, Query
from hydrometer.models.wire import plain_text, read_answer

__all__ = ["LlamaCppModel"]

PLAIN_STOPS = ("\nQuestion:", "\n\n")


class LlamaCppModel:
    """A quantised model in one GGUF file.

    Parameters
    ----------
    path : str or Path
        The file.
    clock : callable
        Returns the present, timezone-aware.
    seed : int
        With a query's own seed, its prompt and its draw, seeds that answer.
    name : str, optional
        Name to record; that of the file otherwise.
    context : int
        Longest prompt and answer, in tokens.
    threads : int or None
        Threads; the library's choice where None.
    logprobs : bool
        Record the log-probability of each answered token.

    Raises
    ------
    InputError
        If the file cannot be loaded.
    """

    prefill = True

    def __init__(
        self,
        path: str | Path,
        *,
        clock: Callable[[], datetime],
        seed: int,
        name: str | None = None,
        context: int = 4096,
        threads: int | None = None,
        logprobs: bool = False,
    ) -> None:
        if not Path(path).is_file():
            raise InputError(f"no model at {path}", wanted="a .gguf file")
        try:
            self._llm = llama_cpp.Llama(
                model_path=str(path),
                n_ctx=context,
                n_threads=threads,
                logits_all=True,  # scoring and log-probabilities need every row
                verbose=False,
            )
        except (ValueError, RuntimeError, OSError) as err:
            raise InputError(f"cannot load {path}", got=str(err)[:200]) from err
        self.name = name or Path(path).name
        self._clock, self._seed, self._logprobs = clock, seed, logprobs
        self._context = context
        template = self._llm.metadata.get("tokenizer.chat_template")
        self._formatter: Any = None
        if template:
            self._formatter = llama_chat_format.Jinja2ChatFormatter(
                template=template,
                eos_token=self._piece(self._llm.token_eos()),
                bos_token=self._piece(self._llm.token_bos()),
            )

    def _piece(self, token: int) -> str:
        if token < 0:
            return ""
        return str(self._llm.detokenize([token], special=True).decode("utf-8", "replace"))

    def _tokens(self, prompt: Sequence[Message]) -> list[int]:
        """Return the tokens of a prompt, up to where the answer begins."""
        if self._formatter is None:
            return self._encode(plain_text(prompt))
        begun = prompt[-1].content if prompt[-1].role == "assistant" else ""
        asked = prompt[:-1] if begun else prompt
        text = self._formatter(
            messages=[{"role": m.role, "content": m.content} for m in asked]
        ).prompt
        return self._encode(text + begun)

    def _encode(self, text: str) -> list[int]:
        bos = self._piece(self._llm.token_bos())
        wants_bos = self._formatter is None or not (bos and text.startswith(bos))
        tokens: list[int] = self._llm.tokenize(
            text.encode("utf-8"), add_bos=wants_bos, special=self._formatter is not None
        )
        return tokens

    def answer(self, queries: Sequence[Query]) -> list[Exchange]:
        """Return one exchange for each query, in order."""
        return [self._one(q) for q in queries]

    def _one(self, query: Query) -> Exchange:
        s = replace(query.sampling, max_tokens=query.sampling.max_tokens or LOCAL_LIMIT)
        words = f"{self._seed}/{s.seed}/{prompt_key(query.prompt)}/{query.draw}"
        digest = hashlib.sha256(words.encode()).digest()
        given: dict[str, Any] = {
            "temperature": s.temperature, "top_p": s.top_p, "top_k": s.top_k,
            "logprobs": 1 if self._logprobs else None,
        }  # fmt: skip
        stops = (s.stop or ()) + (PLAIN_STOPS if self._formatter is None else ())
        try:
            body = self._llm.create_completion(
                self._tokens(query.prompt),
                max_tokens=s.max_tokens,
                stop=list(stops),
                seed=int.from_bytes(digest[:4], "big") >> 1,
                repeat_penalty=1.0,
                **{k: v for k, v in given.items() if v is not None},
            )
        except ValueError as err:  # the prompt does not fit the context
            return Exchange(
                prompt=query.prompt, response=None, model=self.name, status="error",
                error=str(err)[:200], time=self._clock(), sampling=s, draw=query.draw,
            )  # fmt: skip
        got = read_answer(body, {})
        text = got.response
        if text is not None and self._formatter is None and query.prompt[-1].role != "assistant":
            text = text.lstrip()
        return Exchange(
            prompt=query.prompt,
            response=text,
            model=self.name,
            status=got.status,
            error=got.error,
            time=self._clock(),
            sampling=s,
            draw=query.draw,
            tokens_in=got.tokens_in,
            tokens_out=got.tokens_out,
            logprobs=got.logprobs,
            headers={"engine": f"llama-cpp-python {llama_cpp.__version__}"},
        )

    def score(
        self, prompt: Sequence[Message], responses: Sequence[str]
    ) -> list[tuple[float, ...]]:
        """Return the log-probability (natural) of each token of each response.

        Raises
        ------
        InputError
            If prompt and response do not fit the context.
        """
        before = self._tokens(prompt)
        lead = " " if self._formatter is None and prompt[-1].role != "assistant" else ""
        found = []
        for response in responses:
            after: list[int] = self._llm.tokenize(
                (lead + response).encode("utf-8"), add_bos=False, special=False
            )
            tokens = before + after
            if len(tokens) > self._context:
                raise InputError(
                    "prompt and response do not fit the context",
                    got=f"{len(tokens)} tokens",
                    wanted=f"at most {self._context}",
                )
            self._llm.reset()
            self._llm.eval(tokens)
            rows = np.asarray(self._llm.scores[len(before) - 1 : len(tokens) - 1], np.float64)
            top = rows.max(axis=1, keepdims=True)
            norm = top[:, 0] + np.log(np.exp(rows - top).sum(axis=1))
            picked = rows[np.arange(len(after)), after] - norm
            found.append(tuple(float(x) for x in picked))
        return found
