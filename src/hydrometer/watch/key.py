"""The secret behind every pseudonym: from a file that only its owner reads, or the environment."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

from hydrometer.errors import InputError

__all__ = ["VARIABLE", "Key", "load_key", "make_key", "read_private"]

VARIABLE = "HYDROMETER_WATCH_KEY"
_BYTES = 32


class Key:
    """Keyed 64-bit hashes of text.

    Parameters
    ----------
    secret : bytes
        At least 16 bytes; never shown, never stored beside the events.

    Examples
    --------
    >>> k = Key(bytes(32))
    >>> k.account("alice") == k.account("alice"), k.account("alice") == k.account("bob")
    (True, False)
    >>> k
    Key(...)
    """

    def __init__(self, secret: bytes) -> None:
        if len(secret) < 16:
            raise InputError("the key is too short", got=f"{len(secret)} bytes", wanted="16 bytes")
        self.secret = blake2b(secret, digest_size=_BYTES).digest()
        self._cached = lru_cache(maxsize=200_000)(self._hash)

    def __repr__(self) -> str:
        return "Key(...)"

    def __reduce__(self) -> tuple[object, ...]:
        return _from_digest, (self.secret,)

    def _hash(self, purpose: str, text: str) -> int:
        data = text.encode("utf-8", "surrogatepass")
        name = purpose.encode("utf-8", "surrogatepass")
        if len(name) > 16:  # all of a long name counts
            name = blake2b(name, digest_size=16).digest()
        digest = blake2b(data, key=self.secret, digest_size=8, person=name).digest()
        return int.from_bytes(digest, "little") or 1

    def account(self, raw: str) -> int:
        """Return the pseudonym of an account: 64 bits, never 0."""
        return self._cached("account", raw)

    def hash(self, purpose: str, text: str) -> int:
        """Return the hash of a text for one purpose: 64 bits, never 0."""
        return self._hash(purpose, text)

    def link(self, kind: int, name: str, raw: str) -> int:
        """Return the hash of a link, its kind in the top four bits."""
        return (self._cached(f"link:{name}", raw) >> 4) | (kind << 60)


def _from_digest(digest: bytes) -> Key:
    key = Key.__new__(Key)
    key.secret = digest
    key._cached = lru_cache(maxsize=200_000)(key._hash)
    return key


def make_key(path: Path) -> None:
    """Write a new key to a file with mode 600; never over one that exists.

    Raises
    ------
    InputError
        If the file exists or cannot be written.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as f:
            f.write(secrets.token_hex(_BYTES) + "\n")
    except FileExistsError as err:
        raise InputError(
            f"{path} exists", next_step="keep it: pseudonyms of another key match nothing"
        ) from err
    except OSError as err:
        raise InputError(f"cannot write the key {path}", got=str(err)[:120]) from err


def load_key(path: Path | None, environment: Mapping[str, str]) -> Key:
    """Return the key of a file, or of the variable ``HYDROMETER_WATCH_KEY``, in hexadecimal.

    Raises
    ------
    InputError
        If there is none, it cannot be read, or others may read the file.
    """
    if path is None:
        text = environment.get(VARIABLE, "")
        if not text:
            raise InputError(
                "no key for the pseudonyms",
                wanted=f"--key FILE or {VARIABLE}",
                next_step="hydrometer watch key FILE",
            )
    else:
        text = read_private(path, "the key")
    try:
        return Key(bytes.fromhex(text.strip()))
    except ValueError as err:
        raise InputError("the key is not hexadecimal", got=f"{len(text.strip())} digits") from err


def read_private(path: Path, what: str) -> str:
    """Return the text of a file that its owner alone may read.

    Raises
    ------
    InputError
        If it cannot be read, is no ASCII text, or others may read it.
    """
    try:
        mode, text = path.stat().st_mode, path.read_text(encoding="ascii")
    except (OSError, ValueError) as err:
        raise InputError(f"cannot read {what} {path}", got=str(err)[:120]) from err
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise InputError(
            f"others may read {what} {path}",
            got=f"mode {stat.S_IMODE(mode):o}",
            wanted="mode 600",
            next_step=f"chmod 600 {path}",
        )
    return text
