"""The teacher's likeliest tokens on disk: asked once, used by every student of its vocabulary.

A folder holds ``header.json`` and, for each shard, three arrays of numpy (ids, log-probabilities
in half precision, the logarithm of the remaining mass) and an index with their digests. The index
is written last: a shard without one is not there, and is made again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hydrometer.distill.files import write_json
from hydrometer.distill.train.tokens import Row
from hydrometer.errors import InputError

__all__ = ["Header", "LogitCache", "is_cache", "row_key", "shard_done", "start", "write_shard"]

FORMAT = 1
PARTS = ("ids", "logprobs", "tail")


@dataclass(frozen=True)
class Header:
    """What the numbers of a cache mean.

    Attributes
    ----------
    teacher : str
        Name of the teacher.
    teacher_sha256 : str
        `weights_digest` of it.
    engine : str
        What computed the logits, with its version.
    versions : mapping of str to str
        Of the libraries.
    dtype : str
        In which the teacher ran. A batch or another engine changes the last
        digits; quantised weights change more than that.
    k : int
        Tokens kept at each position; the vocabulary where that is smaller.
    temperature : float
        At which the probabilities are.
    vocabulary : int
        Tokens in the vocabulary.
    vocabulary_sha256 : str
        `vocabulary_digest` of the tokenizer.
    rows : int
        How many examples.
    rows_sha256 : str
        Of their token ids, in order.
    shard_rows : int
        Examples to a shard.
    format : int
        Version of this layout.
    """

    teacher: str
    teacher_sha256: str
    engine: str
    versions: Mapping[str, str]
    dtype: str
    k: int
    temperature: float
    vocabulary: int
    vocabulary_sha256: str
    rows: int
    rows_sha256: str
    shard_rows: int
    format: int = FORMAT

    @property
    def shards(self) -> int:
        """How many shards there are to be."""
        return -(-self.rows // self.shard_rows)


def is_cache(folder: str | Path) -> bool:
    """Whether a folder holds a cache of logits rather than a model."""
    return (Path(folder) / "header.json").exists()


def row_key(row: Row) -> str:
    """Return the digest by which a cached row is found: its tokens and where its answer begins."""
    data = np.asarray([row.start, *row.ids], dtype="<i8").tobytes()
    return hashlib.sha256(data).hexdigest()[:32]


def start(folder: Path, header: Header) -> None:
    """Begin a cache, or find that this one was begun before.

    Raises
    ------
    InputError
        If the folder holds another cache, or cannot be written.
    """
    if is_cache(folder):
        found = _header(folder)
        if found != header:
            differ = [k for k, v in asdict(header).items() if asdict(found)[k] != v]
            raise InputError(
                f"{folder} is the cache of another teacher or training set",
                got=f"another {', '.join(differ)}",
                next_step="give the cache another folder, or remove this one",
            )
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise InputError(f"cannot write {folder}", got=str(err)[:160]) from err
    write_json(asdict(header), folder / "header.json")


def _header(folder: Path) -> Header:
    path = folder / "header.json"
    try:
        raw = json.loads(path.read_text("utf-8"))
        if not isinstance(raw, dict) or raw.get("format") != FORMAT:
            raise InputError(f"{path} is no cache of format {FORMAT}")
        return Header(**{f.name: raw[f.name] for f in fields(Header)})
    except (OSError, ValueError, KeyError, TypeError) as err:
        raise InputError(f"cannot read {path}", got=str(err)[:160]) from err


def _file(folder: Path, shard: int, part: str) -> Path:
    return folder / f"shard-{shard:05d}.{part}.npy"


def _index(folder: Path, shard: int) -> Path:
    return folder / f"shard-{shard:05d}.json"


def _digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_shard(
    folder: Path,
    shard: int,
    header: Header,
    rows: Sequence[Row],
    arrays: Sequence[tuple[NDArray[Any], NDArray[Any], NDArray[Any]]],
) -> None:
    """Write one shard; it is there, whole, or not at all.

    Parameters
    ----------
    folder, shard, header
        Which one.
    rows : sequence of Row
        Its examples.
    arrays : sequence of (ids, logprobs, tail)
        Of shapes (answer tokens, k), the same, and (answer tokens,), for each.

    Raises
    ------
    InputError
        If it cannot be written (the disk is full): earlier shards stay.
    """
    kind = np.uint16 if header.vocabulary <= 1 << 16 else np.uint32
    whole = {
        "ids": np.concatenate([a[0] for a in arrays]).astype(kind),
        "logprobs": np.concatenate([a[1] for a in arrays]).astype(np.float16),
        "tail": np.concatenate([a[2] for a in arrays]).astype(np.float32),
    }
    try:
        for part, values in whole.items():
            np.save(_file(folder, shard, part), values, allow_pickle=False)
    except OSError as err:
        raise InputError(
            f"cannot write {folder}",
            got=str(err)[:160],
            next_step="make room, and run the same line again: whole shards are kept",
        ) from err
    index = {
        "rows": [[r.id, row_key(r), len(r.ids) - r.start] for r in rows],
        "sha256": {part: _digest(_file(folder, shard, part)) for part in PARTS},
    }
    write_json(index, _index(folder, shard))


def _read_index(folder: Path, shard: int) -> dict[str, Any] | None:
    try:
        found = json.loads(_index(folder, shard).read_text("utf-8"))
        return found if isinstance(found, dict) else None
    except (OSError, ValueError):
        return None


def shard_done(folder: Path, shard: int) -> bool:
    """Whether a shard is whole and unchanged."""
    index = _read_index(folder, shard)
    try:
        return index is not None and all(
            _digest(_file(folder, shard, part)) == index["sha256"][part] for part in PARTS
        )
    except (OSError, KeyError, TypeError):
        return False


class LogitCache:
    """A finished cache, read from the disk as it is needed.

    Parameters
    ----------
    folder : str or Path
        Where it lies.

    Raises
    ------
    InputError
        If a shard is missing, or its bytes are not what was written.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.header = _header(self.folder)
        self._arrays: list[tuple[NDArray[Any], ...]] = []
        self._where: dict[str, tuple[int, int, int]] = {}
        digests = []
        for shard in range(self.header.shards):
            if not shard_done(self.folder, shard):
                raise InputError(
                    f"shard {shard} of {self.folder} is missing or damaged",
                    got=f"{shard} of {self.header.shards} shards are whole",
                    next_step="capture the teacher's logits again: whole shards are kept",
                )
            index = _read_index(self.folder, shard) or {}
            files = [_file(self.folder, shard, part) for part in PARTS]
            self._arrays.append(tuple(np.load(f, mmap_mode="r") for f in files))
            at = 0
            for _, key, count in index["rows"]:
                self._where[key] = (shard, at, at + count)
                at += count
            digests.append(json.dumps(index["sha256"], sort_keys=True))
        text = json.dumps(asdict(self.header), sort_keys=True) + "".join(digests)
        self.digest = hashlib.sha256(text.encode()).hexdigest()

    def __len__(self) -> int:
        return len(self._where)

    def find(self, row: Row) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Return ids, log-probabilities and the logarithm of the rest, for each answer token.

        Raises
        ------
        InputError
            If the row is not in the cache, token for token.
        """
        found = self._where.get(row_key(row))
        if found is None:
            raise InputError(
                f"the cache has no logits for example {row.id[:40]}",
                got=f"{len(self)} other rows",
                wanted="a cache made of these examples with this tokenizer and template",
                next_step="capture the teacher's logits for this training set",
            )
        shard, begin, end = found
        ids, logprobs, tail = self._arrays[shard]
        return ids[begin:end], logprobs[begin:end], tail[begin:end]
