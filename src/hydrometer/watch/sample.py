"""Raw prompts of suspected clusters, kept only on request: sealed at once with a public key.

The running service holds only the public key: it cannot read back what it stored, nor can whoever
takes its disk. Each text is a sealed box: an ephemeral X25519 key, HKDF-SHA256, and
ChaCha20-Poly1305 with account, cluster and times bound in.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from hydrometer.errors import InputError, MissingExtra, SchemaError, StoreError
from hydrometer.watch.key import read_private
from hydrometer.watch.result import name_of

__all__ = [
    "Opened",
    "Sealed",
    "expire_sample",
    "make_sample_key",
    "open_sample",
    "read_public_key",
    "read_sample",
    "seal",
    "write_sample",
]

VERSION = 1
LONGEST = 8_000
"""Characters of a prompt that are kept."""

FAR = 2**57
"""Microseconds after 1970 from which a time is none: the year 6536, short of what a date holds."""

_PRIVATE = "hydrometer-sample-private:"
"""Stands before the digits of a private key: without it they could be taken for a public one."""

_INFO = b"hydrometer watch sample 1"
_NONCE = bytes(12)
"""One key seals one text (its key pair is ephemeral), so a fixed nonce never meets a key twice."""


class Sealed(msgspec.Struct, frozen=True):
    """One prompt that nobody can read without the private key; ``to`` is its public half."""

    account: str
    cluster: str
    time: int
    expires: int
    box: str
    to: str
    version: int = VERSION


class Opened(NamedTuple):
    """One prompt of the sample, read."""

    account: str
    cluster: str
    time: int
    text: str


def make_sample_key(path: Path) -> str:
    """Write a new private key to a file with mode 600; return the public key in hexadecimal.

    Keep the file away from the machine that runs the service.

    Raises
    ------
    InputError
        If the file exists or cannot be written.
    MissingExtra
        If cryptography is not installed.
    """
    x25519, _ = _library()
    private = x25519.X25519PrivateKey.generate()
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(f"{_PRIVATE}{private.private_bytes_raw().hex()}\n")
    except FileExistsError as err:
        raise InputError(
            f"{path} exists", next_step="keep it: only this key opens what was sealed for it"
        ) from err
    except OSError as err:
        raise InputError(f"cannot write the key {path}", got=str(err)[:120]) from err
    public: str = private.public_key().public_bytes_raw().hex()
    return public


def read_public_key(given: str) -> str:
    """Return a public key given as 64 digits, or as a file that holds them.

    Raises
    ------
    InputError
        If it is no public key, or the private one.
    MissingExtra
        If cryptography is not installed.
    """
    text = given
    if not re.fullmatch(r"[0-9a-fA-F]{64}", given):
        try:
            text = Path(given).read_text(encoding="ascii").strip()
        except (OSError, ValueError) as err:
            raise InputError(
                "not a public key", got=repr(given)[:60], wanted="64 digits, or a file of them"
            ) from err
    if text.startswith(_PRIVATE):
        raise InputError(
            f"{given} holds the private key",
            wanted="the public one, as it was printed when the key was made",
            next_step="move the private key off this machine",
        )
    seal("", text, account=0, cluster="", time=0, expires=0)  # says what is wrong with it
    return text.lower()


def seal(
    text: str, public_key: str, *, account: int, cluster: str, time: int, expires: int
) -> Sealed:
    """Return a text sealed for the holder of the private key.

    Parameters
    ----------
    text : str
        Cut at `LONGEST` characters.
    public_key : str
        From `make_sample_key`.
    account, cluster, time, expires
        Bound to the text: a box with another header does not open. Times in microseconds.

    Raises
    ------
    InputError
        If the public key is none.
    MissingExtra
        If cryptography is not installed.
    """
    x25519, aead = _library()
    try:
        public = bytes.fromhex(public_key)
        peer = x25519.X25519PublicKey.from_public_bytes(public)
    except ValueError as err:
        raise InputError(
            "not a public key", got=repr(public_key)[:20], wanted="64 digits"
        ) from err
    # Keys come from the system's own generator: a seed would make them guessable.
    one = x25519.X25519PrivateKey.generate()
    ephemeral = one.public_key().public_bytes_raw()
    head = Sealed(name_of(account), cluster, time, expires, "", public_key.lower())
    try:
        key = _derive(one.exchange(peer), ephemeral, public)
    except ValueError as err:  # a point of low order
        raise InputError("not a usable public key", got=public_key[:20]) from err
    data = text[:LONGEST].encode("utf-8", "surrogatepass")
    box = ephemeral + aead(key).encrypt(_NONCE, data, _bound(head))
    return msgspec.structs.replace(head, box=base64.b64encode(box).decode("ascii"))


def expire_sample(path: Path, now: int) -> int:
    """Throw away what has expired in a file that no sample writes any more; return what is left.

    Raises
    ------
    InputError
        If the file is there and cannot be read.
    SchemaError
        If a line is no sealed prompt.
    StoreError
        If it cannot be written.
    """
    held = read_sample(path)
    kept = [s for s in held if s.expires > now]
    if len(kept) < len(held):
        write_sample(path, kept)
    return len(kept)


def read_sample(path: Path) -> list[Sealed]:
    """Return the prompts of a file, still sealed; none where there is no file.

    Raises
    ------
    InputError
        If the file is there and cannot be read.
    SchemaError
        If a line is no sealed prompt.
    """
    try:
        lines = path.read_bytes().splitlines() if path.exists() else []
    except OSError as err:
        raise InputError(f"cannot read the sample {path}", got=str(err)[:120]) from err
    return [_decode(line, number, path) for number, line in enumerate(lines, 1)]


def write_sample(path: Path, kept: Iterable[Sealed]) -> None:
    """Write sealed prompts to a file, whole or not at all, mode 600.

    Raises
    ------
    StoreError
        If it cannot be written.
    """
    part = path.with_name(path.name + ".part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.writelines(msgspec.json.encode(s) + b"\n" for s in kept)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as err:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise StoreError(f"cannot write the sample {path}", got=str(err)[:120]) from err


def open_sample(path: Path, private_key: Path, now: int) -> list[Opened]:
    """Return the prompts of a sample that have not expired.

    Raises
    ------
    InputError
        If a file cannot be read, others may read the private key, or it is not the key.
    SchemaError
        If the sample is damaged.
    MissingExtra
        If cryptography is not installed.
    """
    x25519, _ = _library()
    secret = _private(private_key)
    try:
        private = x25519.X25519PrivateKey.from_private_bytes(secret)
        lines = path.read_bytes().splitlines()
    except (OSError, ValueError) as err:
        raise InputError(f"cannot open the sample {path}", got=str(err)[:120]) from err
    return [o for n, line in enumerate(lines, 1) for o in _open(line, n, path, private, now)]


def _open(line: bytes, number: int, path: Path, private: Any, now: int) -> Iterable[Opened]:
    x25519, aead = _library()
    from cryptography.exceptions import InvalidTag

    held = _decode(line, number, path)
    try:
        box = base64.b64decode(held.box, validate=True)
        peer = x25519.X25519PublicKey.from_public_bytes(box[:32])
        key = _derive(private.exchange(peer), box[:32], private.public_key().public_bytes_raw())
    except ValueError as err:
        raise SchemaError(
            f"line {number} of {path.name} is no sealed prompt", got=str(err)[:120]
        ) from err
    if held.expires <= now:
        return
    try:
        text = aead(key).decrypt(_NONCE, box[32:], _bound(held)).decode("utf-8", "surrogatepass")
    except InvalidTag as err:
        raise InputError(
            f"line {number} of {path.name} does not open",
            got="another key, or a changed line",
            wanted="the private key whose public key sealed it",
        ) from err
    yield Opened(held.account, held.cluster, held.time, text)


def _decode(line: bytes, number: int, path: Path) -> Sealed:
    try:
        held = msgspec.json.decode(line, type=Sealed)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as err:
        raise SchemaError(
            f"line {number} of {path.name} is no sealed prompt", got=str(err)[:120]
        ) from err
    named = re.fullmatch(r"a:[0-9a-f]{16}", held.account)
    if held.version != VERSION or not named or not 0 <= held.time < FAR:
        raise SchemaError(
            f"line {number} of {path.name} is of an unknown version, or names no account or time",
            got=f"version {held.version}",
            wanted=f"version {VERSION}",
        )
    return held


def _bound(held: Sealed) -> bytes:
    head = [held.version, held.account, held.cluster, held.time, held.expires, held.to]
    return json.dumps(head).encode("ascii")


def _derive(shared: bytes, ephemeral: bytes, public: bytes) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), 32, None, _INFO + ephemeral + public).derive(shared)


def _private(path: Path) -> bytes:
    text = read_private(path, "the private key")
    try:
        return bytes.fromhex(text.strip().removeprefix(_PRIVATE))
    except ValueError as err:
        raise InputError(f"cannot read the private key {path}", got=str(err)[:120]) from err


def _library() -> tuple[Any, Any]:
    try:
        from cryptography.hazmat.primitives.asymmetric import x25519
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
    except ImportError as err:
        raise MissingExtra("the encrypted sample", "serve") from err
    return x25519, ChaCha20Poly1305
