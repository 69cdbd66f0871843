"""The training example: a prompt, a teacher's answer, and who wrote which part of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path
from typing import Any

from hydrometer.distill.files import write_lines
from hydrometer.errors import InputError, SchemaError
from hydrometer.exchange import Exchange, Message

__all__ = [
    "Example",
    "content_digest",
    "examples_digest",
    "from_exchange",
    "read_examples",
    "write_examples",
]

ROLES = ("answer", "simulator", "judge", "rewriter", "prompt")
"""What a model can have written into an example."""

_ENCODE = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def content_digest(prompt: Iterable[Message], response: str) -> str:
    """Return the SHA-256 of a prompt and its response, independent of who wrote them.

    Examples
    --------
    >>> content_digest([Message("user", "Hi")], "Hello")[:12]
    '524ee8cf317f'
    """
    text = _ENCODE([[[m.role, m.content] for m in prompt], response])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class Example:
    """One row of a training set.

    Parameters
    ----------
    id : str
        Name of the row; that of the exchange it was made of.
    prompt : tuple of Message
        What the student will be asked.
    response : str
        What it is to answer.
    writers : tuple of mapping
        One for each model that wrote into the row: ``model``, ``role``,
        ``surface``, ``provider``, ``host``, ``aggregator``, ``account``,
        ``generated_at`` and, as wanted, ``distilled_from``.
    dataset : str or None
        Data set that the row was taken from.
    sampling : mapping
        ``temperature``, ``top_p``, ``top_k``, ``max_tokens``, ``seed`` and
        ``draw`` as asked for; None where not recorded.
    tokens_in, tokens_out : int or None
        As the teacher reported them.
    content : str
        `content_digest` of prompt and response.
    source : str or None
        File and line of the prompt, or where else the row came from.

    Raises
    ------
    SchemaError
        If there is no prompt, no writer of the answer, or the content is
        not the digest of the text.

    Examples
    --------
    >>> prompt = (Message("user", "Hi"),)
    >>> writer = {"model": "m", "role": "answer", "surface": "weights"}
    >>> e = Example("r1", prompt, "Hello", (writer,), content=content_digest(prompt, "Hello"))
    >>> e.row()["writers"][0]["provider"] is None
    True
    """

    id: str
    prompt: tuple[Message, ...]
    response: str
    writers: tuple[Mapping[str, Any], ...]
    dataset: str | None = None
    sampling: Mapping[str, Any] = field(default_factory=dict)
    tokens_in: int | None = None
    tokens_out: int | None = None
    content: str = ""
    source: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "sampling", dict(self.sampling))
        object.__setattr__(self, "writers", tuple(_writer(w) for w in self.writers))
        if not isinstance(self.id, str) or not self.id:
            raise SchemaError("an example needs a name", got=repr(self.id)[:60])
        if not self.prompt or not isinstance(self.response, str):
            raise SchemaError(f"example {self.id[:40]} needs a prompt and a response in text")
        for w in self.writers:
            if not w.get("model") or w.get("role") not in ROLES:
                raise SchemaError(
                    f"example {self.id[:40]} has a writer without model or role",
                    got=repr(w)[:120],
                    wanted=f"model, and a role of {', '.join(ROLES)}",
                )
        if not any(w["role"] in ("answer", "rewriter") for w in self.writers):
            raise SchemaError(
                f"example {self.id[:40]} has no writer of its answer",
                wanted="a writer with the role answer or rewriter",
            )
        digest = content_digest(self.prompt, self.response)
        if not self.content:
            object.__setattr__(self, "content", digest)
        elif self.content != digest:
            raise SchemaError(
                f"the text of example {self.id[:40]} is not what was recorded",
                got=f"digest {digest[:12]}",
                wanted=f"digest {self.content[:12]}",
                next_step="restore the file, or collect again",
            )

    @property
    def teacher(self) -> Mapping[str, Any]:
        """The writer of the answer (of the last rewriting, where there was one)."""
        found = [w for w in self.writers if w["role"] in ("answer", "rewriter")]
        return found[-1]

    def row(self) -> dict[str, Any]:
        """Return the row by which ``hydrometer terms`` judges this example."""
        return {"id": self.id, "writers": [dict(w) for w in self.writers],
                "dataset": self.dataset}  # fmt: skip

    def to_record(self) -> dict[str, Any]:
        """Return the example as plain values, for JSON."""
        return {
            "id": self.id,
            "prompt": [{"role": m.role, "content": m.content} for m in self.prompt],
            "response": self.response,
            "writers": [dict(w) for w in self.writers],
            "dataset": self.dataset,
            "sampling": dict(self.sampling),
            "tokens_in": self.tokens_in,
            "tokens_out": self.tokens_out,
            "content": self.content,
            "source": self.source,
        }


_FIELDS = ("model", "role", "surface", "provider", "host", "aggregator", "account", "generated_at")


def _writer(writer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the writer with every field of the row format; None is not recorded."""
    return {**dict.fromkeys(_FIELDS), **writer}


