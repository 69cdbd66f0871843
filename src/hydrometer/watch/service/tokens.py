"""Who may speak to the service: bearer tokens, and no door open to others without one."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Mapping
from pathlib import Path

from hydrometer.errors import InputError

__all__ = ["VARIABLES", "Tokens", "check_address", "load_tokens"]

VARIABLES = ("HYDROMETER_WATCH_INGEST_TOKEN", "HYDROMETER_WATCH_ADMIN_TOKEN")
SHORTEST = 16
"""Characters of a token that cannot be guessed."""


class Tokens:
    """The tokens that open a door; none leaves it open.

    Parameters
    ----------
    ingest, admin : tuple of str
        Any of them is accepted, so that a token can be changed without a gap.

    Examples
    --------
    >>> t = Tokens(ingest=("correct-horse-battery",))
    >>> t.ingest("Bearer correct-horse-battery"), t.ingest("Bearer x"), t.admin(None)
    (True, False, False)
    """

    def __init__(self, *, ingest: tuple[str, ...] = (), admin: tuple[str, ...] = ()) -> None:
        self._ingest = tuple(t.encode() for t in ingest)
        self._admin = tuple(t.encode() for t in admin)

    def __repr__(self) -> str:
        return "Tokens(...)"

    @property
    def closed(self) -> bool:
        """Whether ingest asks for a token."""
        return bool(self._ingest)

    def ingest(self, header: str | None) -> bool:
        """Return whether a header opens ingest and decisions; without tokens everything does."""
        return not self._ingest or _matches(header, self._ingest)

    def admin(self, header: str | None) -> bool:
        """Return whether a header opens what names accounts; without a token nothing does."""
        return _matches(header, self._admin)


def _matches(header: str | None, known: tuple[bytes, ...]) -> bool:
    scheme, _, given = (header or "").partition(" ")
    token = given.strip().encode("utf-8", "replace") if scheme.lower() == "bearer" else b""
    # Every token is compared, so that the time says nothing of which one was near.
    found = [hmac.compare_digest(token, k) for k in known]
    return any(found)


def load_tokens(ingest: Path | None, admin: Path | None, environment: Mapping[str, str]) -> Tokens:
    """Return the tokens of two files (a token a line), or of the variables in their place.

    Raises
    ------
    InputError
        If a file cannot be read, or a token is too short.
    """
    found = {}
    for name, path, variable in zip(("ingest", "admin"), (ingest, admin), VARIABLES, strict=True):
        if path is None:
            text = environment.get(variable, "")
        else:
            try:
                text = path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as err:
                raise InputError(f"cannot read the tokens {path}", got=str(err)[:120]) from err
            if not text.strip():
                raise InputError(f"no token in {path}", wanted="one token a line")
        tokens = tuple(text.split())
        if any(len(t) < SHORTEST for t in tokens):
            raise InputError(f"the token for {name} is short", wanted=f"{SHORTEST} characters")
        found[name] = tokens
    return Tokens(**found)


def check_address(host: str, tokens: Tokens) -> None:
    """Refuse an address that others can reach while ingest asks for no token.

    Raises
    ------
    InputError
        If so.
    """
    if tokens.closed or host == "localhost":
        return
    try:
        if ipaddress.ip_address(host).is_loopback:
            return
    except ValueError:
        pass
    raise InputError(
        f"{host} can be reached by others, and no token is set",
        wanted=f"--ingest-token FILE or {VARIABLES[0]}",
        next_step="set a token, or listen on 127.0.0.1",
    )
