"""Tables that LiteLLM or Langfuse fill in ClickHouse, read over its HTTP interface.

No driver: ``SELECT ... FORMAT JSONEachRow`` over httpx. Reading goes on from a cursor, so that a
run that was ended continues where it stopped.

References
----------
ClickHouse docs, "HTTP Interface": the query in the body of a POST, ``database`` in the address,
the user by basic authentication; an error is a status of 400 or more, or, once rows were sent,
``Code: N`` or ``{"exception": ...}`` at the end of the body.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx
import msgspec

from hydrometer.errors import InputError, StoreError
from hydrometer.watch.sources.attribution import Attribution
from hydrometer.watch.sources.decoded import Decoded
from hydrometer.watch.sources.langfuse import add_row
from hydrometer.watch.sources.litellm import decode_lines

__all__ = ["Table", "parse_url", "read_table"]

_SCHEMES = {"clickhouse": ("http", 8123), "clickhouse+https": ("https", 8443)}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SPEND = (
    *("request_id", "api_key", "endTime", "model", "model_group", "user", "end_user"),
    *("team_id", "organization_id", "requester_ip_address", "status", "metadata"),
    *("messages", "response", "proxy_server_request", "prompt_tokens", "completion_tokens"),
)
_GENERATION = (
    *("id", "trace_id", "project_id", "type", "metadata", "input", "provided_model_name"),
    *("model_parameters", "usage_details", "level", "is_deleted"),
)


@dataclass(frozen=True)
class Table:
    """One table of one server. The password is in no text of it.

    Parameters
    ----------
    base : str
        Address of the HTTP interface.
    database, table : str
        What to read.
    user : str
        Who reads; empty for the default user.
    """

    base: str
    database: str
    table: str
    user: str
    _password: str

    def __repr__(self) -> str:
        return f"Table({self})"

    def __str__(self) -> str:
        return f"{self.base}/{self.database}?table={self.table}"


def parse_url(url: str) -> Table:
    """Return the table of a URL ``clickhouse://user:password@host:8123/database?table=NAME``.

    ``clickhouse+https://`` speaks TLS. The table is ``spend_logs`` where none is named.

    Raises
    ------
    InputError
        If it is no such URL; the message holds no password.

    Examples
    --------
    >>> parse_url("clickhouse://me:secret@db.example/logs?table=observations")
    Table(http://db.example:8123/logs?table=observations)
    """
    wanted = "clickhouse://user:password@host:8123/database?table=NAME"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as err:
        raise InputError("the address of ClickHouse cannot be read", wanted=wanted) from err
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise InputError("not an address of ClickHouse", wanted=wanted)
    scheme, usual = _SCHEMES[parts.scheme]
    options = dict(parse_qsl(parts.query))
    table = options.pop("table", "spend_logs")
    database = unquote(parts.path.strip("/")) or "default"
    if options:
        raise InputError(
            "unknown options of ClickHouse", got=", ".join(options)[:80], wanted="table"
        )
    for what, name in (("database", database), ("table", table)):
        if not _NAME.fullmatch(name):
            raise InputError(f"not a name of a {what}", got=repr(name)[:60])
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    base = f"{scheme}://{host}:{port or usual}"
    return Table(
        base, database, table, unquote(parts.username or ""), unquote(parts.password or "")
    )


def read_table(
    url: str,
    *,
    attribution: Attribution,
    cursor: str | None = None,
    batch: int = 4096,
) -> Iterator[Decoded]:
    """Yield what a table holds, by time and id, each part with the cursor to go on from.

    Parameters
    ----------
    url : str
        See `parse_url`. A table with ``startTime`` is read as LiteLLM's spend logs, one with
        ``start_time`` and ``trace_id`` as Langfuse's observations.
    attribution : Attribution
        Which fields name the account and the links.
    cursor : str or None
        `Decoded.cursor` of the last part that was kept; None starts at the beginning.
    batch : int
        Rows of one query.

    Raises
    ------
    InputError
        If the URL or the cursor cannot be read.
    StoreError
        If the server does not answer, refuses, or has no such table.
    """
    table, after = parse_url(url), _cursor(cursor)
    with httpx.Client(
        base_url=table.base, auth=(table.user or "default", table._password), timeout=120
    ) as client:
        server = _Server(client, table)
        plan = server.plan()
        line = 1
        while True:
            rows = server.rows(plan, after, batch)
            if not rows:
                return
            after = (str(rows[-1]["_t"]), str(rows[-1]["_id"]))
            out = plan.decode(server, rows, line, attribution)
            out.cursor = msgspec.json.encode(after).decode()
            yield out
            line += len(rows)
            if len(rows) < batch:
                return


def _cursor(text: str | None) -> tuple[str, str] | None:
    if text is None:
        return None
    try:
        return msgspec.json.decode(text, type=tuple[str, str])
    except (msgspec.MsgspecError, UnicodeEncodeError) as err:
        raise InputError(
            "not a cursor", got=repr(text)[:80], wanted="one of an earlier run"
        ) from err


@dataclass(frozen=True)
class _Plan:
    """Which columns to ask for, and how the rows are read."""

    columns: tuple[str, ...]
    time: str
    kind: str
    id: str
    newest: str | None = None

    def decode(
        self, server: _Server, rows: list[dict[str, Any]], line: int, attribution: Attribution
    ) -> Decoded:
        """Return the observations of the rows."""
        for row in rows:
            row[self.time] = row.pop("_t")
            row.pop("_id")
        if self.id == "request_id":
            lines = ((n, msgspec.json.encode(row)) for n, row in enumerate(rows, line))
            return decode_lines(lines, attribution=attribution, source=server.table.table)
        people = server.traces({str(row.get("trace_id")) for row in rows})
        out = Decoded()
        for n, row in enumerate(rows, line):
            row.update(people.get(str(row.get("trace_id")), {}))
            add_row(out, row, n, attribution=attribution)
        return out


class _Server:
    """Asks the questions."""

    def __init__(self, client: httpx.Client, table: Table) -> None:
        self.client, self.table = client, table

    def ask(self, sql: str) -> list[dict[str, Any]]:
        """Return the rows of a query."""
        parameters = {"database": self.table.database}
        try:
            answer = self.client.post(
                "/", params=parameters, content=f"{sql} FORMAT JSONEachRow".encode()
            )
        except httpx.HTTPError as err:
            raise StoreError(
                f"ClickHouse does not answer at {self.table}",
                got=f"{type(err).__name__}: {err}"[:160],
                next_step="check the address",
            ) from err
        if answer.status_code != httpx.codes.OK:
            raise self._refused(answer.text)
        rows = []
        for line in answer.content.splitlines():
            if not line.strip():
                continue
            try:
                row = msgspec.json.decode(line, type=dict[str, Any])
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as err:
                raise self._refused(line.decode("utf-8", "replace")) from err
            if row.keys() == {"exception"}:  # so newer servers write it
                raise self._refused(str(row["exception"]))
            rows.append(row)
        return rows

    def _refused(self, text: str) -> StoreError:
        if self.table._password:
            text = text.replace(self.table._password, "***")
        return StoreError(
            f"ClickHouse cannot read {self.table}",
            got=" ".join(text.split())[:200],
            next_step="check the name of the table and the rights of the user",
        )

    def plan(self) -> _Plan:
        """Find out what kind of table it is."""
        described = self.ask(f"DESCRIBE TABLE `{self.table.table}`")
        kinds = {str(row.get("name")): str(row.get("type")) for row in described}
        if "startTime" in kinds and "request_id" in kinds:
            spend = tuple(c for c in _SPEND if c in kinds)
            return _Plan(spend, "startTime", kinds["startTime"], "request_id")
        if {"start_time", "trace_id", "id"} <= kinds.keys():
            generation = tuple(c for c in _GENERATION if c in kinds)
            newest = "event_ts" if "event_ts" in kinds else None
            return _Plan(generation, "start_time", kinds["start_time"], "id", newest)
        raise StoreError(
            f"{self.table} is no table that can be read",
            got=f"columns {', '.join(kinds)}"[:160],
            wanted="LiteLLM's spend_logs or Langfuse's observations",
        )

    def rows(self, plan: _Plan, after: tuple[str, str] | None, batch: int) -> list[dict[str, Any]]:
        """Return the next rows by time and id, times as text in UTC."""
        listed = ", ".join(f"`{c}`" for c in plan.columns)
        where = ""
        if after is not None:
            moment = _moment(plan.kind, after[0])
            same = f"`{plan.time}` = {moment} AND toString(`{plan.id}`) > {_quoted(after[1])}"
            # The first test says nothing new: by it whole partitions are left out.
            where = f" WHERE `{plan.time}` >= {moment} AND (`{plan.time}` > {moment} OR ({same}))"
        # Of one id the newest row alone: Langfuse's tables keep each change until they merge.
        newest = f", `{plan.newest}` DESC LIMIT 1 BY _id" if plan.newest else ""
        return self.ask(
            f"SELECT {listed}, toString(`{plan.time}`, 'UTC') AS _t, "  # noqa: S608
            f"toString(`{plan.id}`) AS _id FROM `{self.table.table}`{where} "
            f"ORDER BY `{plan.time}`, _id{newest} LIMIT {int(batch)}"
        )

    def traces(self, ids: set[str]) -> dict[str, dict[str, Any]]:
        """Return user and session of Langfuse's traces."""
        if not ids:
            return {}
        listed = ", ".join(_quoted(i) for i in sorted(ids))
        found = self.ask(
            "SELECT `id`, `user_id`, `session_id` FROM `traces` "  # noqa: S608
            f"WHERE `id` IN ({listed}) ORDER BY `id`, `event_ts` DESC LIMIT 1 BY `id`"
        )
        return {str(row.pop("id")): row for row in found}


def _moment(kind: str, text: str) -> str:
    """Return the SQL of a time that was printed in UTC, in the precision of its column."""
    match = re.search(r"DateTime64\((\d)", kind)
    if match:
        return f"toDateTime64({_quoted(text)}, {match[1]}, 'UTC')"
    return f"toDateTime({_quoted(text)}, 'UTC')"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