def from_exchange(
    exchange: Exchange,
    writer: Mapping[str, Any],
    *,
    others: Sequence[Mapping[str, Any]] = (),
    dataset: str | None = None,
    source: str | None = None,
    id: str | None = None,
) -> Example:
    """Return the example that an answered exchange makes.

    Parameters
    ----------
    exchange : Exchange
        The teacher's answer; its prompt is asked of the student.
    writer : mapping
        The teacher by the names that its terms know. Its ``generated_at`` is
        used only where the exchange has no time.
    others : sequence of mapping
        Further writers (of the prompt, judges, rewriters).
    dataset, source, id : str, optional
        See `Example`; the id is the exchange's unless given.

    Raises
    ------
    SchemaError
        If the exchange has no answer.
    """
    if exchange.response is None:
        raise SchemaError("no answer to learn from", got=f"status {exchange.status}")
    own = {**writer, "role": "answer"}
    if exchange.time is not None:
        own["generated_at"] = exchange.time.astimezone(UTC).date().isoformat()
    s = exchange.sampling
    return Example(
        id=exchange.id if id is None else id,
        prompt=exchange.prompt,
        response=exchange.response,
        writers=(own, *others),
        dataset=dataset,
        sampling={"temperature": s.temperature, "top_p": s.top_p, "top_k": s.top_k,
                  "max_tokens": s.max_tokens, "seed": s.seed, "draw": exchange.draw},
        tokens_in=exchange.tokens_in,
        tokens_out=exchange.tokens_out,
        content=content_digest(exchange.prompt, exchange.response),
        source=exchange.source if source is None else source,
    )  # fmt: skip


def examples_digest(examples: Iterable[Example]) -> str:
    """Return the SHA-256 over the contents of a training set, whatever its order.

    Examples
    --------
    >>> examples_digest([])[:12]
    'e3b0c44298fc'
    """
    lines = sorted(f"{e.content} {e.id}\n" for e in examples)
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogatepass")).hexdigest()


def write_examples(examples: Iterable[Example], path: str | Path) -> None:
    """Write a JSONL file at once: the old one or the new one, never half.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    write_lines((e.to_record() for e in examples), Path(path))


def read_examples(path: str | Path) -> list[Example]:
    """Return the examples of a file that `write_examples` wrote.

    Raises
    ------
    InputError
        If the file cannot be read, or a line of it is no example.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeError) as err:
        raise InputError(f"cannot read {path}", got=str(err)[:160]) from err
    found = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                found.append(_read(json.loads(line)))
            except SchemaError as err:
                raise InputError(f"{path}:{number}: {err.what}", got=err.got,
                                 wanted=err.wanted, next_step=err.next_step) from err  # fmt: skip
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as err:
                raise InputError(
                    f"{path}:{number} is not an example",
                    got=f"{type(err).__name__}: {err}"[:120],
                    wanted="a file that `hydrometer distill` wrote",
                ) from err
    return found


def _read(row: dict[str, Any]) -> Example:
    values = {k: row[k] for k in Example.__dataclass_fields__ if k in row}
    values["prompt"] = tuple(Message(m["role"], m["content"]) for m in row["prompt"])
    values["writers"] = tuple(row["writers"])
    values["sampling"] = dict(row.get("sampling") or {})
    if not row.get("content"):
        raise SchemaError("an example without its digest", got=f"id {row.get('id')!r}"[:60])
    return Example(**values)
