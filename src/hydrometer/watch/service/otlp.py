"""Answers to OTLP exporters, in JSON and in protobuf.

References
----------
OpenTelemetry Protocol 1.x, "OTLP/HTTP Response": ``partial_success`` holds the number of rejected
spans (or log records) and a message; failures are answered with a ``google.rpc.Status``.
"""

from __future__ import annotations

from typing import Any

import msgspec

__all__ = ["failure", "success"]

_REJECTED = {"traces": "rejectedSpans", "logs": "rejectedLogRecords"}
_CODES = {400: 3, 401: 16, 413: 3, 415: 3, 429: 8, 503: 14, 500: 13}
"""HTTP status to the code of ``google.rpc.Status``."""


def success(signal: str, rejected: int, message: str, *, binary: bool) -> bytes:
    """Return the body of a 200.

    Parameters
    ----------
    signal : str
        ``traces`` or ``logs``.
    rejected : int
        Spans or records that gave no event.
    message : str
        Why.
    binary : bool
        Whether the exporter speaks protobuf.

    Examples
    --------
    >>> success("traces", 2, "no time", binary=False)
    b'{"partialSuccess":{"rejectedSpans":"2","errorMessage":"no time"}}'
    >>> success("logs", 0, "", binary=True)
    b''
    """
    if not rejected:
        return b"" if binary else b"{}"
    if binary:
        # Both messages have the same fields: 1 int64 rejected, 2 string error_message.
        return _text(1, _integer(1, rejected) + _text(2, message.encode("utf-8")))
    told = {_REJECTED[signal]: str(rejected), "errorMessage": message}
    return msgspec.json.encode({"partialSuccess": told})


def failure(status: int, told: dict[str, Any], *, binary: bool) -> bytes:
    """Return the body of an answer that is no success.

    Examples
    --------
    >>> failure(400, {"error": {"what": "not OTLP", "wanted": "resourceSpans"}}, binary=False)
    b'{"code":3,"message":"not OTLP; wanted: resourceSpans"}'
    """
    said = dict(told["error"])
    message = "; ".join([said.pop("what"), *(f"{k}: {v}" for k, v in said.items())])
    code = _CODES.get(status, 2)
    if binary:
        return _integer(1, code) + _text(2, message.encode("utf-8"))
    return msgspec.json.encode({"code": code, "message": message})


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _integer(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _text(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value
