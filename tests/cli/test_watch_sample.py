"""The key of the sample, and what it opens."""

import json
import time

import pytest
from click.testing import CliRunner

from hydrometer.cli.main import main
from hydrometer.cli.watch_sample import sample
from hydrometer.watch.sample import seal, write_sample

pytest.importorskip("cryptography")
NOW = 1_780_272_000_000_000


def run(*arguments):
    done = CliRunner().invoke(sample, [str(a) for a in arguments], standalone_mode=False)
    if done.exception:
        raise done.exception
    return done


@pytest.fixture
def place(tmp_path):
    """A private key and a file that holds three prompts, one of which has expired."""
    key = tmp_path / "sample.key"
    public = run("key", key).stdout.strip()
    assert len(bytes.fromhex(public)) == 32
    assert public not in key.read_text()
    assert key.stat().st_mode & 0o777 == 0o600
    later = time.time_ns() // 1000 + 10**12
    rows = [
        ("late\n\x1b[31mred \ud800", 2, "c-2", NOW + 1_000_000, later),
        ("early", 1, "c-1", NOW, later),
        ("gone", 3, "c-1", 0, 1),
    ]
    path = tmp_path / "sample.bin"
    write_sample(
        path,
        [seal(x, public, account=a, cluster=c, time=t, expires=e) for x, a, c, t, e in rows],
    )
    return key, path


def test_the_key_tells_who_asked_what_and_when(place):
    key, path = place
    done = run("open", path, "--key", key)
    assert done.stdout.splitlines() == [
        "2026-06-01T00:00:00+00:00  a:0000000000000001  c-1",
        "    early",
        "2026-06-01T00:00:01+00:00  a:0000000000000002  c-2",
        "    late",
        "    \\x1b[31mred \\ud800",
    ]
    assert done.stderr == "2 of 2 prompts\n"
    told = run("open", path, "--key", key, "--cluster", "c-2", "--json").stdout.splitlines()
    assert [json.loads(x) for x in told] == [
        {
            "account": "a:0000000000000002",
            "cluster": "c-2",
            "time": "2026-06-01T00:00:01+00:00",
            "text": "late\n\x1b[31mred \ud800",
        }
    ]


def test_a_wrong_key_is_exit_code_2(place, tmp_path, capsys):
    told = json.loads(run("key", tmp_path / "other.key", "--json").stdout)
    assert told["written"] == str(tmp_path / "other.key")
    with pytest.raises(SystemExit) as ended:
        main(["watch", "sample", "open", str(place[1]), "--key", str(tmp_path / "other.key")])
    assert ended.value.code == 2
    shown = capsys.readouterr()
    assert "does not open" in shown.err
    assert shown.out == ""
