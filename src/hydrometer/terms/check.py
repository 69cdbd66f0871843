"""Judging a file of rows: any number of them, in order, nothing lost."""

from __future__ import annotations

import gzip
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from hydrometer.errors import InputError
from hydrometer.terms.gate import Gate
from hydrometer.terms.row import parse_row
from hydrometer.terms.verdict import OPEN, VERDICTS, Owed, Reason, Result, worst

__all__ = ["LISTED", "Checked", "check_rows", "summary"]

LISTED = 10_000
"""Most rows that the summary lists one by one."""

EVERY = 20_000
NOTE = "What the texts say and how they were read; not whether they can be enforced. Ask counsel."


@dataclass
class Checked:
    """What a file of rows gave.

    Attributes
    ----------
    rows, quarantined : int
        Judged, and set aside because they are no rows.
    verdicts : Counter
        Rows by verdict.
    results : Counter
        Rows by `Result`: there are as many as distinct stacks.
    first : dict
        For each result, the first lines that gave it.
    bad : list
        The first of the rows set aside: line and reason.
    listed : list
        Rows one by one, up to `LISTED`.
    """

    rows: int = 0
    quarantined: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    results: Counter[int] = field(default_factory=Counter)
    kinds: list[Result] = field(default_factory=list)
    first: dict[int, list[int]] = field(default_factory=dict)
    bad: list[tuple[int, str]] = field(default_factory=list)
    listed: list[dict[str, Any]] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        """Return the worst of all rows; a row that was set aside is unknown."""
        found = [v for v, n in self.verdicts.items() if n]
        return worst([*found, "unknown"] if self.quarantined else found)

    @property
    def passed(self) -> bool:
        """Return whether every row may be used."""
        return self.verdict in OPEN

    def _shares(self, name: str) -> Iterable[tuple[Any, int]]:
        """Return reasons, or duties, with their rows; those of one gate are each told once."""
        held: dict[int, Any] = {}
        counts: Counter[int] = Counter()
        for n, count in self.results.items():
            for x in getattr(self.kinds[n], name):
                held[id(x)] = x
                counts[id(x)] += count
        return [(held[at], count) for at, count in counts.items()]

    def by_reason(self) -> dict[str, int]:
        """Return rows by label, the most frequent first; a row counts once for each."""
        labels: dict[int, str] = {}
        counts: Counter[str] = Counter()
        for n, count in self.results.items():
            reasons = self.kinds[n].reasons
            for r in reasons:
                if id(r) not in labels:
                    labels[id(r)] = r.label
            for label in {labels[id(r)] for r in reasons}:
                counts[label] += count
        return dict(sorted(counts.items(), key=lambda x: (-x[1], x[0])))

    def reasons(self) -> list[dict[str, Any]]:
        """Return rows by reason, the worst and most frequent first."""
        counts: Counter[Reason] = Counter()
        for r, count in self._shares("reasons"):
            counts[r] += count
        order = {v: n for n, v in enumerate(VERDICTS)}
        ranked = sorted(
            counts.items(),
            key=lambda x: (
                *(-order[x[0].verdict], -x[1], x[0].label),
                *(x[0].model or "", x[0].role or "", x[0].layer),
            ),
        )
        return [{"rows": n, **r.record()} for r, n in ranked]

    def duties(self) -> list[dict[str, Any]]:
        """Return rows by duty."""
        counts: Counter[Owed] = Counter()
        for d, count in self._shares("duties"):
            counts[d] += count
        ranked = sorted(counts.items(), key=lambda x: (x[0].instrument, x[0].kind, x[0].text))
        return [{"rows": n, **d.record()} for d, n in ranked]


def _record(result: Result) -> dict[str, Any]:
    return {
        "verdict": result.verdict,
        "duties": [d.record() for d in result.duties],
        "reasons": [r.record() for r in result.reasons],
    }


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _tail(result: Result, texts: dict[int, str]) -> str:
    """Return the line of a result from its verdict on, of parts that are encoded once."""

    def each(items: Iterable[Reason | Owed]) -> Iterator[str]:
        for x in items:
            if id(x) not in texts:
                texts[id(x)] = _encode(x.record())
            yield texts[id(x)]

    duties, reasons = ",".join(each(result.duties)), ",".join(each(result.reasons))
    return f'"verdict":"{result.verdict}","duties":[{duties}],"reasons":[{reasons}]}}'


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            stream: Iterable[bytes] = gzip.GzipFile(fileobj=raw) if packed else raw
            for number, line in enumerate(stream, 1):
                if line.strip():
                    yield number, line
    except (OSError, EOFError, zlib.error) as err:
        raise InputError(f"cannot read {path}", got=str(err)) from err


