"""LiteLLM's ``StandardLoggingPayload`` and the rows of its spend logs.

Only the fields that are needed are decoded: the shape is compiled from the mapping.

References
----------
LiteLLM docs, "StandardLoggingPayload Specification" and "Generic API callback": ``json_array``,
``ndjson`` and ``single``; times are seconds since 1970. ``LiteLLM_SpendLogs`` (Postgres) and
``spend_logs`` (ClickHouse): ``request_id``, ``api_key`` (a hash), ``user``, ``startTime``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from operator import attrgetter
from typing import Any

import msgspec

from hydrometer.errors import SchemaError
from hydrometer.watch.observation import Observation
from hydrometer.watch.sources.attribution import Attribution
from hydrometer.watch.sources.build import Attributor, Getter, hashed_id, no_time, request_id
from hydrometer.watch.sources.decoded import Decoded, reject
from hydrometer.watch.sources.lines import documents
from hydrometer.watch.sources.prompt import prompt_of
from hydrometer.watch.sources.values import (
    boolean,
    find,
    integer,
    micros,
    number,
    status_of,
    text_of,
)

__all__ = ["decode", "decode_lines", "sniff"]

_TIMES = ("startTime", "start_time", "endTime", "end_time")
_LEAVES = (
    *("id", "request_id", "litellm_call_id", *_TIMES, "model", "model_group", "messages"),
    *("status", "error_str", "prompt_tokens", "completion_tokens", "stream"),
    *("proxy_server_request",),
)


class _Choice(msgspec.Struct, gc=False):
    finish_reason: Any = None


class _Response(msgspec.Struct):
    choices: list[_Choice] | str | None = None


class _Failure(msgspec.Struct, gc=False):
    error_code: Any = None


class _Asked(msgspec.Struct):
    temperature: Any = None
    top_p: Any = None
    max_tokens: Any = None
    max_completion_tokens: Any = None
    n: Any = None
    logprobs: Any = None
    stream: Any = None
    tools: msgspec.Raw = msgspec.Raw()
    functions: msgspec.Raw = msgspec.Raw()


_TYPED: dict[str, Any] = {
    "response": _Response | str | None,
    "error_information": _Failure | None,
    "model_parameters": _Asked | None,
}
_EMPTY = (b"", b"null", b"[]", b"{}")


def sniff(row: Mapping[str, Any]) -> bool:
    """Return whether a row is such a payload, or a row of the spend logs."""
    return "startTime" in row and "model" in row


class _Decoder:
    """The shape of a payload, and how to read it, for one mapping."""

    def __init__(self, attribution: Attribution) -> None:
        paths = attribution.litellm
        tree: dict[str, Any] = {name: None for name in _LEAVES}
        for path in (*paths.account, *(p for _, ps in paths.links for p in ps), *paths.headers):
            _plant(tree, path)
        for name in _TYPED:
            tree.pop(name, None)
        self._nodes = {k: v for k, v in tree.items() if v is not None}
        self.shape = _struct("Payload", tree, _TYPED)
        self.one = msgspec.json.Decoder(self.shape)
        self.many = msgspec.json.Decoder(list[self.shape])  # type: ignore[name-defined]
        self._who = Attributor(attribution, paths, self._getter)

    def _getter(self, path: str) -> Getter:
        """Return the reader of a path: by attributes as far as the shape goes."""
        names, rest, tree = [], path, self._nodes
        while rest:
            head, _, tail = rest.partition(".")
            if head in _TYPED:
                return lambda row: None
            names.append(_identifier(head))
            if not tail or tree.get(head) is None:
                break
            tree, rest = tree[head], tail
        get = attrgetter(".".join(names))
        return (lambda row: find(get(row), tail)) if tail else get

    def slow(self, raw: bytes | memoryview) -> Any:
        """Decode a payload whose objects are JSON text, null or of another kind.

        Raises
        ------
        SchemaError
            If it is no object.
        """
        try:
            value = msgspec.json.decode(raw)
            if not isinstance(value, dict):
                raise SchemaError("the payload is not an object", got=type(value).__name__)
            _straighten(value, self._nodes)
            for name in _TYPED:
                found = value.get(name)
                if isinstance(found, str) and found[:1] == "{":
                    found = value[name] = _parsed(found)
                if name == "response" and isinstance(found, dict):
                    _keep(found, "choices")
                elif not isinstance(found, dict):
                    value.pop(name, None)
            return self.one.decode(msgspec.json.encode(value))
        except (msgspec.MsgspecError, UnicodeDecodeError) as err:
            raise SchemaError("not JSON", got=str(err)[:160]) from err
        except RecursionError as err:
            raise SchemaError("nested too deeply") from err

    def __call__(self, p: Any) -> Observation:
        """Return the observation of a payload.

        Raises
        ------
        SchemaError
            If it has no account or no time.
        """
        who = self._who
        account = who.account(p)
        time = micros(p.startTime) or micros(p.start_time) or micros(p.endTime)
        if time is None:
            time = micros(p.end_time)
            if time is None:
                raise no_time(", ".join(_TIMES))
        failed = p.status == "failure" or p.status == "error"
        response = p.response
        finish = None
        if type(response) is _Response and type(response.choices) is list and response.choices:
            finish = response.choices[0].finish_reason
        information = p.error_information
        code = information.error_code if information is not None else None
        system, user, turns = prompt_of(p.messages)
        if turns is None and p.proxy_server_request is not None:
            body = p.proxy_server_request
            system, user, turns = prompt_of(find(body, "body") or body)
        asked = p.model_parameters
        stream = boolean(p.stream)
        sampling: tuple[Any, ...] = (None, None, None, None, None, None)
        if asked is not None:
            limit = integer(asked.max_tokens)
            sampling = (
                integer(asked.max_completion_tokens) if limit is None else limit,
                number(asked.temperature),
                number(asked.top_p),
                bytes(asked.tools) not in _EMPTY or bytes(asked.functions) not in _EMPTY,
                bool(boolean(asked.logprobs)),
                integer(asked.n),
            )
            if stream is None:
                stream = boolean(asked.stream)
        model = text_of(p.model_group) or text_of(p.model) or ""
        found = p.id or p.request_id or p.litellm_call_id
        count_in, count_out = integer(p.prompt_tokens), integer(p.completion_tokens)
        links = who.links(p)
        if found is None:
            request = hashed_id((account, time, model, system, user, turns, count_in, count_out))
        else:
            request = request_id(found, account, time)
        return Observation(
            request,
            account,
            time,
            model,
            system,
            user,
            turns,
            count_in,
            count_out,
            sampling[0],
            sampling[1],
            sampling[2],
            status_of(finish, failed=failed, code=code),
            stream,
            sampling[3],
            sampling[4],
            sampling[5],
            links,
        )


@lru_cache(maxsize=16)
def _decoder(attribution: Attribution) -> _Decoder:
    return _Decoder(attribution)


def decode(body: bytes, *, attribution: Attribution, source: str) -> Decoded:
    """Return the observations of a body: an array, JSON lines or one object.

    Raises
    ------
    InputError
        If the body is an array that is not JSON.
    """
    decoder = _decoder(attribution)
    if body.lstrip()[:1] == b"[":
        try:
            return Decoded([decoder(p) for p in decoder.many.decode(body)])
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, SchemaError):
            pass  # a row is odd: one by one, each with its own text
    return _each(decoder, documents(body), source)


def decode_lines(
    lines: Iterator[tuple[int, bytes]], *, attribution: Attribution, source: str
) -> Decoded:
    """Return the observations of numbered lines, one payload each."""
    return _each(_decoder(attribution), lines, source)


def _each(decoder: _Decoder, rows: Iterator[tuple[int, bytes]], source: str) -> Decoded:
    out = Decoded()
    read = decoder.one.decode
    for line, raw in rows:
        try:
            try:
                payload = read(raw)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                payload = decoder.slow(raw)
            out.observations.append(decoder(payload))
        except SchemaError as err:
            out.rejected.append(reject(source, line, str(err), raw))
    return out


def _identifier(name: str) -> str:
    """Return a field name for any key; the key itself where it is one."""
    if name.isidentifier() and not name.startswith("_") and name in _LEAVES:
        return name
    return "k_" + name.encode("utf-8", "surrogatepass").hex()


def _plant(tree: dict[str, Any], path: str) -> None:
    """Add a path to the tree of keys: None is a leaf, whose inside `find` reads."""
    head, _, tail = path.partition(".")
    if head in tree and tree[head] is None:
        return
    if not tail:
        tree[head] = None
    else:
        _plant(tree.setdefault(head, {}), tail)


def _struct(name: str, tree: dict[str, Any], typed: dict[str, Any]) -> Any:
    fields: list[tuple[str, Any, Any]] = []
    names = {}
    for key, inner in tree.items():
        ident = _identifier(key)
        names[ident] = key
        if inner is None:
            fields.append((ident, Any, None))
        else:
            node = _struct(f"{name}_{ident}", inner, {})
            fields.append((ident, node, msgspec.field(default_factory=node)))
    fields += [(key, kind, None) for key, kind in typed.items()]
    return msgspec.defstruct(name, fields, rename=names)


def _straighten(value: dict[str, Any], nodes: Mapping[str, Any]) -> None:
    """Make every node of the shape an object, or absent."""
    for key, inner in nodes.items():
        found = value.get(key)
        if isinstance(found, str) and found[:1] == "{":
            found = value[key] = _parsed(found)
        if isinstance(found, dict):
            _straighten(found, {k: v for k, v in inner.items() if v is not None})
        else:
            value.pop(key, None)


def _parsed(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        return None


def _keep(response: dict[str, Any], name: str) -> None:
    """Drop choices that are no list of objects."""
    found = response.get(name)
    if not (isinstance(found, list) and all(isinstance(c, dict) for c in found)):
        response.pop(name, None)
