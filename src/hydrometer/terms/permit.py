"""The permit: that the gate let these rows, and no others, into this use."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from hydrometer.errors import InputError, NotPermitted
from hydrometer.terms.catalogue import Catalogue
from hydrometer.terms.claims import Claim
from hydrometer.terms.gate import Gate
from hydrometer.terms.row import parse_row
from hydrometer.terms.use import Use
from hydrometer.terms.verdict import OPEN, Result, worst

__all__ = ["Permit", "issue", "read_permit", "rows_digest", "write_permit"]

SHOWN = 5


@dataclass(frozen=True)
class Permit:
    """What every function that trains asks for.

    Parameters
    ----------
    verdict : str
        ``permitted`` or ``with-duties``.
    rows : int
        How many rows it covers.
    rows_sha256, use_sha256, catalogue_sha256 : str
        Of what was judged, for which use, by which texts.
    student_name : str or None
        For which student.
    issued_at, expires : str
        ISO time, and the first day on which a text that it rests on is stale
        or a consent has ended.
    duties : tuple of mapping
        What is owed: ``kind``, ``text``, ``instrument``, ``clause``, ``when``.
    instruments : tuple of str
        ``key@version`` of every text that it rests on.
    consents : tuple of str
        SHA-256 of the consents that opened something.
    """

    verdict: str
    rows: int
    rows_sha256: str
    use_sha256: str
    catalogue_sha256: str
    student_name: str | None
    issued_at: str
    expires: str
    duties: tuple[Mapping[str, Any], ...]
    instruments: tuple[str, ...]
    consents: tuple[str, ...]

    def require(self, rows: Sequence[Mapping[str, Any]], *, at: date) -> None:
        """Raise unless this permit is for exactly these rows, on this day.

        Raises
        ------
        NotPermitted
            If a row was added, taken away or changed, or the permit has run out.
        """
        if self.verdict not in OPEN:
            raise NotPermitted("the permit permits nothing", got=self.verdict)
        if at.isoformat() >= self.expires:
            raise NotPermitted(
                "the permit has run out",
                got=f"{at}, and it ended on {self.expires}",
                next_step="hydrometer terms check again, with texts that were read since",
            )
        if at.isoformat() < self.issued_at[:10]:
            raise NotPermitted("the permit is not yet in force", got=f"{at} < {self.issued_at}")
        if len(rows) != self.rows or rows_digest(rows) != self.rows_sha256:
            raise NotPermitted(
                "the permit is for other rows",
                got=f"{len(rows)} rows",
                wanted=f"the {self.rows} rows with digest {self.rows_sha256[:12]}",
                next_step="let the gate judge these rows",
            )


def rows_digest(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return the SHA-256 of rows, whatever their order.

    Raises
    ------
    InputError
        If a row cannot be written as JSON.

    Examples
    --------
    >>> a, b = {"id": "1", "writers": []}, {"id": "2", "writers": []}
    >>> rows_digest([a, b]) == rows_digest([b, a]) != rows_digest([a])
    True
    """
    try:
        lines = sorted(
            json.dumps(r, sort_keys=True, ensure_ascii=False, separators=(",", ":")) for r in rows
        )
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()
    except (TypeError, ValueError, RecursionError) as err:
        raise InputError("a row is no JSON", got=str(err)[:120]) from err


def issue(
    rows: Sequence[Mapping[str, Any]],
    use: Use,
    catalogue: Catalogue,
    *,
    at: datetime,
    claims: Sequence[Claim] = (),
) -> Permit:
    """Judge rows and return the permit for them.

    Parameters
    ----------
    rows : sequence of mapping
        In the row format.
    use : Use
        The declared use.
    catalogue : Catalogue
        The instruments.
    at : datetime
        The present.
    claims : sequence of Claim
        Model cards.

    Raises
    ------
    NotPermitted
        If the worst row is anything but permitted or with duties, the day of
        use lies ahead, or the student's name is seen not to fulfil a duty.
    InputError
        If there is no row, one is none, or an id stands there twice.
    """
    if not rows:
        raise InputError("no row to judge", wanted="at least one")
    today = (at.astimezone(UTC) if at.tzinfo else at).date()
    if use.used_at > today:
        raise NotPermitted(
            "the day of use lies ahead, and texts may change until then",
            got=f"used_at {use.used_at}, today {today}",
            next_step="ask for the permit on that day",
        )
    gate = Gate(catalogue, use, claims=claims)
    ids = Counter(parse_row(r)[0] for r in rows)
    if twice := [i for i, n in ids.items() if n > 1]:
        raise InputError("an id stands there twice", got=", ".join(twice[:SHOWN]))
    results = [gate.judge(r) for r in rows]
    verdict = worst(r.verdict for r in results)
    distinct = list({id(r): r for r in results}.values())
    if verdict not in OPEN:
        raise _refusal(results)
    duties = list(dict.fromkeys(d for r in distinct for d in r.duties))
    unmet = [d for d in duties if d.met is False]
    if unmet:
        raise NotPermitted(
            "the student's name does not fulfil a duty",
            got=repr(use.student_name),
            wanted=f"a name that begins with {unmet[0].text!r} ({unmet[0].instrument}, "
            f"{unmet[0].clause})",
            next_step="rename the student in recipe and use file",
        )
    used = {r.instrument for d in distinct for r in d.reasons if r.instrument}
    opened = sorted({r.consent for d in distinct for r in d.reasons if r.consent})
    return Permit(
        verdict=verdict,
        rows=len(rows),
        rows_sha256=rows_digest(rows),
        use_sha256=use.sha256,
        catalogue_sha256=catalogue.sha256,
        student_name=use.student_name,
        issued_at=(at.astimezone(UTC) if at.tzinfo else at).isoformat(),
        expires=_ends(gate, use, consents=bool(opened)).isoformat(),
        duties=tuple(d.record() for d in duties),
        instruments=tuple(sorted(used | {i.name for i in gate.current})),
        consents=tuple(opened),
    )


