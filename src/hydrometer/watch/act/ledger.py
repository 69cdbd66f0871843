"""The action ledger: append-only, chained by hashes, forced to disk before anything takes effect.

Every action is a line with its finding and its policy; every action can be lifted by a further
line. Nothing is ever written over, but for an unfinished last line after a crash, which is set
aside beside the file with a note.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

import msgspec

from hydrometer.errors import InputError, SchemaError, StoreError
from hydrometer.watch.act.entry import GENESIS, Entry, State, seal_line

__all__ = ["Checked", "Ledger", "read_ledger", "verify_chain"]

_DECODE = msgspec.json.Decoder(Entry)


class Ledger:
    """The ledger of one file, for a process that acts.

    Several processes may hold it; within one, a single thread uses it.

    Parameters
    ----------
    path : Path
        Made where it is not there.
    now : int
        Time, microseconds since 1970 UTC: of the note, if an unfinished line is found.

    Raises
    ------
    SchemaError
        If a line inside the file cannot be read.
    StoreError
        If the file cannot be opened or written.
    """

    def __init__(self, path: Path, *, now: int) -> None:
        self.path = path
        self.entries: list[Entry] = []
        self.state = State()
        self.head = GENESIS
        self._end = self._locks = 0
        self._file: FileIO | None = None
        with self.locked():
            self._heal(now)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the file against other processes, and take in what they wrote."""
        if self._locks == 0:
            try:
                new = not self.path.exists()
                # Unbuffered: a failed write must leave nothing to be tried again on close.
                file = open(self.path, "a+b", buffering=0)  # noqa: SIM115 - held till unlocked
                if new:
                    _sync_folder(self.path.parent)
            except OSError as err:
                raise StoreError(f"cannot open the ledger {self.path}", got=str(err)) from err
            _lock(file)
            self._file = file
        self._locks += 1
        try:
            self._catch_up()
            yield
        finally:
            self._locks -= 1
            if self._locks == 0 and self._file is not None:
                self._file.close()
                self._file = None

    def append(self, entries: Sequence[Entry]) -> list[Entry]:
        """Write entries and force them to disk; return them with their ids.

        Raises
        ------
        StoreError
            If they could not all be written; then none of them counts.
        """
        with self.locked():
            if entries:
                self._heal(entries[0].time)
            head, sealed, lines = self.head, [], []
            for entry in entries:
                made, line, head = seal_line(entry, head)
                sealed.append(made)
                lines.append(line)
            assert self._file is not None
            try:
                rest = memoryview(b"".join(lines))
                while rest:
                    rest = rest[self._file.write(rest) :]
                os.fsync(self._file.fileno())
            except OSError as err:
                with contextlib.suppress(OSError):
                    os.truncate(self.path, self._end)
                raise StoreError(
                    f"cannot write the ledger {self.path}",
                    got=str(err),
                    next_step="no further action is taken until it can be written",
                ) from err
            for made, line in zip(sealed, lines, strict=True):
                self._take(made, line)
            self._end += sum(len(x) for x in lines)
            return sealed

    def reverse(self, entry_id: str, reason: str, time: int) -> Entry:
        """Lift an action before its time, by a new line.

        Raises
        ------
        InputError
            If there is no such action, it was lifted before, or no reason is given.
        """
        if not reason.strip():
            raise InputError("an action is lifted with a reason", got="none")
        with self.locked():
            act = self.state.acts.get(entry_id)
            if act is None:
                raise InputError(
                    "no such action in the ledger",
                    got=repr(entry_id)[:60],
                    wanted="the id of an action, such as x-0123456789abcdef",
                    next_step="hydrometer watch actions LEDGER",
                )
            if entry_id in self.state.lifted:
                raise InputError("this action was lifted before", got=entry_id)
            lift = Entry(
                "lift",
                time,
                action=act.action,
                account=act.account,
                cluster=act.cluster,
                level=act.level,
                finding=act.finding,
                policy=act.policy,
                dry_run=act.dry_run,
                lifts=entry_id,
                reason=reason.strip()[:500],
            )
            return self.append([lift])[0]

    def _catch_up(self) -> None:
        """Take in whole lines that were written since, by this or another process."""
        assert self._file is not None
        size = self._file.seek(0, os.SEEK_END)
        if size < self._end:
            raise StoreError(
                f"the ledger {self.path} became shorter",
                got=f"{size} bytes",
                wanted=f"{self._end} or more",
                next_step="restore it; what is in force is not known without it",
            )
        self._file.seek(self._end)
        data = self._file.read()
        whole = data[: data.rfind(b"\n") + 1]
        for line in whole.split(b"\n")[:-1]:
            entry = _decode(line, len(self.entries) + 1, self.path)
            if entry.prev != self.head:
                raise SchemaError(
                    f"the ledger {self.path.name} is broken",
                    got=f"line {len(self.entries) + 1} does not follow the one before it",
                    next_step="hydrometer watch actions LEDGER --verify; restore a copy",
                )
            self._take(entry, line)
        self._end += len(whole)

    def _take(self, entry: Entry, line: bytes) -> None:
        self.entries.append(entry)
        self.state.add(entry)
        self.head = _hash(line)

    def _heal(self, now: int) -> None:
        """Set an unfinished last line aside: it was never acknowledged."""
        assert self._file is not None
        self._file.seek(self._end)
        torn = self._file.read()
        if not torn:
            return
        try:
            with open(self.path.with_name(self.path.name + ".torn"), "ab") as aside:
                aside.write(torn + b"\n")
                aside.flush()
                os.fsync(aside.fileno())
            os.truncate(self.path, self._end)
        except OSError as err:
            raise StoreError(f"cannot mend the ledger {self.path}", got=str(err)) from err
        told = f"an unfinished line of {len(torn)} bytes was set aside"
        self.append([Entry("note", now, reason=told)])


