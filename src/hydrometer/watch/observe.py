"""Observations to events: hashes, sketches, counts. After this, no text and no raw identifier."""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hydrometer.features.skeleton import Alphabet, Skeletons, skeletons
from hydrometer.watch.event import EVENTS, FLAGS, SKETCH, Kind
from hydrometer.watch.key import Key
from hydrometer.watch.observation import Observation
from hydrometer.watch.phrases import PHRASES

__all__ = ["Observer", "observe"]

SYSTEM_SKETCH = 4
"""Shingles kept of the system prompt."""

_KINDS = {
    "org": Kind.ORG,
    "payment": Kind.PAYMENT,
    "signup": Kind.SIGNUP,
    "email_domain": Kind.EMAIL,
    "asn": Kind.ASN,
    "tls": Kind.TLS,
    "agent": Kind.AGENT,
    "sdk": Kind.SDK,
}
_MOST = 2**31 - 1
_HOT = 1e9
"""No temperature is larger; a float of 32 bits holds it."""
_SHORT = 400
"""Characters of a link value that count."""


class Observer:
    """Turns observations into events with one key.

    Parameters
    ----------
    key : Key
        Secret of all hashes.
    text : bool
        False leaves prompts unread: metadata only.
    """

    def __init__(self, key: Key, *, text: bool = True) -> None:
        self._key, self._text = key, text
        self._alphabet = Alphabet(key.secret, PHRASES)
        self._links: dict[tuple[tuple[str, str], ...], list[int]] = {}
        self._shape = lru_cache(maxsize=100_000)(self._hash_shape)

    def __call__(self, rows: Sequence[Observation]) -> pa.RecordBatch:
        """Return the events of the rows, one each, in their order, in `EVENTS`."""
        key = self._key
        columns: dict[str, Any] = dict(
            zip(Observation._fields, zip(*rows, strict=True) if rows else [()] * 18, strict=True)
        )
        n = len(rows)
        user = [u or "" for u in columns["user"]] if self._text else [""] * n
        system = [s or "" for s in columns["system"]] if self._text else [""] * n
        mine = skeletons(user, self._alphabet, k=SKETCH)
        told, which = self._systems(system)
        flags = np.where(mine.words > 0, FLAGS["text"], 0).astype(np.int32)
        for name in ("stream", "tools", "logprobs"):
            flags |= _bit([bool(v) for v in columns[name]], FLAGS[name])
        flags |= _bit([v is not None for v in columns["stream"]], FLAGS["known_stream"])
        flags |= _bit([(c or 1) > 1 for c in columns["choices"]], FLAGS["choices"])
        flags |= _bit([s == "truncated" for s in columns["status"]], FLAGS["truncated"])
        flags |= _bit([s not in ("ok", "truncated") for s in columns["status"]], FLAGS["failed"])
        asked = [columns[c] for c in ("max_tokens", "temperature", "top_p")]
        sampled = [any(v is not None for v in row) for row in zip(*asked, strict=True)]
        flags |= _bit(sampled, FLAGS["known_sampling"])
        links = [self._of_row(row, sampled=s) for row, s in zip(rows, sampled, strict=True)]
        sketch = self._objects(mine, told, which)
        arrays = {
            "id": np.fromiter(
                (key.hash("request", r) for r in columns["request"]), np.uint64, count=n
            ),
            "account": np.fromiter(
                (key.account(a) for a in columns["account"]), np.uint64, count=n
            ),
            "time": np.fromiter(columns["time"], np.int64, count=n),
            "model": _names(columns["model"]),
            "flags": flags,
            "turns": _integers(columns["turns"]),
            "tokens_in": _integers(columns["tokens_in"]),
            "tokens_out": _integers(columns["tokens_out"]),
            "max_tokens": _integers(columns["max_tokens"]),
            "temperature": _temperatures(columns["temperature"]),
            "words": np.where(mine.words > 0, mine.words, -1).astype(np.int32),
            "elicit": mine.phrases | told.phrases[which],
            "script": np.where(mine.words > 0, mine.script, -1).astype(np.int32),
            "digest": mine.digest,
            "system": told.skeleton[which],
            "sketch": sketch,
            "links": _lists(links),
        }
        return pa.RecordBatch.from_arrays(
            [_arrow(arrays[f.name], f.type) for f in EVENTS], schema=EVENTS
        )

    def _systems(self, system: list[str]) -> tuple[Skeletons, NDArray[np.int64]]:
        """Measure each different system prompt once: agents send the same one again and again."""
        place: dict[str, int] = {}
        which = np.fromiter((place.setdefault(s, len(place)) for s in system), np.int64)
        return skeletons(list(place) or [""], self._alphabet, k=SYSTEM_SKETCH), which

    def _objects(self, mine: Skeletons, told: Skeletons, which: NDArray[np.int64]) -> pa.Array:
        """Return for each row its shingles, its edges and the shingles of its system prompt."""
        n = mine.words.size
        owner = [np.repeat(np.arange(n), mine.sizes)]
        values = [mine.sketch >> np.uint64(4)]
        for part in (mine.head, mine.tail):
            there = np.flatnonzero(part)
            owner.append(there)
            values.append((part[there] >> np.uint64(4)) | np.uint64(Kind.EDGE << 60))
        first = np.concatenate([[0], np.cumsum(told.sizes)])
        for j in range(SYSTEM_SKETCH):
            there = np.flatnonzero(told.sizes[which] > j)
            owner.append(there)
            found = told.sketch[first[which[there]] + j]
            values.append((found >> np.uint64(4)) | np.uint64(Kind.SYSTEM << 60))
        owners, flat = np.concatenate(owner), np.concatenate(values)
        order = np.argsort(owners, kind="stable")
        offsets = np.concatenate([[0], np.cumsum(np.bincount(owners, minlength=n))])
        return pa.ListArray.from_arrays(offsets.astype(np.int32), pa.array(flat[order]))

    def _of_row(self, row: Observation, *, sampled: bool) -> list[int]:
        found = self._links.get(known := tuple(row.links.items()))
        if found is None:
            if len(self._links) > 200_000:
                self._links.clear()
            found = self._links[known] = self._hash_links(known)
        if not sampled:
            return found
        shape = (row.max_tokens, row.temperature, row.top_p, row.choices, row.logprobs)
        return [*found, self._shape(shape)]

    def _hash_links(self, links: tuple[tuple[str, str], ...]) -> list[int]:
        out = []
        for name, raw in links:
            value = raw.strip()[:_SHORT]
            if not value:
                continue
            if name == "ip":
                out.append(self._key.link(Kind.IP, "ip", value))
                net = _network(value)
                if net:
                    out.append(self._key.link(Kind.NET, "net", net))
            else:
                out.append(self._key.link(_KINDS.get(name, Kind.OTHER), name, value))
        return out

    def _hash_shape(self, shape: tuple[object, ...]) -> int:
        return self._key.link(Kind.SHAPE, "shape", repr(shape))


