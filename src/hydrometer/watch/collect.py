"""Logs into the log of events: each exchange once, resumable, bad rows set aside.

What was read is noted in a file beside the log. A reading that was killed goes on from there: a
file that was read to its end and has not changed since is not read again, a table is read on from
its cursor, and of anything that is read twice the log keeps each exchange once.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from hydrometer.errors import InputError, StoreError
from hydrometer.finding import Digest
from hydrometer.store.log import EventLog
from hydrometer.watch.event import EVENTS
from hydrometer.watch.key import Key
from hydrometer.watch.observation import Observation, Rejected
from hydrometer.watch.observe import Observer
from hydrometer.watch.service.intake import FUTURE
from hydrometer.watch.service.quarantine import Quarantine
from hydrometer.watch.service.setup import DAY
from hydrometer.watch.sources import clickhouse
from hydrometer.watch.sources.attribution import Attribution
from hydrometer.watch.sources.decoded import Decoded
from hydrometer.watch.sources.files import expand
from hydrometer.watch.sources.registry import read_files

__all__ = ["Collector", "Source", "expand_all", "public_name"]

_TABLES = ("clickhouse://", "clickhouse+https://")
_FILES = 40
"""Files that a finding names one by one."""
_ENDLESS = 1 << 62


class Source(msgspec.Struct):
    """What came of one file or table.

    ``mark`` tells whether a file was changed since; ``whole`` whether it was read to its end.
    """

    mark: str = ""
    sha256: str = ""
    cursor: str | None = None
    whole: bool = False
    rows: int = 0
    rejected: int = 0
    skipped: int = 0
    reasons: dict[str, int] = {}


class _State(msgspec.Struct):
    """What the folder was made with, and how far the reading is."""

    check: str
    sources: dict[str, Source] = {}
    version: int = 1


def public_name(source: str) -> str:
    """Return a source as it may be shown: never with a password.

    Examples
    --------
    >>> public_name("clickhouse://me:secret@db/logs?table=spend_logs")
    'clickhouse://db/logs?table=spend_logs'
    """
    parts = urlsplit(source) if "://" in source else None
    if parts is None or "@" not in parts.netloc:
        return source
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def expand_all(sources: Sequence[str]) -> list[str]:
    """Return the files and tables that sources stand for, each once, in order.

    Raises
    ------
    InputError
        If one stands for nothing.
    MissingExtra
        For a remote file without the extra ``s3``.
    """
    found: list[str] = []
    for source in sources:
        if source.startswith(_TABLES):
            clickhouse.parse_url(source)
            found.append(source)
        else:
            found += [n if "://" in n else str(Path(n).resolve()) for n in expand(source)]
    return list(dict.fromkeys(found))


class Collector:
    """Reads sources into a log.

    Parameters
    ----------
    folder : Path
        Of the log and of what was read; made if absent.
    key : Key
    attribution : Attribution
    mapping : str
        What `attribution` was read from; a folder goes with one mapping.
    text : bool
        False leaves prompts unread.
    keep_rejected : bool
        Whether the raw text of bad rows is kept.
    now : int
        Microseconds since 1970 UTC: later events have a wrong clock.

    Raises
    ------
    InputError
        If the folder cannot be made, or was made with another key, mapping or mode.
    StoreError
        If the log cannot be opened.
    """

    def __init__(
        self,
        folder: Path,
        key: Key,
        attribution: Attribution,
        *,
        mapping: str = "",
        text: bool = True,
        keep_rejected: bool = False,
        now: int,
    ) -> None:
        self._folder, self._attribution, self._now = folder, attribution, now
        self._observe = Observer(key, text=text)
        self._keep = keep_rejected
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._rejects.mkdir(mode=0o700, exist_ok=True)
        except OSError as err:
            raise InputError(f"cannot make the folder {folder}", got=str(err)[:120]) from err
        # Keyed: the file tells nothing of the key, and another key is noticed.
        check = f"{key.hash('check', f'{mapping}|{text}'):016x}"
        self._state = self._load(check)
        self.log = EventLog(folder / "events.duckdb", EVENTS)
        self.read: dict[str, Source] = {}
        self.new = 0

    @property
    def _rejects(self) -> Path:
        return self._folder / "rejected"

    def _load(self, check: str) -> _State:
        path = self._folder / "sources.json"
        if not path.exists():
            return _State(check)
        try:
            found = msgspec.json.decode(path.read_bytes(), type=_State)
        except (OSError, msgspec.MsgspecError) as err:
            raise InputError(f"cannot read {path}", got=str(err)[:120]) from err
        if found.check != check:
            raise InputError(
                f"the state {self._folder} was made with another key, mapping or --no-text",
                next_step="give the same ones, or name another folder with --state",
            )
        return found

    def _save(self) -> None:
        path = self._folder / "sources.json"
        beside = path.with_name("sources.json.new")
        try:
            with open(beside, "wb") as f:
                f.write(msgspec.json.encode(self._state))
                f.flush()
                os.fsync(f.fileno())
            beside.replace(path)
        except OSError as err:
            raise StoreError("cannot note what was read", got=str(err)[:160]) from err

    def collect(
        self,
        source: str,
        format: str | None = None,
        *,
        progress: Callable[[int], None] | None = None,
    ) -> Source:
        """Read one file or table of `expand_all` into the log.

        Parameters
        ----------
        source : str
        format : str or None
            One of `hydrometer.watch.sources.registry.FILES`; None sees it.
        progress : callable, optional
            Told the rows read, part by part.

        Raises
        ------
        InputError
            If it cannot be read.
        StoreError
            If a table does not answer, or the log cannot be written.
        """
        name = public_name(source)
        known = self._state.sources.get(name)
        table = source.startswith(_TABLES)
        mark = "" if "://" in source else _mark(source)
        if known is not None and known.whole and mark and known.mark == mark:
            self.read[name] = known
            if progress:
                progress(known.rows + known.rejected)
            return known
        path = self._rejects / f"{hashlib.sha256(name.encode()).hexdigest()[:16]}.jsonl"
        if known is None or not table:
            known = Source(mark, "" if "://" in source else _sha256(source))
            path.unlink(missing_ok=True)
        quarantine = Quarantine(path, keep=self._keep, largest=_ENDLESS)
        self._state.sources[name] = self.read[name] = known
        if table:
            parts: Iterator[Decoded] = clickhouse.read_table(
                source, attribution=self._attribution, cursor=known.cursor
            )
        else:
            parts = read_files(source, format, attribution=self._attribution)
        for part in parts:
            bad = self._take(part, known, name)
            quarantine.add(bad, arrival=self._now)
            if table:
                known.cursor = part.cursor
                self._save()
            if progress:
                progress(len(part.observations) + len(part.rejected))
        known.whole = True
        self._save()
        return known

    def _take(self, part: Decoded, into: Source, name: str) -> list[Rejected]:
        """Put a part into the log; return what was set aside."""
        kept, bad = [], list(part.rejected)
        short = name.rpartition("/")[2]
        for number, row in enumerate(part.observations, into.rows + into.rejected + 1):
            if row.time > self._now + FUTURE:
                bad.append(_late(short, number, row, self._now))
            else:
                kept.append(row)
        if kept:
            self.new += self.log.append(self._observe(kept))
        into.rows += len(kept)
        into.rejected += len(bad)
        into.skipped += part.skipped
        reasons = Counter(into.reasons)
        reasons.update(r.reason.split("; got: ", 1)[0] for r in bad)
        into.reasons = dict(reasons.most_common(50))
        return bad

    def inputs(self) -> list[Digest]:
        """Return the digests of the files that were read; of many, one of their list."""
        files = [
            Digest(Path(n).name, s.sha256, rows=s.rows, quarantined=s.rejected)
            for n, s in sorted(self.read.items())
            if s.sha256
        ]
        if len(files) <= _FILES:
            return files
        listed = "".join(f"{f.sha256}  {f.name}\n" for f in files)
        rows, bad = sum(f.rows for f in files), sum(f.quarantined for f in files)
        digest = hashlib.sha256(listed.encode()).hexdigest()
        return [Digest(f"list of {len(files)} files", digest, rows=rows, quarantined=bad)]

    def rejected(self) -> Iterator[bytes]:
        """Yield the lines of the rows that were set aside, source by source."""
        for name in sorted(self.read):
            path = self._rejects / f"{hashlib.sha256(name.encode()).hexdigest()[:16]}.jsonl"
            if path.exists():
                with path.open("rb") as f:
                    yield from f

    def close(self) -> None:
        """Close the log."""
        self.log.close()


def _mark(path: str) -> str:
    try:
        found = os.stat(path)
    except OSError as err:
        raise InputError(f"cannot read {path}", got=err.strerror or str(err)) from err
    return f"{found.st_size} {found.st_mtime_ns}"


def _sha256(path: str) -> str:
    try:
        with open(path, "rb") as f:
            return hashlib.file_digest(f, "sha256").hexdigest()
    except OSError as err:
        raise InputError(f"cannot read {path}", got=err.strerror or str(err)) from err


def _late(source: str, number: int, row: Observation, now: int) -> Rejected:
    days = (row.time - now) / DAY
    raw = msgspec.json.encode(row._asdict(), enc_hook=str).decode("utf-8", "replace")
    return Rejected(
        source, number, f"its time lies ahead of the present; got: {days:.1f} days", raw[:10_000]
    )