def _refusal(results: Sequence[Result]) -> NotPermitted:
    closed = [r for r in results if r.verdict not in OPEN]
    lines = Counter(
        f"{x.label} ({x.model or 'row'}): {x.because}" + (f"; {x.settle}" if x.settle else "")
        for r in closed
        for x in r.reasons
        if x.verdict not in OPEN
    )
    shown = [f"{line} [{n} rows]" for line, n in lines.most_common(SHOWN)]
    return NotPermitted(
        f"{len(closed)} of {len(results)} rows may not be used so",
        got=" | ".join(shown),
        wanted="permitted or with-duties for every row",
        next_step="settle what is named, or leave those rows out",
    )


def _ends(gate: Gate, use: Use, *, consents: bool) -> date:
    """Return the first day on which the gate has to be asked again.

    That is when a text that it looked at is stale or has given way to another
    version, said it something or not, or when a consent has ended.
    """
    ends = []
    for i in gate.current:
        if i.seen is not None:
            hosted = {"api", "consumer", "host", "aggregator"} & set(i.surface)
            limit = use.hosted_days if hosted else use.weights_days
            ends.append(i.seen + timedelta(days=limit + 1))
        if i.effective_to is not None:
            ends.append(i.effective_to)
    if consents:
        ends += [c.expires for c in use.consents if c.expires and c.expires > use.used_at]
    return min(ends, default=use.used_at + timedelta(days=1))


def write_permit(permit: Permit, path: Path) -> None:
    """Write a permit as JSON.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    text = json.dumps(asdict(permit), indent=2, sort_keys=True, ensure_ascii=False)
    try:
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as err:
        raise InputError(f"cannot write {path}", got=err.strerror or str(err)) from err


def read_permit(path: Path) -> Permit:
    """Return the permit in a file.

    Raises
    ------
    InputError
        If it cannot be read or is none.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        names = {f.name for f in fields(Permit)}
        if not isinstance(raw, dict) or set(raw) != names:
            raise InputError(f"{path} is no permit", wanted=", ".join(sorted(names)))
        if wrong := [name for name, sound in _SOUND.items() if not sound(raw[name])]:
            raise InputError(f"{path} is no permit", got=f"{wrong[0]} = {raw[wrong[0]]!r}"[:80])
        listed = {k: tuple(raw[k]) for k in ("duties", "instruments", "consents")}
        return Permit(**{**raw, **listed})
    except OSError as err:
        raise InputError(f"cannot read {path}", got=err.strerror or str(err)) from err
    except (ValueError, RecursionError) as err:
        raise InputError(f"{path} is no permit", got=str(err)) from err


def _day(value: object) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _time(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(datetime.fromisoformat(value)) and _day(value[:10])
    except ValueError:
        return False


def _digest(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value) is not None


def _all(value: object, kind: type) -> bool:
    return isinstance(value, list) and all(isinstance(v, kind) for v in value)


_SOUND: Mapping[str, Callable[[object], bool]] = {
    "verdict": lambda v: v in OPEN,
    "rows": lambda v: isinstance(v, int) and not isinstance(v, bool) and v > 0,
    "rows_sha256": _digest,
    "use_sha256": _digest,
    "catalogue_sha256": _digest,
    "student_name": lambda v: v is None or isinstance(v, str),
    "issued_at": _time,
    "expires": _day,
    "duties": lambda v: _all(v, dict),
    "instruments": lambda v: _all(v, str),
    "consents": lambda v: _all(v, str),
}
"""What each field of a permit must be."""
