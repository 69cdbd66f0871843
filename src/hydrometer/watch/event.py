"""The event: what is kept of one exchange. No text, no raw identifier.

64-bit hashes are keyed (BLAKE2b, or a keyed polynomial for shingles): without
the key nobody can test whether a known account, address or prompt is in a log.
"""

from __future__ import annotations

import pyarrow as pa

__all__ = ["EVENTS", "FLAGS", "SKETCH", "VERSION", "Kind"]

VERSION = 1
"""Integer version of the event. A change of meaning adds one."""

SKETCH = 8
"""Shingles that a sketch keeps: the smallest of the keyed hashes (bottom-k)."""


class Kind:
    """Top four bits of an object's hash: what sort of thing is shared."""

    SHINGLE = 0
    EDGE = 1
    SYSTEM = 2
    SHAPE = 3
    ORG = 4
    PAYMENT = 5
    SIGNUP = 6
    EMAIL = 7
    IP = 8
    NET = 9
    ASN = 10
    TLS = 11
    AGENT = 12
    SDK = 13
    OTHER = 14


FLAGS = {
    "text": 1,
    "stream": 2,
    "tools": 4,
    "logprobs": 8,
    "choices": 16,
    "truncated": 32,
    "failed": 64,
    "known_stream": 128,
    "known_sampling": 256,
}
"""Bits of the column ``flags``: ``choices`` is more than one answer asked for, ``failed`` is a
status of error, throttled or filtered, ``known_*`` says that the log records it at all."""

_HASHES = pa.list_(pa.uint64())

EVENTS = pa.schema(
    [
        pa.field("id", pa.uint64(), nullable=False),
        pa.field("account", pa.uint64(), nullable=False),
        pa.field("time", pa.int64(), nullable=False),
        pa.field("model", pa.string(), nullable=False),
        pa.field("flags", pa.int32(), nullable=False),
        pa.field("turns", pa.int32(), nullable=False),
        pa.field("tokens_in", pa.int32(), nullable=False),
        pa.field("tokens_out", pa.int32(), nullable=False),
        pa.field("max_tokens", pa.int32(), nullable=False),
        pa.field("temperature", pa.float32(), nullable=False),
        pa.field("words", pa.int32(), nullable=False),
        pa.field("elicit", pa.int32(), nullable=False),
        pa.field("script", pa.int32(), nullable=False),
        pa.field("digest", pa.uint64(), nullable=False),
        pa.field("system", pa.uint64(), nullable=False),
        pa.field("sketch", _HASHES, nullable=False),
        pa.field("links", _HASHES, nullable=False),
    ],
    metadata={"hydrometer.event.version": str(VERSION)},
)
"""Arrow schema of a batch of events.

``time`` in microseconds since 1970 UTC. In integers -1, in hashes 0 and in ``temperature`` NaN
mean *not recorded*. ``sketch`` holds the objects of the text (shingles, edges, system prompt),
``links`` those of metadata (request shape, organisation, address, agent, ...); each hash bears
its `Kind` in the top four bits.
"""