@dataclass(frozen=True)
class Checked:
    """What a check of the chain found: lines read, the last line's hash, and what is wrong."""

    entries: int
    head: str
    faults: tuple[tuple[int, str], ...]
    torn: int


def read_ledger(path: Path) -> list[Entry]:
    """Return the entries of a ledger without writing to it; an unfinished last line is left out.

    Raises
    ------
    InputError
        If it cannot be read.
    SchemaError
        If a line is no entry.
    """
    lines, _ = _lines(path)
    return [_decode(line, n, path) for n, line in enumerate(lines, 1)]


def verify_chain(path: Path) -> Checked:
    """Check that every line follows the one before it and bears its own id.

    A chain shows that no line inside was changed, left out or put in. That lines at the end are
    missing it shows only against a ``head`` that was kept elsewhere.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    lines, torn = _lines(path)
    head, faults = GENESIS, []
    acts: set[str] = set()
    for n, line in enumerate(lines, 1):
        try:
            entry = _decode(line, n, path)
        except SchemaError as err:
            faults.append((n, err.got or err.what))
        else:
            if entry.prev != head:
                faults.append((n, "does not follow the line before it"))
            if seal_line(entry, entry.prev)[0].id != entry.id:
                faults.append((n, "was changed: its id is another"))
            if entry.kind == "lift" and entry.lifts not in acts:
                faults.append((n, "lifts an action that is not there"))
            if entry.kind == "act":
                acts.add(entry.id)
        head = _hash(line)
    return Checked(len(lines), head, tuple(faults), torn)


def _lines(path: Path) -> tuple[list[bytes], int]:
    try:
        data = path.read_bytes()
    except OSError as err:
        raise InputError(f"cannot read the ledger {path}", got=err.strerror or str(err)) from err
    end = data.rfind(b"\n") + 1
    return data[:end].split(b"\n")[:-1], len(data) - end


def _decode(line: bytes, number: int, path: Path) -> Entry:
    try:
        return _DECODE.decode(line)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as err:
        raise SchemaError(
            f"line {number} of {path.name} is no entry of a ledger", got=str(err)[:120]
        ) from err


def _hash(line: bytes) -> str:
    return hashlib.sha256(line.rstrip(b"\n")).hexdigest()


def _lock(file: FileIO) -> None:
    try:
        import fcntl
    except ImportError:  # Windows: one process at a time is the user's own care
        return
    fcntl.flock(file.fileno(), fcntl.LOCK_EX)


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
