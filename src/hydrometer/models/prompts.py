"""Prompt sets: the built-in one, or a file of the user's."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from hydrometer.errors import InputError
from hydrometer.exchange import Message, Sampling
from hydrometer.models.model import Query

__all__ = ["Prompt", "PromptSet", "read_prompts", "to_queries"]


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt of a set.

    Parameters
    ----------
    id : str
        Name of the prompt within its set.
    messages : tuple of Message
        What is sent.
    kind : str or None
        Kind of prompt.
    answer : str or None
        The right answer, where there is one.
    """

    id: str
    messages: tuple[Message, ...]
    kind: str | None = None
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class PromptSet:
    """Prompts, and the rows that are none.

    Parameters
    ----------
    prompts : tuple of Prompt
        In the order of the file.
    bad : tuple of str
        File, line and reason of each row that cannot be used.
    """

    prompts: tuple[Prompt, ...]
    bad: tuple[str, ...] = ()


def _rows(source: str) -> Iterator[tuple[int, object]]:
    if source == "builtin":
        text = files("hydrometer.models").joinpath("data/prompts.jsonl").read_text("utf-8")
        yield from _json_lines(text.splitlines())
        return
    path = Path(source)
    if path.suffix == ".parquet":
        yield from enumerate(pq.read_table(path).to_pylist(), 1)
        return
    text = path.read_text(encoding="utf-8-sig")
    lines = text.split("\n")
    if path.suffix in (".jsonl", ".ndjson", ".json"):
        yield from _json_lines(lines)
        return
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield number, {"prompt": line.strip()}


def _json_lines(lines: Iterable[str]) -> Iterator[tuple[int, object]]:
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError) as err:
                yield number, f"not JSON: {err}"


def _prompt(row: object, number: int) -> Prompt | str:
    """Return the prompt of a row, or why it is none."""
    if isinstance(row, str):
        return row if row.startswith("not JSON") else "not an object"
    if not isinstance(row, Mapping):
        return "not an object"
    value = row.get("messages") or row.get("prompt")
    if isinstance(value, str) and value.strip():
        messages: tuple[Message, ...] = (Message("user", value),)
    elif isinstance(value, list) and value:
        if not all(
            isinstance(m, Mapping)
            and isinstance(m.get("role"), str)
            and isinstance(m.get("content"), str)
            for m in value
        ):
            return "a message without role and content in text"
        messages = tuple(Message(m["role"], m["content"]) for m in value)
    else:
        return "no prompt"
    kind, answer, name = row.get("kind"), row.get("answer"), row.get("id")
    return Prompt(
        str(name) if name is not None else str(number),
        messages,
        str(kind) if kind is not None else None,
        str(answer) if answer is not None else None,
    )


def read_prompts(
    source: str | Path, *, kinds: Sequence[str] = (), limit: int | None = None
) -> PromptSet:
    """Return a prompt set.

    Parameters
    ----------
    source : str or Path
        ``builtin``, or a file: JSONL or Parquet with ``prompt`` (text, or a
        list of messages; also ``messages``) and, as wanted, ``id``, ``kind``
        and ``answer``; any other file is plain text, one prompt a line.
    kinds : sequence of str
        Keep these kinds only; all where empty.
    limit : int, optional
        Keep the first so many.

    Returns
    -------
    PromptSet
        With the rows that cannot be used, by file and line.

    Raises
    ------
    InputError
        If the file cannot be read, or nothing is left of it.
    """
    good: list[Prompt] = []
    bad: list[str] = []
    seen: set[str | None] = set()
    try:
        for number, row in _rows(str(source)):
            prompt = _prompt(row, number)
            if isinstance(prompt, str):
                bad.append(f"{source}:{number}: {prompt}"[:200])
                continue
            seen.add(prompt.kind)
            if not kinds or prompt.kind in kinds:
                good.append(prompt)
    except (OSError, UnicodeError, pa.ArrowException) as err:
        raise InputError(
            f"cannot read the prompts of {source}",
            got=str(err)[:160],
            wanted="builtin, or a file: JSONL, Parquet, or plain text",
        ) from err
    if limit is not None:
        good = good[: max(limit, 0)]
    if not good:
        raise InputError(
            f"no prompt in {source}",
            got=bad[0] if bad else ("kinds " + ", ".join(sorted(map(str, seen))))[:200],
            wanted=f"kind {', '.join(kinds)}" if kinds else "rows with a prompt",
        )
    return PromptSet(tuple(good), tuple(bad))


def to_queries(
    prompts: Iterable[Prompt],
    sampling: Sampling,
    *,
    system: str | None = None,
    prefill: str | None = None,
) -> list[Query]:
    """Return one query for each prompt.

    Parameters
    ----------
    prompts : iterable of Prompt
        What to ask.
    sampling : Sampling
        How to sample.
    system : str, optional
        System message put in front of prompts that have none.
    prefill : str, optional
        Text with which the answer is made to begin.

    Returns
    -------
    list of Query
        In the order of the prompts.
    """
    queries = []
    for p in prompts:
        messages = p.messages
        if system is not None and messages[0].role != "system":
            messages = (Message("system", system), *messages)
        if prefill is not None and messages[-1].role != "assistant":
            messages = (*messages, Message("assistant", prefill))
        queries.append(Query(messages, sampling))
    return queries
