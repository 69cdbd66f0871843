"""Logs into the log of events: once each, resumable, bad rows set aside."""

import json
import os

import pytest

from hydrometer.errors import InputError
from hydrometer.watch.collect import Collector, expand_all, public_name
from hydrometer.watch.key import Key
from hydrometer.watch.sources.attribution import Attribution

from .logs import START, payload, payloads, write

KEY = Key(bytes(32))
NOW = (START + 300_000) * 1_000_000


def collector(folder, key=KEY, **told):
    return Collector(folder, key, Attribution(), now=NOW, **told)


def test_a_log_is_read_once_and_a_replay_is_known(tmp_path):
    rows = payloads(others=2)
    a = write(tmp_path / "a.jsonl", rows)
    b = write(tmp_path / "b.jsonl", rows[:50])
    c = collector(tmp_path / "state")
    for name in expand_all([str(tmp_path / "*.jsonl"), str(a)]):
        c.collect(name)
    assert (c.log.rows, c.new, c.log.replays) == (len(rows), len(rows), 50)
    assert [(d.name, d.rows) for d in c.inputs()] == [(a.name, len(rows)), (b.name, 50)]
    c.close()


def test_what_was_read_is_not_read_again_until_it_changes(tmp_path):
    rows = payloads(others=2)
    file = write(tmp_path / "a.jsonl", rows[:100])
    first = collector(tmp_path / "state")
    first.collect(str(file))
    first.close()
    told = []
    again = collector(tmp_path / "state")
    again.collect(str(file), progress=told.append)
    assert (again.new, again.log.replays, told) == (0, 0, [100])
    assert again.inputs()[0].rows == 100
    again.close()
    write(file, rows)
    os.utime(file, ns=(1, 1))
    last = collector(tmp_path / "state")
    last.collect(str(file))
    assert (last.new, last.log.replays, last.log.rows) == (len(rows) - 100, 100, len(rows))
    last.close()


def test_a_reading_that_was_killed_goes_on(tmp_path):
    rows = payloads()
    files = [str(write(tmp_path / f"{i}.jsonl", rows[i::3])) for i in range(3)]
    bad = tmp_path / "1.jsonl"
    bad.write_text("{broken\n" + bad.read_text())
    broken = collector(tmp_path / "state")
    broken.collect(files[0])

    def die(rows):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken.collect(files[1], progress=die)
    broken.close()
    c = collector(tmp_path / "state")
    for name in files:
        c.collect(name)
    assert c.log.rows == len(rows)
    assert c.log.replays == len(rows[1::3])  # of the file that was being read
    assert [json.loads(x)["reason"] for x in c.rejected()] == ["not JSON"]
    c.close()


def test_bad_rows_are_set_aside_with_their_reason_and_without_their_text(tmp_path):
    rows = payloads(campaign=1, others=1, each=3)
    late = payload("late", "key0", "Tell me", START + 9_000_000)
    nobody = payload("nobody", None, "a secret word", START)
    file = write(tmp_path / "a.jsonl", [*rows, "{half", late, {**nobody, "metadata": {}}])
    c = collector(tmp_path / "state")
    found = c.collect(str(file))
    assert (found.rows, found.rejected, c.log.rows) == (6, 3, 6)
    lines = [json.loads(x) for x in c.rejected()]
    assert sum(found.reasons.values()) == 3
    assert {x["source"] for x in lines} == {"a.jsonl"}
    assert [x["line"] for x in lines if x["reason"] == "not JSON"] == [7]
    assert any(x["reason"].startswith("its time lies ahead") for x in lines)
    assert "secret" not in str(lines)
    assert not any("raw" in x for x in lines)
    c.close()
    kept = collector(tmp_path / "other", keep_rejected=True)
    kept.collect(str(file))
    assert any("secret" in json.loads(x)["raw"] for x in kept.rejected())
    kept.close()


@pytest.mark.parametrize(
    "other", [{"key": Key(b"x" * 32)}, {"text": False}, {"mapping": "digest of another"}]
)
def test_a_state_goes_with_one_key_mapping_and_mode(tmp_path, other):
    collector(tmp_path / "state").close()
    file = write(tmp_path / "a.jsonl", payloads(campaign=1, others=0))
    first = collector(tmp_path / "state")
    first.collect(str(file))
    first.close()
    with pytest.raises(InputError, match="another key, mapping"):
        collector(tmp_path / "state", **other)
    (tmp_path / "state" / "sources.json").write_text("{")
    with pytest.raises(InputError, match="cannot read"):
        collector(tmp_path / "state")


def test_no_password_is_shown_and_nothing_is_an_error(tmp_path):
    assert public_name("clickhouse://me:pw@h:1/d?table=t") == "clickhouse://h:1/d?table=t"
    assert public_name("s3://bucket/a*.gz") == "s3://bucket/a*.gz"
    assert public_name("a@b/c.jsonl") == "a@b/c.jsonl"
    with pytest.raises(InputError, match="no file matches"):
        expand_all([str(tmp_path / "*.jsonl")])
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot make the folder"):
        collector(tmp_path / "file")