def observe(rows: Sequence[Observation], key: Key) -> pa.RecordBatch:
    """Return the events of observations, one row each, in the same order, in `EVENTS`.

    For many batches make one `Observer` and keep it.

    Examples
    --------
    >>> row = Observation("r1", "alice", 0, "m", user="What is 2 + 2, please?", turns=1)
    >>> batch = observe([row], Key(bytes(32)))
    >>> batch.num_rows, "alice" in str(batch.to_pydict())
    (1, False)
    """
    return Observer(key)(rows)


def _network(address: str) -> str | None:
    """Return the /24 of an IPv4 address or the /48 of an IPv6 one."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return None
    return str(ipaddress.ip_network((ip, 24 if ip.version == 4 else 48), strict=False))


def _bit(values: Sequence[bool], bit: int) -> NDArray[np.int32]:
    return np.where(np.fromiter(values, np.bool_, count=len(values)), bit, 0).astype(np.int32)


def _integers(values: Sequence[int | None]) -> NDArray[np.int32]:
    found = (-1 if v is None or v < 0 else min(v, _MOST) for v in values)
    return np.fromiter(found, np.int32, count=len(values))


def _temperatures(values: Sequence[float | None]) -> NDArray[np.float32]:
    known = (math.nan if v is None else v for v in values)
    return np.clip(np.fromiter(known, np.float64, count=len(values)), -_HOT, _HOT).astype(
        np.float32
    )


def _names(values: Sequence[str]) -> pa.Array:
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:  # half of a surrogate pair
        return pa.array([v.encode("utf-8", "replace").decode() for v in values], pa.string())


def _lists(values: list[list[int]]) -> pa.Array:
    sizes = np.fromiter((len(v) for v in values), np.int64, count=len(values))
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
    flat = np.fromiter((x for v in values for x in v), np.uint64, count=int(sizes.sum()))
    return pa.ListArray.from_arrays(offsets, pa.array(flat))


def _arrow(values: Any, kind: pa.DataType) -> pa.Array:
    if isinstance(values, pa.Array):
        return values if values.type == kind else values.cast(kind)
    return pa.array(values, kind, from_pandas=False)
