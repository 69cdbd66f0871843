"""Weights on this machine, asked and scored with transformers. The only room for torch here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import safetensors
import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig
from transformers.generation import logits_process

from hydrometer.errors import InputError, ModelError
from hydrometer.exchange import Exchange, Message, Sampling, prompt_key
from hydrometer.models.model import LOCAL_LIMIT, Query
from hydrometer.models.wire import plain_text

__all__ = ["TransformersModel"]

FAILURES = (
    *(OSError, ValueError, KeyError, RuntimeError, ImportError),
    safetensors.SafetensorError,
)
"""What a damaged or missing model raises."""

PLAIN_STOPS = ("\nQuestion:", "\n\n")
"""Where the answer of a model without a chat template ends."""


class _Draw(logits_process.LogitsProcessor):  # type: ignore[misc]
    """Gumbel-max sampling, one generator for each row.

    The largest of ``logit + Gumbel noise`` is a draw from the softmax, so
    greedy decoding samples, and a row's draws do not depend on its batch.
    """

    def __init__(self, generators: Sequence[torch.Generator]) -> None:
        self._generators = generators

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        rows = []
        for row, generator in zip(scores, self._generators, strict=True):
            u = torch.rand(row.shape, generator=generator, dtype=torch.float64)
            noise = -torch.log(-torch.log(u.clamp(1e-300, 1 - 1e-16)))
            rows.append(row.double() + noise.to(row.device))
        return torch.stack(rows)


class TransformersModel:
    """A causal language model in a folder of weights, or in a GGUF file.

    Parameters
    ----------
    path : str or Path
        A folder in the format of transformers, or a ``.gguf`` file (read
        into full precision).
    clock : callable
        Returns the present, timezone-aware.
    seed : int
        With a query's own seed, its prompt and its draw, seeds that answer.
    name : str, optional
        Name to record; that of the folder or file otherwise.
    device : str
        Where it runs.
    batch_size : int
        Queries at once.
    plain : bool
        Use the question-and-answer text even where there is a chat template.
    shots : sequence of (str, str)
        Question and answer pairs put before a plain prompt.
    logprobs : bool
        Record the log-probability of each answered token.

    Raises
    ------
    InputError
        If there is no model at that path.
    """

    prefill = True

    def __init__(
        self,
        path: str | Path,
        *,
        clock: Callable[[], datetime],
        seed: int,
        name: str | None = None,
        device: str = "cpu",
        batch_size: int = 8,
        plain: bool = False,
        shots: Sequence[tuple[str, str]] = (),
        logprobs: bool = False,
    ) -> None:
        path = Path(path)
        if not path.exists():
            raise InputError(f"no model at {path}", wanted="a folder of weights, or a .gguf file")
        where: dict[str, Any] = {"pretrained_model_name_or_path": str(path)}
        if path.suffix == ".gguf":
            where = {"pretrained_model_name_or_path": str(path.parent), "gguf_file": path.name}
        transformers.utils.logging.disable_progress_bar()
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(
                **where, padding_side="left", local_files_only=True
            )
            self._model = AutoModelForCausalLM.from_pretrained(**where, local_files_only=True)
        except FAILURES as err:
            raise InputError(f"cannot load {path}", got=str(err)[:200]) from err
        if self._tokenizer.pad_token_id is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token
        self._model.to(device).eval()
        self.name = name or path.name
        self.batch_size = batch_size
        self._clock, self._seed, self._device = clock, seed, device
        self._plain = plain or not self._tokenizer.chat_template
        self._shots, self._logprobs = tuple(shots), logprobs

    def render(self, prompt: Sequence[Message]) -> str:
        """Return the text that the model is given, up to where its answer begins."""
        begun = prompt[-1].content if prompt[-1].role == "assistant" else ""
        if self._plain:
            shots = [
                m for q, a in self._shots for m in (Message("user", q), Message("assistant", a))
            ]
            return plain_text([*shots, *prompt])
        asked = [m for m in prompt if not (begun and m is prompt[-1])]
        text = self._tokenizer.apply_chat_template(
            [{"role": m.role, "content": m.content} for m in asked],
            tokenize=False,
            add_generation_prompt=True,
        )
        return str(text) + begun

    def answer(self, queries: Sequence[Query]) -> list[Exchange]:
        """Return one exchange for each query, in order.

        Raises
        ------
        ModelError
            If the model cannot run (out of memory).
        """
        found: dict[int, Exchange] = {}
        groups: dict[Sampling, list[int]] = {}
        for i, q in enumerate(queries):
            groups.setdefault(q.sampling, []).append(i)
        for numbers in groups.values():
            for at in range(0, len(numbers), self.batch_size):
                batch = numbers[at : at + self.batch_size]
                try:
                    answers = self._batch([queries[i] for i in batch])
                except torch.OutOfMemoryError as err:
                    raise ModelError(
                        f"{self.name} ran out of memory", next_step="use a smaller --batch-size"
                    ) from err
                found.update(zip(batch, answers, strict=True))
        return [found[i] for i in range(len(queries))]

    def _encode(self, texts: list[str]) -> Any:
        # A chat template writes its own begin-of-text token.
        return self._tokenizer(
            texts, return_tensors="pt", padding=True, add_special_tokens=self._plain
        ).to(self._device)

    def _generator(self, query: Query) -> torch.Generator:
        words = f"{self._seed}/{query.sampling.seed}/{prompt_key(query.prompt)}/{query.draw}"
        digest = hashlib.sha256(words.encode()).digest()
        return torch.Generator().manual_seed(int.from_bytes(digest[:7], "big"))

    def _processors(self, queries: Sequence[Query]) -> Any:
        s, own = queries[0].sampling, self._model.generation_config
        sampled = own.do_sample if s.temperature is None else s.temperature > 0
        found = transformers.LogitsProcessorList()
        if not sampled:
            return found
        temperature = s.temperature if s.temperature is not None else own.temperature
        top_k = s.top_k if s.top_k is not None else own.top_k if s.temperature is None else None
        top_p = s.top_p if s.top_p is not None else own.top_p if s.temperature is None else None
        if temperature is not None and temperature != 1.0:
            found.append(logits_process.TemperatureLogitsWarper(float(temperature)))
        if top_k:
            found.append(logits_process.TopKLogitsWarper(int(top_k)))
        if top_p is not None and top_p < 1.0:
            found.append(logits_process.TopPLogitsWarper(float(top_p)))
        found.append(_Draw([self._generator(q) for q in queries]))
        return found

    def _batch(self, queries: Sequence[Query]) -> list[Exchange]:
        limit = queries[0].sampling.max_tokens or LOCAL_LIMIT
        inputs = self._encode([self.render(q.prompt) for q in queries])
        config = GenerationConfig(
            do_sample=False,
            max_new_tokens=limit,
            pad_token_id=self._tokenizer.pad_token_id,
            eos_token_id=self._ends(),
            return_dict_in_generate=True,
            output_logits=self._logprobs,
        )
        with torch.inference_mode():
            out = self._model.generate(
                input_ids=inputs["input_ids"],
                attention_mask=inputs["attention_mask"],
                generation_config=config,
                logits_processor=self._processors(queries),
            )
        width = inputs["input_ids"].shape[1]
        return [
            self._exchange(q, out, row, width, int(inputs["attention_mask"][row].sum()), limit)
            for row, q in enumerate(queries)
        ]

    def _ends(self) -> list[int]:
        own = self._model.generation_config.eos_token_id
        ends = set(own if isinstance(own, (list, tuple)) else [own])
        return sorted(e for e in ends | {self._tokenizer.eos_token_id} if e is not None)

    def _exchange(
        self, query: Query, out: Any, row: int, width: int, tokens_in: int, limit: int
    ) -> Exchange:
        tokens: list[int] = out.sequences[row, width:].tolist()
        ends = set(self._ends())
        count = next((i for i, t in enumerate(tokens) if t in ends), len(tokens))
        status = "ok" if count < len(tokens) or count < limit else "truncated"
        text = self._tokenizer.decode(tokens[:count], skip_special_tokens=True)
        probs: tuple[float, ...] | None = None
        if self._logprobs:
            probs = tuple(
                float(torch.log_softmax(out.logits[i][row].float(), -1)[tokens[i]])
                for i in range(count)
            )
        if self._plain and query.prompt[-1].role != "assistant":
            text = text.lstrip()
        for stop in (query.sampling.stop or ()) + (PLAIN_STOPS if self._plain else ()):
            if stop in text:
                text, status, probs = text[: text.index(stop)], "ok", None
        return Exchange(
            prompt=query.prompt,
            response=text,
            model=self.name,
            status=status,
            time=self._clock(),
            sampling=replace(query.sampling, max_tokens=limit),
            draw=query.draw,
            tokens_in=tokens_in,
            tokens_out=count,
            logprobs=probs,
            headers={
                "engine": f"transformers {transformers.__version__}",
                "template": "plain" if self._plain else "chat",
            },
        )

    def score(
        self, prompt: Sequence[Message], responses: Sequence[str]
    ) -> list[tuple[float, ...]]:
        """Return the log-probability (natural) of each token of each response.

        A token that straddles the prompt and the response counts to the
        response.
        """
        start = self.render(prompt)
        if self._plain and prompt[-1].role != "assistant":
            start += " "
        encode = self._tokenizer
        before = encode(start, add_special_tokens=self._plain)["input_ids"]
        found: list[tuple[float, ...]] = []
        for at in range(0, len(responses), self.batch_size):
            texts = [start + r for r in responses[at : at + self.batch_size]]
            inputs = self._encode(texts)
            mask = inputs["attention_mask"]
            with torch.inference_mode():
                logits = self._model(
                    input_ids=inputs["input_ids"],
                    attention_mask=mask,
                    position_ids=(mask.cumsum(-1) - 1).clamp(min=0),
                ).logits
            for row in range(len(texts)):
                pad = mask.shape[1] - int(mask[row].sum())
                ids = inputs["input_ids"][row, pad:]
                common = _common(before, ids.tolist())
                first = max(common, 1)
                rows = torch.log_softmax(logits[row, pad + first - 1 : -1].float(), -1)
                picked = rows.gather(1, ids[first:, None])[:, 0]
                found.append(tuple(picked.tolist()))
        return found


def _common(a: Sequence[int], b: Sequence[int]) -> int:
    """Return how many tokens two texts begin with alike."""
    n = 0
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        n += 1
    return n
