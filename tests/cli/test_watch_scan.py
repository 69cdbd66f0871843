"""`hydrometer watch scan`: from logs to findings, and what it says of bad input."""

import gzip
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from hydrometer.cli.main import main
from hydrometer.finding import read_finding
from hydrometer.watch.act.ledger import read_ledger
from hydrometer.watch.key import load_key, make_key

from .watch_logs import START, payload, payloads, write

POLICY = """\
version = 1
dry_run = false
appeal = "appeals@example.org"
max_accounts_per_hour = {cap}
[notice]
action = "review"
ttl = "1d"
[suspect]
action = "throttle"
rpm = 5
ttl = "1d"
[alarm]
action = "block"
ttl = "1d"
[allow]
raw = ["key3"]
orgs = ["team-key4"]
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HYDROMETER_WATCH_KEY", raising=False)
    make_key(tmp_path / "k")
    return tmp_path


@pytest.fixture
def run(here, capsys):
    def call(*args, key=True):
        with pytest.raises(SystemExit) as caught:
            main(["watch", "scan", *map(str, args), *(("--key", "k") if key else ())])
        said = capsys.readouterr()
        return caught.value.code, said.out, said.err

    return call


def test_a_log_gives_findings_tables_and_an_export(here, run):
    rows = payloads()
    write(here / "a.jsonl", rows[::2])
    (here / "b.jsonl.gz").write_bytes(
        gzip.compress("\n".join(map(json.dumps, rows[1::2])).encode())
    )
    code, out, err = run("*.jsonl*", "--out", "o", "--json")
    told = json.loads(out)
    levels = {c["level"] for c in told["clusters"]}
    assert code == (3 if "suspect" in levels and "alarm" not in levels else 0)
    assert told["read"] == {"new": len(rows), "replays": 0, "rejected": 0}
    assert told["events"] == len(rows)
    key = load_key(here / "k", {})
    best = told["clusters"][0]
    assert {a["account"] for a in best["accounts"]} == {
        f"a:{key.account(f'key{i}'):016x}" for i in range(24)
    }
    finding = read_finding(here / "o" / "findings" / f"{best['id']}.json")
    assert [d.name for d in finding.inputs][:2] == ["a.jsonl", "b.jsonl.gz"]
    assert finding.command == "hydrometer watch scan '*.jsonl*' --false-alarms 1/30d"
    assert not (here / "o" / "rejected.jsonl").exists()
    assert "key1" not in "".join(p.read_text() for p in (here / "o").rglob("*") if p.is_file())
    assert f"{len(rows):,} exchanges of 84 accounts" in err
    code, out, _ = run("*.jsonl*")
    assert (best["id"] in out) == (best["level"] in ("suspect", "alarm"))


def test_a_log_without_text_works_with_no_flag(here, run):
    rows = [{k: v for k, v in r.items() if k != "messages"} for r in payloads(each=3)]
    write(here / "a.jsonl", rows)
    code, out, _ = run("a.jsonl", "--json")
    assert code in (0, 3)
    assert json.loads(out)["events"] == len(rows)
    write(here / "b.jsonl", payloads(each=3))
    _, other, _ = run("b.jsonl", "--no-text", "--json")
    assert json.loads(out)["clusters"] == json.loads(other)["clusters"]


def test_broken_rows_are_told_and_set_aside(here, run):
    rows = payloads()
    half = [json.dumps(r)[: 40 if i % 2 else None] for i, r in enumerate(rows)]
    write(here / "a.jsonl", half)
    code, _, err = run("a.jsonl", "--out", "o")
    assert code in (0, 3)
    assert f"{len(rows) // 2:,} rows could not be read" in err
    assert "not JSON" in err
    lines = (here / "o" / "rejected.jsonl").read_text().splitlines()
    assert [json.loads(x)["line"] for x in lines] == list(range(2, len(rows) + 1, 2))


def test_looks_every_so_often_say_when_a_level_was_reached(here, run):
    write(here / "a.jsonl", payloads())
    _, out, _ = run("a.jsonl", "--every", "6h", "--json")
    told = json.loads(out)
    assert told["looks"] > 3
    first = told["clusters"][0]
    assert first["raised"][first["level"]] <= told["time"]


def test_a_policy_runs_dry_unless_it_is_live(here, run):
    write(here / "a.jsonl", payloads())
    (here / "p.toml").write_text(POLICY.format(cap=1000))
    _, out, err = run("a.jsonl", "--policy", "p.toml", "--json")
    told = json.loads(out)
    assert len(told["actions"]) == 22  # of 24, two are on the allow-list
    assert told["spared"] == {"on the allow-list": 2}
    assert all(a["dry_run"] for a in told["actions"])
    assert "would start 22 actions" in err
    run("a.jsonl", "--policy", "p.toml", "--ledger", "l")
    assert [e.dry_run for e in read_ledger(here / "l")] == [True] * 22
    _, _, err = run("a.jsonl", "--policy", "p.toml", "--ledger", "l", "--live")
    assert "started 22 actions" in err
    assert [e.dry_run for e in read_ledger(here / "l")] == [True] * 22 + [False] * 22
    _, _, err = run("a.jsonl", "--policy", "p.toml", "--ledger", "l", "--live")
    assert "started 0 actions" in err


def test_the_cap_of_a_policy_is_a_refusal_after_the_result(here, run):
    write(here / "a.jsonl", payloads())
    (here / "p.toml").write_text(POLICY.format(cap=3).replace('"review"', '"mark"'))
    args = ("a.jsonl", "--policy", "p.toml", "--ledger", "l", "--live", "--json", "--out", "o")
    code, out, err = run(*args)
    assert code == 1
    assert "refused: the policy would act on more accounts" in err
    assert json.loads(out)["clusters"]
    assert list((here / "o" / "findings").iterdir())


def test_a_killed_scan_goes_on_and_counts_nothing_twice(here, run):
    rows = payloads()
    for i in range(40):
        write(here / f"{i:02d}.jsonl", rows[i::40])
    command = "from hydrometer.cli.main import main; main()"
    child = subprocess.Popen(
        [sys.executable, "-c", command, "watch", "scan", "*.jsonl", "--key", "k", "--state", "s"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    limit = time.monotonic() + 60
    while not (here / "s" / "sources.json").exists() and child.poll() is None:
        assert time.monotonic() < limit
        time.sleep(0.002)
    child.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
    child.wait(30)
    _, out, _ = run("*.jsonl", "--state", "s", "--json")
    _, plain, _ = run("*.jsonl", "--json")
    resumed, whole = json.loads(out), json.loads(plain)
    assert resumed["clusters"] == whole["clusters"]
    assert resumed["events"] == whole["events"] == len(rows)
    assert resumed["read"]["new"] < len(rows)  # some were read before
    code, _, err = run("*.jsonl", "--state", "s", "--no-text")
    assert (code, "another key, mapping or --no-text" in err) == (2, True)


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("a.jsonl", "--format", "csv"), "'csv' is not one of"),
        (("a.jsonl", "--format", "otlp"), "no row gave an event"),
        (("none*.jsonl",), "no file matches"),
        (("a.jsonl", "--every", "soon"), "not a time between looks"),
        (("a.jsonl", "--false-alarms", "many"), "not a rate of false alarms"),
        (("a.jsonl", "--mapping", "none.toml"), "cannot read the mapping"),
        (("a.jsonl", "--signals", "none.toml"), "cannot read the settings"),
        (("a.jsonl", "--ledger", "l"), "add --policy FILE"),
        (("a.jsonl", "--policy", "p.toml", "--live"), "add --ledger FILE"),
        (("a.jsonl", "--out", "a.jsonl"), "is a file"),
        (("broken.parquet",), "cannot read broken.parquet"),
        (("nobody.jsonl",), "no row gave an event"),
        (("clickhouse://me:secret@127.0.0.1:9/db",), "ClickHouse does not answer"),
        (("clickhouse://me:secret@127.0.0.1:9/db?x=1",), "unknown options of ClickHouse"),
        ((), "Missing argument"),
    ],
)
def test_input_that_cannot_be_used_is_two_and_explained(here, run, args, says):
    write(here / "a.jsonl", payloads(campaign=1, others=1))
    row = payload("n", "x", "Tell me", START)
    write(here / "nobody.jsonl", [{**row, "metadata": {}}])
    (here / "broken.parquet").write_bytes(b"PAR1 and no more")
    (here / "p.toml").write_text(POLICY.format(cap=3))
    code, out, err = run(*args)
    assert code == 2
    assert says in err
    assert "secret" not in err
    assert out == ""


def test_a_key_is_needed(here, run):
    write(here / "a.jsonl", payloads(campaign=1, others=1))
    code, _, err = run("a.jsonl", key=False)
    assert code == 2
    assert "next: hydrometer watch key FILE" in err


def test_without_ray_its_extra_is_named_before_anything_is_read(here, run, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    code, _, err = run("a.jsonl", "--engine", "ray")
    assert code == 2
    assert "hydrometer[ray]" in err
