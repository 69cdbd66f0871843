"""From examples to token ids, in the very words that the student will be asked in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hydrometer.distill.example import Example
from hydrometer.errors import InputError
from hydrometer.exchange import Message
from hydrometer.models.wire import plain_text

__all__ = ["IGNORED", "Encoded", "Row", "encode", "prompt_text"]

IGNORED = -100
"""Label of a token that no loss is taken on."""


@dataclass(frozen=True, slots=True)
class Row:
    """One example in tokens.

    Attributes
    ----------
    id : str
        Name of the example.
    ids : tuple of int
        Prompt and answer.
    start : int
        Where the answer begins. A token that straddles both is the answer's.
    """

    id: str
    ids: tuple[int, ...]
    start: int

    @property
    def labels(self) -> list[int]:
        """The answer's tokens, and `IGNORED` for the prompt's."""
        return [IGNORED] * self.start + list(self.ids[self.start :])


@dataclass(frozen=True, slots=True)
class Encoded:
    """A training set in tokens.

    Attributes
    ----------
    rows : tuple of Row
        Those that fit.
    set_aside : tuple of str
        Names of the examples that are too long.
    """

    rows: tuple[Row, ...]
    set_aside: tuple[str, ...]


def prompt_text(tokenizer: Any, prompt: Sequence[Message]) -> str:
    """Return the text up to where the answer begins, as the student will be given it."""
    if not tokenizer.chat_template:
        return plain_text(prompt)
    begun = prompt[-1].content if prompt[-1].role == "assistant" else ""
    asked = [m for m in prompt if not (begun and m is prompt[-1])]
    text = tokenizer.apply_chat_template(_plain(asked), tokenize=False, add_generation_prompt=True)
    return str(text) + begun


def _plain(messages: Sequence[Message]) -> list[Mapping[str, str]]:
    return [{"role": m.role, "content": m.content} for m in messages]


def _ending(tokenizer: Any, prompt: Sequence[Message], response: str) -> int:
    """Return the token that ends an answer: the template's own, where it has one."""
    if tokenizer.chat_template and prompt[-1].role != "assistant":
        whole = str(
            tokenizer.apply_chat_template(
                [*_plain(prompt), {"role": "assistant", "content": response}], tokenize=False
            )
        )
        after = whole.rpartition(response.strip())[2] if response.strip() else ""
        ids = tokenizer(after.lstrip(), add_special_tokens=False)["input_ids"] if after else []
        if ids and ids[0] in tokenizer.all_special_ids:
            return int(ids[0])
    return int(tokenizer.eos_token_id)


def _row(tokenizer: Any, example: Example) -> Row:
    plain = not tokenizer.chat_template
    start = prompt_text(tokenizer, example.prompt)
    space = " " if plain and example.prompt[-1].role != "assistant" else ""
    ids = tokenizer(start + space + example.response, add_special_tokens=plain)["input_ids"]
    before = tokenizer(start, add_special_tokens=plain)["input_ids"]
    common = 0
    for a, b in zip(before, ids, strict=False):
        if a != b:
            break
        common += 1
    if not _cut(example):
        ids = [*ids, _ending(tokenizer, example.prompt, example.response)]
    return Row(example.id, tuple(ids), max(common, 1))


def _cut(example: Example) -> bool:
    """Whether the token limit ended the teacher's answer; the student must not learn to stop."""
    limit = example.sampling.get("max_tokens")
    return limit is not None and example.tokens_out is not None and example.tokens_out >= limit


def encode(
    examples: Sequence[Example],
    tokenizer: Any,
    *,
    max_length: int,
    too_long: str = "set-aside",
) -> Encoded:
    """Return the examples in tokens; none is ever cut.

    Parameters
    ----------
    examples : sequence of Example
        In the order of the training set.
    tokenizer : tokenizer of transformers
        The student's.
    max_length : int
        Most tokens of prompt and answer.
    too_long : str
        ``set-aside`` or ``refuse``.

    Raises
    ------
    InputError
        If there is no example, if none fits, or if one does not and
        ``too_long`` is ``refuse``.
    """
    if not examples:
        raise InputError("no example to train on", next_step="collect the teacher's answers first")
    rows = [_row(tokenizer, e) for e in examples]
    long = [r for r in rows if len(r.ids) > max_length]
    fit = [r for r in rows if len(r.ids) <= max_length and len(r.ids) > r.start]
    longest = max(len(r.ids) for r in rows)
    if long and (too_long == "refuse" or not fit):
        raise InputError(
            f"{len(long)} of {len(rows)} examples are longer than the context",
            got=f"{longest} tokens, example {long[0].id[:40]}",
            wanted=f"at most {max_length}",
            next_step="raise max_length, or set too_long to set-aside",
        )
    if not fit:
        raise InputError("no example has an answer to train on", got=f"{len(rows)} empty answers")
    return Encoded(tuple(fit), tuple(r.id for r in long))
