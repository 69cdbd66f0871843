"""The last step of every row-wise decoder: attribution, links and the request's id."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b
from typing import Any

from hydrometer.errors import SchemaError
from hydrometer.watch.sources.attribution import Attribution, Paths
from hydrometer.watch.sources.headers import clean
from hydrometer.watch.sources.values import text_of

__all__ = ["Attributor", "Getter", "hashed_id", "request_id"]

Getter = Callable[[Any], Any]
"""Returns what stands at one path of a row, or None."""


class Attributor:
    """Reads the account and the links of a row, with the getters that a decoder compiles.

    Parameters
    ----------
    attribution : Attribution
        The whole mapping; its rules for headers are used.
    paths : Paths
        The paths of this format.
    compile : callable
        From a dotted path to the function that reads it in a row.
    """

    def __init__(
        self, attribution: Attribution, paths: Paths, compile: Callable[[str], Getter]
    ) -> None:
        self._rules = attribution.rules
        self._tried = ", ".join(paths.account)
        self._account = [compile(p) for p in paths.account]
        self._links = [(kind, [compile(p) for p in found]) for kind, found in paths.links]
        self._headers = [compile(p) for p in paths.headers]

    def account(self, row: Any) -> str:
        """Return the first account that is recorded.

        Raises
        ------
        SchemaError
            If none is; the message names the paths.
        """
        for get in self._account:
            found = get(row)
            if found is not None:
                text = found if type(found) is str else text_of(found)
                if text:
                    return text
        raise no_account(self._tried)

    def links(self, row: Any) -> dict[str, str]:
        """Return the links: those that the mapping names, then those of the headers."""
        out: dict[str, str] = {}
        for kind, getters in self._links:
            for get in getters:
                found = get(row)
                if found is not None:
                    text = text_of(found)
                    value = clean(kind, text) if text else None
                    if value is not None:
                        out[kind] = value
                        break
        for get in self._headers:
            found = get(row)
            if isinstance(found, Mapping) and found:
                for kind, value in self._rules(found).items():
                    out.setdefault(kind, value)
        return out


def no_account(tried: str) -> SchemaError:
    """Return the error of a row without an account."""
    return SchemaError(
        "the row names no account",
        wanted=f"one of {tried}",
        next_step="name the field in the mapping (--mapping FILE)",
    )


def no_time(tried: str) -> SchemaError:
    """Return the error of a row without a time."""
    return SchemaError("the row has no time that can be read", wanted=f"one of {tried}")


def request_id(found: object, account: str, time: int) -> str:
    """Return the id under which a second delivery of an exchange is known again.

    The id of the log alone will not do: small servers give every answer the same id, and a
    client may choose its trace id, so that all its calls would look like one. Milliseconds,
    because that is what databases keep of the time.

    Examples
    --------
    >>> request_id("r1", "alice", 1_700_000_000_123_456)
    'r1/alice/1700000000123'
    """
    return f"{found}/{account}/{time // 1000}"


def hashed_id(parts: Iterable[object]) -> str:
    """Return an id for an exchange whose log has none: a hash of all that is known of it."""
    data = repr(tuple(parts)).encode("utf-8", "surrogatepass")
    return "h:" + blake2b(data, digest_size=16).hexdigest()
