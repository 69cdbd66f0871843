"""Files that are not on this machine: S3 and whatever else fsspec reads. Its only importer."""

from __future__ import annotations

import io
from typing import Any

from hydrometer.errors import InputError, MissingExtra

__all__ = ["list_remote", "open_remote"]


def _fsspec(url: str) -> Any:
    try:
        import fsspec
    except ImportError as err:
        raise MissingExtra(f"reading {_scheme(url)} URLs", "s3") from err
    return fsspec


def _scheme(url: str) -> str:
    return url.partition("://")[0]


def _errors(url: str, err: Exception) -> InputError:
    name = url.rpartition("@")[2] if "@" in url else url  # never a password
    return InputError(
        f"cannot read {name[:120]}",
        got=f"{type(err).__name__}: {err}"[:160],
        next_step="check the address and the credentials in the environment",
    )


def list_remote(url: str) -> list[str]:
    """Return the URLs of the files that a URL with ``*`` stands for, in order.

    Raises
    ------
    MissingExtra
        If fsspec, or what it needs for this kind of URL, is not installed.
    InputError
        If there is none, or the place cannot be read.
    """
    fsspec = _fsspec(url)
    try:
        files, _, paths = fsspec.get_fs_token_paths(url)
        found = sorted(files.unstrip_protocol(p) for p in paths)
    except ImportError as err:
        raise MissingExtra(f"reading {_scheme(url)} URLs", "s3") from err
    except Exception as err:  # of whichever service stands behind the URL
        raise _errors(url, err) from err
    if not found:
        raise InputError(f"no file matches {url[:120]}", next_step="check the pattern")
    return found


def open_remote(url: str) -> io.BufferedReader:
    """Return a remote file open for reading, in bytes, that can be sought in.

    Raises
    ------
    MissingExtra
        If fsspec, or what it needs for this kind of URL, is not installed.
    InputError
        If it cannot be opened.
    """
    fsspec = _fsspec(url)
    try:
        # fsspec's own files cannot limit the length of a line.
        return io.BufferedReader(fsspec.open(url, "rb").open(), 1 << 20)
    except ImportError as err:
        raise MissingExtra(f"reading {_scheme(url)} URLs", "s3") from err
    except Exception as err:  # of whichever service stands behind the URL
        raise _errors(url, err) from err
