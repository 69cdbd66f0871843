"""Tables of a real ClickHouse server (Debian's package clickhouse-server), over HTTP."""

import shutil
import socket
import subprocess
import time

import httpx
import msgspec
import pytest

from hydrometer.errors import InputError, StoreError
from hydrometer.watch.sources import clickhouse
from hydrometer.watch.sources.attribution import Attribution
from hydrometer.watch.sources.clickhouse import _moment, parse_url, read_table
from hydrometer.watch.sources.registry import read_files

SERVER = shutil.which("clickhouse-server", path="/usr/sbin:/usr/bin:/usr/local/bin")

CONFIG = """<yandex>
<logger><level>warning</level><log>{0}/log</log><errorlog>{0}/err</errorlog></logger>
<http_port>{1}</http_port><listen_host>127.0.0.1</listen_host><timezone>Europe/Berlin</timezone>
<path>{0}/data/</path><tmp_path>{0}/tmp/</tmp_path><users_config>{0}/users.xml</users_config>
<default_profile>default</default_profile><default_database>default</default_database>
<mark_cache_size>5368709</mark_cache_size>
</yandex>"""
USERS = """<yandex>
<profiles><default><max_memory_usage>1000000000</max_memory_usage></default></profiles>
<users><watcher><password>s3cr:t</password><networks><ip>127.0.0.1</ip></networks>
<profile>default</profile><quota>default</quota></watcher></users>
<quotas><default/></quotas></yandex>"""

