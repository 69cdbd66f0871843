"""The record in: one prompt, one response, and what is known about them.

``None`` always means *not recorded*. A provider's default is never filled in.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import pyarrow as pa

from hydrometer.errors import SchemaError

__all__ = [
    "SCHEMA",
    "VERSION",
    "Exchange",
    "Message",
    "Sampling",
    "from_batch",
    "prompt_key",
    "to_table",
]

VERSION = 1
"""Integer version of the exchange record. A change of meaning adds one."""

STATUSES = ("ok", "error", "throttled", "filtered", "truncated")


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a prompt.

    Parameters
    ----------
    role : str
        ``system``, ``user``, ``assistant`` or ``tool``. A prompt whose last
        message is the assistant's asks the model to continue that text.
    content : str
        The text, exactly as sent.
    """

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """Sampling parameters as asked for; ``None`` where not recorded."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] | None = None
    seed: int | None = None


def _sampling_record(sampling: Sampling) -> dict[str, Any]:
    """Return what `dataclasses.asdict` does, ten times as fast."""
    return {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "max_tokens": sampling.max_tokens,
        "stop": sampling.stop,
        "seed": sampling.seed,
    }


_ENCODE = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def _digest(value: object) -> str:
    return _hash(_ENCODE(value))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def prompt_key(prompt: Iterable[Message]) -> str:
    """Return the hash by which answers of several models to one prompt are joined.

    Parameters
    ----------
    prompt : iterable of Message
        The messages; leading and trailing white space does not count.

    Returns
    -------
    str
        32 hexadecimal digits.
    """
    return _digest([[m.role, m.content.strip()] for m in prompt])[:32]


@dataclass(frozen=True)
class Exchange:
    """One answer of one model to one prompt.

    Parameters
    ----------
    prompt : tuple of Message
        What was sent, in order.
    response : str or None
        What came back; ``None`` where nothing did.
    model : str
        Model as asked for.
    model_answered : str or None
        Model as the provider named it in the answer.
    status : str
        ``ok``, ``truncated`` (the token limit cut it), ``error``,
        ``throttled`` or ``filtered``. Only ``ok`` and ``truncated`` are scored.
    error : str or None
        The failure in words, for a status that is not ``ok``.
    account : str or None
        Keyed pseudonym of the account; never the raw identifier.
    time : datetime or None
        When it was answered, timezone-aware, stored in UTC.
    sampling : Sampling
        Sampling parameters as asked for.
    draw : int or None
        Number of the draw where one prompt was put several times.
    tokens_in, tokens_out : int or None
        Token counts as reported, in the provider's tokens.
    logprobs : tuple of float or None
        Log-probability of each response token, natural logarithm.
    headers : mapping of str to str
        Reported headers worth keeping (system fingerprint, region, ...).
    source : str or None
        File and line, or request id.
    version : int
        Version of this record.

    Raises
    ------
    SchemaError
        If a field is of the wrong kind, the time is naive, or the status and
        the response contradict each other.

    Examples
    --------
    >>> e = Exchange(prompt=(Message("user", "Hi"),), response="Hello", model="m")
    >>> e.scored, e.prompt_text
    (True, 'Hi')
    >>> e.content == Exchange(prompt=e.prompt, response="Hello", model="m", account="a").content
    True
    """

    prompt: tuple[Message, ...]
    response: str | None
    model: str
    model_answered: str | None = None
    status: str = "ok"
    error: str | None = None
    account: str | None = None
    time: datetime | None = None
    sampling: Sampling = Sampling()
    draw: int | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    logprobs: tuple[float, ...] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    source: str | None = None
    version: int = VERSION

    def __post_init__(self) -> None:
        if not isinstance(self.model, str) or not self.model:
            raise SchemaError("an exchange needs a model", got=repr(self.model)[:60])
        if not self.prompt:
            raise SchemaError("an exchange needs a prompt", got="no message")
        for m in self.prompt:
            if not isinstance(m.role, str) or not isinstance(m.content, str):
                raise SchemaError("a message needs a role and a content in text", got=repr(m)[:60])
        if self.status not in STATUSES:
            raise SchemaError(
                "unknown status", got=repr(self.status)[:60], wanted=", ".join(STATUSES)
            )
        if self.status in ("ok", "truncated") and not isinstance(self.response, str):
            raise SchemaError(
                f"status {self.status!r} needs a response in text", got=repr(self.response)[:60]
            )
        if self.time is not None and self.time.tzinfo is None:
            raise SchemaError("the time has no time zone", got=self.time.isoformat())
        if self.version != VERSION:
            raise SchemaError(
                "unknown exchange version",
                got=str(self.version),
                wanted=str(VERSION),
                next_step="upgrade hydrometer",
            )

    @property
    def scored(self) -> bool:
        """Whether this exchange may enter a statistic."""
        return self.status in ("ok", "truncated") and bool(self.response and self.response.strip())

    @property
    def prompt_text(self) -> str:
        """Text of the last user message (or of the last message)."""
        for m in reversed(self.prompt):
            if m.role == "user":
                return m.content
        return self.prompt[-1].content

    @cached_property
    def key(self) -> str:
        """Hash of the prompt alone: joins the answers of several models."""
        return prompt_key(self.prompt)

    @cached_property
    def content(self) -> str:
        """Hash without account and time: the same text across accounts."""
        return "c1:" + _hash(_ENCODE(self._identity()))

    @cached_property
    def id(self) -> str:
        """Hash with account, time and source: this very exchange."""
        when = None if self.time is None else self.time.astimezone(UTC).isoformat()
        identity = _ENCODE(self._identity())
        rest = _ENCODE([self.account, when, self.draw, self.source])
        # Both hashes are of one long text: encode it once.
        self.__dict__.setdefault("content", "c1:" + _hash(identity))
        return "e1:" + _hash(f"[{identity},{rest[1:]}")

    def _identity(self) -> list[object]:
        return [
            [[m.role, m.content] for m in self.prompt],
            self.response,
            self.model,
            self.model_answered,
            self.status,
            _sampling_record(self.sampling),
        ]

    def with_source(self, source: str) -> Exchange:
        """Return a copy with another source."""
        return replace(self, source=source)


SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("content", pa.string()),
        ("key", pa.string()),
        (
            "prompt",
            pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())])),
        ),
        ("response", pa.string()),
        ("model", pa.string()),
        ("model_answered", pa.string()),
        ("status", pa.string()),
        ("error", pa.string()),
        ("account", pa.string()),
        ("time", pa.timestamp("us", tz="UTC")),
        (
            "sampling",
            pa.struct(
                [
                    ("temperature", pa.float64()),
                    ("top_p", pa.float64()),
                    ("top_k", pa.int64()),
                    ("max_tokens", pa.int64()),
                    ("stop", pa.list_(pa.string())),
                    ("seed", pa.int64()),
                ]
            ),
        ),
        ("draw", pa.int32()),
        ("tokens_in", pa.int64()),
        ("tokens_out", pa.int64()),
        ("logprobs", pa.list_(pa.float64())),
        ("headers", pa.map_(pa.string(), pa.string())),
        ("source", pa.string()),
        ("version", pa.int32()),
    ],
    metadata={"hydrometer.exchange.version": str(VERSION)},
)
"""Arrow schema of a batch of exchanges."""


def to_record(exchange: Exchange) -> dict[str, Any]:
    """Return the exchange as plain Python values, in the order of `SCHEMA`."""
    row: dict[str, Any] = {name: getattr(exchange, name) for name in SCHEMA.names}
    row["prompt"] = [{"role": m.role, "content": m.content} for m in exchange.prompt]
    row["sampling"] = _sampling_record(exchange.sampling)
    row["headers"] = list(exchange.headers.items())
    return row


_MISFIT = (
    pa.ArrowException,
    AttributeError,
    OverflowError,
    RecursionError,
    TypeError,
    ValueError,
)


def to_table(exchanges: Iterable[Exchange]) -> pa.Table:
    """Return the exchanges as one Arrow table in `SCHEMA`.

    Raises
    ------
    SchemaError
        If a value does not fit its column (an integer past 64 bits, text
        with a lone surrogate).
    """
    try:
        rows = [to_record(e) for e in exchanges]
        return pa.Table.from_pylist(rows, schema=SCHEMA)
    except _MISFIT as err:
        raise SchemaError("an exchange does not fit the schema", got=str(err)[:200]) from err


def from_batch(batch: pa.RecordBatch | pa.Table) -> list[Exchange]:
    """Return the exchanges of an Arrow batch in `SCHEMA`.

    Raises
    ------
    SchemaError
        If a column is missing or a row breaks the record's rules.
    """
    missing = [n for n in ("prompt", "response", "model") if n not in batch.schema.names]
    if missing:
        raise SchemaError(
            "not a batch of exchanges",
            got=f"columns {', '.join(batch.schema.names)[:120]}",
            wanted=f"also {', '.join(missing)}",
        )
    names = {f.name for f in fields(Exchange)}
    out = []
    for row in batch.to_pylist():
        out.append(from_record({k: v for k, v in row.items() if k in names}))
    return out


def from_record(row: Mapping[str, Any]) -> Exchange:
    """Return the exchange of one plain record; the inverse of `to_record`.

    Raises
    ------
    SchemaError
        If the record cannot be read as an exchange.
    """
    try:
        values = {k: v for k, v in row.items() if k not in ("id", "content", "key")}
        values["prompt"] = tuple(Message(m["role"], m["content"]) for m in row["prompt"])
        sampling = dict(row.get("sampling") or {})
        if sampling.get("stop") is not None:
            sampling["stop"] = tuple(sampling["stop"])
        values["sampling"] = Sampling(**sampling)
        values["headers"] = dict(row.get("headers") or {})
        if row.get("logprobs") is not None:
            values["logprobs"] = tuple(float(x) for x in row["logprobs"])
        if isinstance(row.get("time"), str):
            values["time"] = datetime.fromisoformat(row["time"])
        values.setdefault("version", VERSION)
        if values.get("status") is None:
            values.pop("status", None)
        return Exchange(**values)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as err:
        raise SchemaError(
            "not an exchange", got=f"{type(err).__name__}: {err}"[:200], wanted="docs/reference"
        ) from err
