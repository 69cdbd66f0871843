"""The commands that follow an alert: policy, actions, reverse, export."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from hydrometer.cli.watch_act import actions, export, policy, reverse
from hydrometer.errors import InputError
from hydrometer.watch.act.entry import Entry
from hydrometer.watch.act.ledger import Ledger
from hydrometer.watch.key import make_key

FINDING = Path(__file__).parents[1] / "data" / "findings" / "watch.json"
DAY = 86_400_000_000
NOW = 1_790_000_000_000_000
POLICY = """\
version = 1
[allow]
raw = ["alice"]
[alarm]
action = "throttle"
rpm = 3
ttl = "7d"
"""


def run(command, *args):
    return CliRunner().invoke(command, [str(a) for a in args], standalone_mode=False)


@pytest.fixture
def ledger(tmp_path):
    path = tmp_path / "actions.jsonl"
    made = Ledger(path, now=0).append(
        [
            Entry("act", NOW, action="block", account=255, cluster="c-1", level="alarm",
                  until=NOW + 90 * DAY),
            Entry("act", NOW, action="mark", account=9, cluster="c-1", level="notice",
                  until=NOW + DAY, dry_run=True),
        ]
    )  # fmt: skip
    return path, made


def test_a_policy_is_checked_and_told(tmp_path, monkeypatch):
    monkeypatch.delenv("HYDROMETER_WATCH_KEY", raising=False)
    file, key = tmp_path / "policy.toml", tmp_path / "key"
    file.write_text(POLICY)
    make_key(key)
    done = run(policy, file, "--key", key)
    assert done.return_value == 0
    assert "alarm: throttle: every member held to 3 requests per minute, for 7 d" in done.stdout
    told = json.loads(run(policy, file, "--key", key, "--json").stdout)
    assert told["rules"]["alarm"]["ttl_seconds"] == 604_800
    assert told["dry_run"] is True
    assert told["allowed_accounts"] == 1
    assert isinstance(run(policy, file).exception, InputError)


def test_actions_in_force_are_listed(ledger):
    path, made = ledger
    done = run(actions, path, "--at", "2026-09-22")
    assert made[0].id in done.stdout
    assert "a:00000000000000ff" in done.stdout
    assert "in force" in done.stdout
    assert "dry" in done.stdout
    rows = json.loads(run(actions, path, "--at", "2026-10-01", "--json").stdout)
    assert [(r["account"], r["status"]) for r in rows] == [("a:00000000000000ff", "in force")]
    rows = json.loads(run(actions, path, "--all", "--at", "2026-10-01", "--json").stdout)
    assert [r["status"] for r in rows] == ["in force", "lapsed"]
    one = run(actions, path, "--all", "--account", "a:0000000000000009", "--json").stdout
    assert [r["action"] for r in json.loads(one)] == ["mark"]
    assert isinstance(run(actions, path, "--account", "alice").exception, InputError)


def test_the_chain_is_verified(ledger):
    path, _ = ledger
    done = run(actions, path, "--verify")
    assert done.return_value == 0
    assert "2 entries, chain whole, head" in done.stdout
    path.write_bytes(path.read_bytes().replace(b'"account":255', b'"account":254'))
    done = run(actions, path, "--verify", "--json")
    assert done.return_value == 1
    assert [n for n, _ in json.loads(done.stdout)["faults"]] == [1, 2]


def test_an_action_is_reversed(ledger):
    path, made = ledger
    done = run(reverse, path, made[0].id, "--reason", "a known customer", "--json")
    assert done.return_value == 0
    assert json.loads(done.stdout)["lifts"] == made[0].id
    rows = json.loads(run(actions, path, "--all", "--json").stdout)
    assert [r["status"] for r in rows if r["id"] == made[0].id] == ["lifted"]
    for args in ((made[0].id, "--reason", "again"), ("x-none", "--reason", "r")):
        assert isinstance(run(reverse, path, *args).exception, InputError)
    gone = run(reverse, path.with_name("none"), made[0].id, "--reason", "r")
    assert isinstance(gone.exception, InputError)
    assert not path.with_name("none").exists()


@pytest.mark.parametrize("kind", ["ocsf", "stix", "csv"])
def test_findings_are_exported(kind, tmp_path):
    out = tmp_path / "out"
    done = run(export, FINDING, "--format", kind, "--out", out, "--json")
    assert done.return_value == 0, done.output
    assert json.loads(done.stdout) == {"written": str(out), "format": kind, "findings": 1}
    text = run(export, FINDING, "--format", kind).stdout
    assert text == out.read_text(encoding="utf-8")
    assert "c-3f9a51c07be2d846" in text


def test_an_export_writes_over_no_finding(tmp_path):
    mine = tmp_path / "f.json"
    mine.write_bytes(FINDING.read_bytes())
    assert isinstance(run(export, mine, "--format", "csv", "--out", mine).exception, InputError)
    assert isinstance(run(export, mine, "--format", "csv", "--json").exception, InputError)
    trace = FINDING.with_name("trace.json")
    assert isinstance(run(export, trace, "--format", "csv").exception, InputError)
