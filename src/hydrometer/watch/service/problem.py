"""What a client is told when something cannot be done: what, got, wanted, next."""

from __future__ import annotations

from typing import Any

from hydrometer.errors import HydrometerError

__all__ = ["problem", "problem_of"]


def problem(what: str, *, got: str = "", wanted: str = "", next: str = "") -> dict[str, Any]:
    """Return the body of an answer that is no success.

    Examples
    --------
    >>> problem("the body is too large", got="40 MB", wanted="at most 32 MB")["error"]["got"]
    '40 MB'
    """
    told = {"what": what, "got": got, "wanted": wanted, "next": next}
    return {"error": {k: v for k, v in told.items() if v}}


def problem_of(err: HydrometerError) -> dict[str, Any]:
    """Return the body that says what an error says.

    Examples
    --------
    >>> from hydrometer.errors import InputError
    >>> problem_of(InputError("the body is empty", wanted="JSON"))
    {'error': {'what': 'the body is empty', 'wanted': 'JSON'}}
    """
    return problem(err.what, got=err.got or "", wanted=err.wanted or "", next=err.next_step or "")
