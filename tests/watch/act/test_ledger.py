"""The ledger: nothing lost, nothing counted twice, every change seen."""

import contextlib
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hydrometer.errors import HydrometerError, InputError, SchemaError, StoreError
from hydrometer.watch.act.entry import Entry
from hydrometer.watch.act.ledger import Ledger, read_ledger, verify_chain


def act(account, **more):
    fields = {"action": "block", "until": 1_000, "cluster": "c-1", "finding": "f", "policy": "p"}
    return Entry("act", 10, account=account, **{**fields, **more})


@pytest.fixture
def path(tmp_path):
    return tmp_path / "actions.jsonl"


def test_what_is_written_is_read_again(path):
    made = Ledger(path, now=0).append([act(1), act(2**64 - 1)])
    assert read_ledger(path) == made
    again = Ledger(path, now=5)
    assert again.entries == made
    assert sorted(again.state.in_force(50)) == [1, 2**64 - 1]
    checked = verify_chain(path)
    assert (checked.entries, checked.faults, checked.torn) == (2, (), 0)
    assert checked.head == again.head


def test_every_action_can_be_lifted_once_and_with_a_reason(path):
    ledger = Ledger(path, now=0)
    (made,) = ledger.append([act(1)])
    with pytest.raises(InputError, match="reason"):
        ledger.reverse(made.id, " ", 20)
    lift = ledger.reverse(made.id, "a university course", 20)
    assert (lift.kind, lift.account, lift.finding) == ("lift", 1, "f")
    assert ledger.state.in_force(21) == {}
    with pytest.raises(InputError, match="lifted before"):
        ledger.reverse(made.id, "again", 30)
    with pytest.raises(InputError, match="no such action"):
        ledger.reverse(lift.id, "the lift itself", 30)
    assert verify_chain(path).faults == ()


def test_a_torn_last_line_is_set_aside_with_a_note(path):
    Ledger(path, now=0).append([act(1), act(2)])
    data = path.read_bytes()
    path.write_bytes(data[:-20])
    assert verify_chain(path).torn > 0
    assert len(read_ledger(path)) == 1
    healed = Ledger(path, now=77)
    assert [e.kind for e in healed.entries] == ["act", "note"]
    assert (healed.entries[-1].time, "set aside" in healed.entries[-1].reason) == (77, True)
    assert (path.parent / "actions.jsonl.torn").read_bytes()[:-1] in data
    healed.append([act(2)])
    assert verify_chain(path).faults == ()


def test_changes_inside_are_seen(path):
    Ledger(path, now=0).append([act(1), act(2), act(3)])
    lines = path.read_bytes().splitlines(keepends=True)
    for changed, at in (
        ([lines[0].replace(b'"account":1', b'"account":9'), *lines[1:]], {1, 2}),
        ([lines[0], lines[2]], {2}),
        ([lines[0], lines[2], lines[1]], {2, 3}),
        ([*lines, lines[2]], {4}),
    ):
        path.write_bytes(b"".join(changed))
        assert {n for n, _ in verify_chain(path).faults} == at
        with pytest.raises(SchemaError):
            Ledger(path, now=0)


def test_two_holders_see_each_other(path):
    one, two = Ledger(path, now=0), Ledger(path, now=0)
    one.append([act(1)])
    two.append([act(2)])
    one.append([act(3)])
    assert [e.account for e in Ledger(path, now=0).entries] == [1, 2, 3]
    assert verify_chain(path).faults == ()


def test_two_processes_write_one_chain(path):
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from hydrometer.watch.act.entry import Entry\n"
        "from hydrometer.watch.act.ledger import Ledger\n"
        "held = Ledger(Path(sys.argv[1]), now=0)\n"
        "for i in range(20):\n"
        "    held.append([Entry('act', i, account=int(sys.argv[2]), action='mark', until=99)])\n"
    )
    runs = [subprocess.Popen([sys.executable, "-c", code, str(path), str(n)]) for n in (1, 2)]
    assert [r.wait(60) for r in runs] == [0, 0]
    checked = verify_chain(path)
    assert (checked.entries, checked.faults) == (40, ())


CODE = """
import sys
from pathlib import Path
from hydrometer.errors import StoreError
from hydrometer.watch.act.entry import Entry
from hydrometer.watch.act.ledger import Ledger
held = Ledger(Path(sys.argv[1]), now=0)
def act(account):
    return Entry("act", 10, account=account, action="mark", until=99)
"""


def test_nothing_acknowledged_is_lost_when_the_process_is_killed(path):
    code = CODE + "for n in range(10**6):\n    held.append([act(n)])\n    print(n, flush=True)\n"
    run = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE)
    told = [int(run.stdout.readline()) for _ in range(50)]
    run.kill()
    told += [int(x) for x in run.communicate()[0].split(b"\n")[:-1]]
    assert run.returncode == -9
    held = [e.account for e in Ledger(path, now=1).entries if e.kind == "act"]
    assert held[: len(told)] == told
    assert len(held) - len(told) <= 1  # written, and killed before it was told
    assert verify_chain(path).faults == ()


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on file sizes here")
def test_a_full_disk_is_our_error_and_nothing_counts(path):
    code = CODE + (
        "import resource\n"
        "held.append([act(1)])\n"
        "size = Path(sys.argv[1]).stat().st_size\n"
        "hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (size + 300, hard))\n"
        "try:\n    held.append([act(2), act(3)])\n"
        "except StoreError as err:\n    print(err.what)\n"
        "assert list(held.state.acts.values())[-1].account == 1\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))\n"
        "held.append([act(4)])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("cannot write the ledger"), done.stderr
    assert done.returncode == 0, done.stderr
    assert [e.account for e in read_ledger(path)] == [1, 4]
    assert verify_chain(path).faults == ()


def test_a_ledger_that_was_cut_is_not_written_on(path):
    ledger = Ledger(path, now=0)
    ledger.append([act(1), act(2)])
    path.write_bytes(path.read_bytes().split(b"\n")[0] + b"\n")
    with pytest.raises(StoreError, match="shorter"):
        ledger.append([act(3)])
    assert len(read_ledger(path)) == 1


def test_no_file_is_our_error(tmp_path):
    with pytest.raises(InputError):
        read_ledger(tmp_path / "none")
    with pytest.raises(StoreError):
        Ledger(tmp_path / "no" / "folder", now=0)


@settings(max_examples=60)
@given(st.binary(max_size=200))
def test_any_bytes_raise_only_our_errors(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("l") / "x"
    path.write_bytes(data)
    verify_chain(path)
    for use in (read_ledger, lambda p: Ledger(p, now=0)):
        with contextlib.suppress(HydrometerError):
            use(path)