TABLES = (
    "CREATE TABLE spend_logs (request_id String, call_type String, api_key String,"
    " spend Float64, total_tokens Int64, prompt_tokens Int64, completion_tokens Int64,"
    " startTime DateTime, endTime DateTime, model String, user String, metadata String,"
    " cache_hit String, request_tags String) ENGINE = MergeTree() PARTITION BY"
    " toYYYYMM(startTime) ORDER BY (startTime, request_id)",
    "CREATE TABLE observations (id String, trace_id String, project_id String, type String,"
    " start_time DateTime, metadata String, level String, input Nullable(String),"
    " provided_model_name Nullable(String), model_parameters Nullable(String),"
    " usage_details String, event_ts DateTime, is_deleted UInt8)"
    " ENGINE = MergeTree() PARTITION BY toYYYYMM(start_time) ORDER BY (project_id, id)",
    "CREATE TABLE traces (id String, user_id Nullable(String), session_id Nullable(String),"
    " timestamp DateTime, event_ts DateTime) ENGINE = MergeTree() PARTITION BY"
    " toYYYYMM(timestamp) ORDER BY id",
    "CREATE TABLE moons (name String) ENGINE = Memory",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    if SERVER is None:
        pytest.skip("needs the package clickhouse-server")
    place = tmp_path_factory.mktemp("clickhouse")
    for name in ("data", "tmp"):
        (place / name).mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (place / "config.xml").write_text(CONFIG.format(place, port))
    (place / "users.xml").write_text(USERS)
    with (place / "out").open("wb") as out:
        process = subprocess.Popen(
            [SERVER, f"--config-file={place}/config.xml"], cwd=place, stdout=out, stderr=out
        )
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", auth=("watcher", "s3cr:t"))

    def ask(sql):
        client.post("/", content=sql.encode()).raise_for_status()

    try:
        for _ in range(200):
            try:
                ask("SELECT 1")
                break
            except httpx.TransportError:
                assert process.poll() is None, (place / "out").read_text()[-2000:]
                time.sleep(0.1)
        for table in TABLES:
            ask(table)
        fill(ask)
        yield f"clickhouse://watcher:s3cr%3At@127.0.0.1:{port}/default"
    finally:
        client.close()
        process.terminate()
        process.wait(30)


def insert(ask, table, rows):
    ask(
        f"INSERT INTO {table} FORMAT JSONEachRow "
        + "\n".join(msgspec.json.encode(r).decode() for r in rows)
    )


def fill(ask):
    # Written as epochs: what the server prints of them is in its own zone.
    insert(
        ask,
        "spend_logs",
        [
            {
                "request_id": f"r'{n:02}\\",
                "api_key": f"k{n % 3}",
                "prompt_tokens": n,
                "startTime": 1767225600 + n // 4,  # four in each second
                "endTime": 1767225700,
                "model": "gpt-4o",
                "metadata": '{"requester_ip_address": "203.0.113.7"}',
            }
            for n in range(10)
        ],
    )
    row = {
        "trace_id": "t1",
        "project_id": "p",
        "type": "GENERATION",
        "start_time": 1767225600,
        "provided_model_name": "gpt-4o",
        "model_parameters": '{"temperature": 0.5, "max_tokens": "9"}',
        "usage_details": '{"input": 5, "output": 7, "total": 12}',
        "metadata": '{"user_api_key_team_id": "team-a"}',
        "event_ts": 1767225601,
    }
    said = '[{"role": "user", "content": "%s"}]'
    insert(
        ask,
        "observations",
        [
            {**row, "id": "o1", "input": said % "early"},
            {**row, "id": "o1", "input": said % "late", "event_ts": 1767225609},
            {**row, "id": "o2", "type": "SPAN"},
            {**row, "id": "o3", "is_deleted": 1},
            {**row, "id": "o4", "trace_id": "t2", "level": "ERROR", "start_time": 1767225603},
            {**row, "id": "o5", "trace_id": "t3"},
        ],
    )
    trace = {"timestamp": 1767225600, "event_ts": 1767225601, "user_id": None}
    insert(
        ask,
        "traces",
        [
            {**trace, "id": "t1", "user_id": "old"},
            {**trace, "id": "t1", "user_id": "ann", "event_ts": 1767225605},
            {**trace, "id": "t2", "session_id": "s2"},
        ],
    )


def test_spend_logs(server):
    parts = list(read_files(f"{server}?table=spend_logs", attribution=Attribution(), batch=3))
    found = [o for p in parts for o in p.observations]
    assert [o.request.partition("/")[0] for o in found] == [f"r'{n:02}\\" for n in range(10)]
    assert [o.time for o in found] == [(1767225600 + n // 4) * 1_000_000 for n in range(10)]
    assert (found[4].account, found[4].model, found[4].tokens_in) == ("k1", "gpt-4o", 4)
    assert found[4].links == {"ip": "203.0.113.7"}
    assert [len(p.observations) for p in parts] == [3, 3, 3, 1]


def test_a_run_that_was_ended_goes_on(server):
    known = {"attribution": Attribution(), "batch": 3}
    whole = [o.request for p in read_table(server, **known) for o in p.observations]
    first = next(iter(read_table(server, **known)))
    rest = list(read_table(server, cursor=first.cursor, **known))
    requests = [o.request for p in (first, *rest) for o in p.observations]
    assert requests == whole
    assert list(read_table(server, cursor=rest[-1].cursor, **known)) == []


def test_langfuse(server):
    url = f"{server}?table=observations"
    parts = list(read_table(url, attribution=Attribution(), batch=2))
    found = [o for p in parts for o in p.observations]
    assert [(o.request.split("/")[0], o.account, o.user) for o in found] == [
        ("o1", "ann", "late"),
        ("o4", "s2", None),
    ]
    assert (found[0].tokens_in, found[0].tokens_out, found[0].max_tokens) == (5, 7, 9)
    assert (found[0].links, found[0].time) == ({"org": "team-a"}, 1767225600000000)
    assert found[1].status == "error"
    assert sum(p.skipped for p in parts) == 2
    (rejected,) = [r for p in parts for r in p.rejected]
    assert "user_id" in rejected.reason


def test_what_the_server_refuses(server):
    for url, says in (
        (f"{server}?table=absent", "cannot read"),
        (f"{server}?table=moons", "is no table that can be read"),
        (server.replace("s3cr%3At", "wr0ng"), "cannot read"),
        ("clickhouse://watcher:s3cr%3At@127.0.0.1:1/default", "does not answer"),
    ):
        with pytest.raises(StoreError, match=says) as told:
            list(read_table(url, attribution=Attribution()))
        assert "s3cr" not in str(told.value)
        assert "wr0ng" not in str(told.value)


def test_an_error_after_the_first_rows(server):
    """A query that fails in the middle: the status was sent as 200 before."""
    sql = "SELECT number, throwIf(number = 300000) AS t FROM system.numbers"
    table = parse_url(server)
    with (
        httpx.Client(base_url=table.base, auth=("watcher", "s3cr:t")) as client,
        pytest.raises(StoreError, match="cannot read"),
    ):
        clickhouse._Server(client, table).ask(sql)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://host/db", "not an address"),
        ("clickhouse:///db", "not an address"),
        ("clickhouse://host:port/db", "cannot be read"),
        ("clickhouse://host/db?table=a`b", "not a name of a table"),
        ("clickhouse://host/d-b", "not a name of a database"),
        ("clickhouse://host/db?moon=1", "unknown options"),
    ],
)
def test_addresses_that_are_none(url, says):
    with pytest.raises(InputError, match=says):
        parse_url(url)


def test_addresses():
    assert str(parse_url("clickhouse+https://h/d")) == "https://h:8443/d?table=spend_logs"
    assert parse_url("clickhouse://[::1]:9/").base == "http://[::1]:9"
    table = parse_url("clickhouse://u:p%40ss@h")
    assert (table._password, table.database) == ("p@ss", "default")
    assert "p@ss" not in repr(table) + str(table)
    with pytest.raises(InputError, match="not a cursor"):
        list(read_table("clickhouse://h", attribution=Attribution(), cursor="x"))


def test_a_time_in_the_precision_of_its_column():
    assert _moment("DateTime", "2026-01-01 00:00:00") == "toDateTime('2026-01-01 00:00:00', 'UTC')"
    kind = "Nullable(DateTime64(3, 'UTC'))"
    assert _moment(kind, "x'y") == "toDateTime64('x\\'y', 3, 'UTC')"
