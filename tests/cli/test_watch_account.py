"""Raw accounts to pseudonyms, and those of a finding among them."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from hydrometer.cli.watch_account import account
from hydrometer.errors import InputError, SchemaError
from hydrometer.finding import read_finding, write_finding
from hydrometer.watch.key import Key, make_key
from hydrometer.watch.result import name_of

KEY = "ab" * 32
DATA = Path(__file__).parents[1] / "data" / "findings"


def name(raw):
    return name_of(Key(bytes.fromhex(KEY)).account(raw))


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("HYDROMETER_WATCH_KEY", KEY)


def run(*arguments, **more):
    done = CliRunner().invoke(account, [str(a) for a in arguments], standalone_mode=False, **more)
    if done.exception:
        raise done.exception
    return done


@pytest.fixture
def finding(tmp_path):
    made = read_finding(DATA / "watch.json")
    members = [{"account": name(a), "membership": 1.0} for a in ("bob", "café")]
    path = tmp_path / "finding.json"
    write_finding(replace(made, details={**made.details, "accounts": members}), path)
    return path


def test_accounts_come_with_their_pseudonyms(tmp_path):
    assert run("alice", " bob ").stdout == f"{name('alice')}\talice\n{name('bob')}\tbob\n"
    told = [json.loads(x) for x in run("alice", "--json").stdout.splitlines()]
    assert told == [{"account": name("alice"), "raw": "alice"}]
    make_key(tmp_path / "other")
    assert name("alice") not in run("alice", "--key", tmp_path / "other").stdout


def test_a_list_on_stdin_is_matched_with_a_finding(finding):
    given = "alice\n\nbob\r\ncafé\ndave".encode()
    assert len(run("-", input=given).stdout.splitlines()) == 4
    done = run("-", "--match", finding, input=given)
    assert done.stdout == f"{name('bob')}\tbob\n{name('café')}\tcafé\n"
    assert done.stderr == "2 of 4 given are among the 2 accounts of the finding\n"


def test_under_another_key_nobody_is_in_it(finding, tmp_path):
    make_key(tmp_path / "other")
    assert run("bob", "--match", finding, "--key", tmp_path / "other").stdout == ""


def test_mistakes_are_told(monkeypatch):
    with pytest.raises(InputError, match="line 2 of stdin"):
        run("-", input=b"alice\n\xff\n")
    with pytest.raises(InputError, match="alone"):
        run("-", "alice")
    with pytest.raises(SchemaError, match="not a finding of watch"):
        run("alice", "--match", DATA / "trace.json")
    monkeypatch.delenv("HYDROMETER_WATCH_KEY")
    with pytest.raises(InputError, match="no key"):
        run("alice")