def check_rows(
    path: Path,
    gate: Gate,
    *,
    out: IO[str] | None = None,
    quarantine: IO[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Checked:
    """Judge every row of a JSONL file, which may be packed with gzip.

    Parameters
    ----------
    path : Path
        The rows.
    gate : Gate
        Use and catalogue.
    out : text stream, optional
        Gets one line for each judged row: ``id``, ``verdict``, ``duties``,
        ``reasons``.
    quarantine : text stream, optional
        Gets one line for each row that was set aside: ``line``, ``reason``,
        ``row``.
    progress : callable, optional
        Called with bytes read and bytes in all (unpacked lines of a packed
        file count as they are).

    Returns
    -------
    Checked
        Counts, and the first `LISTED` rows.

    Raises
    ------
    InputError
        If the file cannot be read or holds no row at all.
    """
    made = Checked()
    ids: set[str] = set()
    known: dict[int, int] = {}
    texts: dict[int, str] = {}
    read, size = 0, path.stat().st_size if path.exists() else 0
    loads = json.JSONDecoder(parse_constant=_no_constant, object_pairs_hook=_once).decode
    for number, line in _lines(path):
        read += len(line)
        try:
            name, writers, dataset = parse_row(loads(line.decode("utf-8-sig")))
            if name in ids:
                raise InputError("an id stands there twice", got=repr(name)[:60])
            result = gate.stack(writers, dataset)
        except (InputError, ValueError, RecursionError) as err:
            _set_aside(made, number, line, err, quarantine)
            continue
        ids.add(name)
        n = known.get(id(result))
        if n is None:
            n = known[id(result)] = len(made.kinds)
            made.kinds.append(result)
            made.first[n] = []
        made.rows += 1
        made.results[n] += 1
        made.verdicts[result.verdict] += 1
        if len(made.first[n]) < 3:
            made.first[n].append(number)
        if out is not None:
            out.write(f'{{"id":{_encode(name)},{_tail(result, texts)}\n')
        if made.rows <= LISTED:
            made.listed.append({"id": name, **_record(result)})
        if progress is not None and made.rows % EVERY == 0:
            progress(min(read, size), size)
    if not made.rows and not made.quarantined:
        raise InputError(f"{path} holds no row", wanted="one JSON object on each line")
    return made


def _no_constant(text: str) -> object:
    raise ValueError(f"{text} is no JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object in which no name stands twice: readers differ on which one counts."""
    made = dict(pairs)
    if len(made) != len(pairs):
        twice = next(k for k, n in Counter(k for k, _ in pairs).items() if n > 1)
        raise ValueError(f"{twice!r} stands twice in one object")
    return made


def _set_aside(
    made: Checked, number: int, line: bytes, err: Exception, quarantine: IO[str] | None
) -> None:
    reason = f"not JSON in UTF-8: {err}" if isinstance(err, ValueError) else str(err)
    made.quarantined += 1
    if len(made.bad) < LISTED:
        made.bad.append((number, reason))
    if quarantine is not None:
        kept = {"line": number, "reason": reason, "row": line.decode("utf-8", "backslashreplace")}
        quarantine.write(json.dumps(kept, ensure_ascii=False) + "\n")


def summary(made: Checked, gate: Gate, name: str) -> Mapping[str, Any]:
    """Return the object that ``terms check --json`` prints."""
    shown: dict[str, Any] = {
        "rows_file": name,
        "verdict": made.verdict,
        "counts": {
            "rows": made.rows,
            "quarantined": made.quarantined,
            "by_verdict": {v: made.verdicts[v] for v in VERDICTS},
            "by_reason": made.by_reason(),
        },
        "reasons": made.reasons(),
        "duties": made.duties(),
        "quarantined": [{"line": n, "reason": r} for n, r in made.bad],
        "use": gate.use.record(),
        "use_sha256": gate.use.sha256,
        "catalogue": {
            "instruments": len(gate.catalogue),
            "sha256": gate.catalogue.sha256,
            "added": sorted(gate.catalogue.added),
        },
        "consents": [
            {"sha256": c.sha256, "licensor": c.licensor, "opens": lacks is None, "because": lacks}
            for c, lacks in gate.consents
        ],
        "note": NOTE,
    }
    if made.rows + made.quarantined <= LISTED:
        shown["rows"] = made.listed
    return shown
