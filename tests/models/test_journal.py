import json
from contextlib import suppress
from datetime import UTC, datetime

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hydrometer.errors import HydrometerError, InputError
from hydrometer.exchange import Exchange, Message, Sampling
from hydrometer.models.journal import Journal, read_exchanges, to_line, write_exchanges

FUZZ = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


def said(i, **more):
    return Exchange((Message("user", f"q{i}"),), f"a{i}", "m", **more)


FULL = Exchange(
    (Message("system", "s"), Message("user", "q\u2028\n\x00")),
    "answer \U0001f600 \u00e9",
    "m",
    model_answered="m-1",
    time=datetime(2026, 1, 2, 3, 4, 5, 678901, UTC),
    sampling=Sampling(0.5, 0.9, 40, 7, ("x", "\n"), 3),
    draw=2,
    tokens_in=1,
    tokens_out=2,
    logprobs=(-0.5, -1e-9),
    headers={"finish_reason": "stop"},
    source="request:r1",
)


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_what_is_written_is_read(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    write_exchanges(path, [FULL, said(1)])
    assert read_exchanges(path) == [FULL, said(1)]
    assert list(tmp_path.iterdir()) == [path]  # nothing temporary is left


def test_a_line_is_one_line_of_ascii():
    line = to_line(FULL)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert json.loads(line.decode("ascii"))["response"] == FULL.response


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_a_journal_grows_resumes_and_is_put_in_order(tmp_path, suffix):
    out = tmp_path / f"a.{suffix}"
    with Journal(out) as journal:
        journal.append(said(2))
        on_disk = journal.path.read_bytes()
        assert on_disk == to_line(said(2))  # before the next is asked
    with Journal(out) as journal:
        assert list(journal) == [said(2)]
        journal.append(said(1))
        journal.finish([said(1), said(2)])
    assert read_exchanges(out) == [said(1), said(2)]
    if suffix == "parquet":
        assert pq.read_table(out).num_rows == 2
        with Journal(out) as journal:  # a second run adds to it
            assert len(journal.exchanges) == 2
    assert sorted(p.name for p in tmp_path.iterdir()) == [out.name]


def test_an_empty_journal_is_not_left_behind(tmp_path):
    with Journal(tmp_path / "deep" / "a.jsonl"):
        pass
    assert not (tmp_path / "deep" / "a.jsonl").exists()


def test_torn_and_unreadable_lines_are_moved_aside(tmp_path):
    out = tmp_path / "a.jsonl"
    whole = to_line(said(3))[:-1]
    out.write_bytes(to_line(said(1)) + b"garbage\n" + to_line(said(2)) + b"\n" + whole)
    with Journal(out) as journal:
        assert journal.quarantined == 1
        assert list(journal) == [said(1), said(2), said(3)]  # whole but for the line's end
        journal.append(said(4))
    assert (tmp_path / "a.jsonl.quarantine").read_bytes() == b"garbage\n"
    assert read_exchanges(out) == [said(1), said(2), said(3), said(4)]


def test_a_reader_leaves_a_torn_end_and_refuses_a_bad_line(tmp_path):
    out = tmp_path / "a.jsonl"
    out.write_bytes(to_line(said(1)) + b'{"prompt": [')
    assert read_exchanges(out) == [said(1)]
    out.write_bytes(to_line(said(1)) + b"[]\n")
    with pytest.raises(InputError, match=r"a\.jsonl:2 is not an exchange"):
        read_exchanges(out)


def test_another_file_is_not_taken_for_a_journal(tmp_path):
    out = tmp_path / "a.jsonl"
    out.write_text("my notes\nmore notes\n")
    with pytest.raises(InputError, match="give --out a new name"):
        Journal(out)
    assert out.read_text() == "my notes\nmore notes\n"
    with pytest.raises(InputError, match=r"\.jsonl or \.parquet"):
        Journal(tmp_path / "a.csv")
    with pytest.raises(InputError, match="cannot use"):
        Journal(tmp_path / "a.jsonl" / "b.jsonl")


def test_two_runs_do_not_share_a_file(tmp_path):
    with (
        Journal(tmp_path / "a.jsonl"),
        pytest.raises(InputError, match="another run"),
    ):
        Journal(tmp_path / "a.jsonl")


@FUZZ
@given(st.binary(max_size=300), st.sampled_from(["jsonl", "parquet"]))
def test_any_bytes_raise_only_our_errors(tmp_path, raw, suffix):
    path = tmp_path / f"fuzz.{suffix}"
    for act in (read_exchanges, lambda p: Journal(p).close()):
        path.write_bytes(raw)
        with suppress(HydrometerError):
            act(path)
    for left in tmp_path.iterdir():
        left.unlink()


@FUZZ
@given(st.data())
def test_a_mangled_line_is_quarantined_or_still_whole(tmp_path, data):
    line = bytearray(to_line(FULL))
    at = data.draw(st.integers(0, len(line) - 2))
    line[at] = data.draw(st.integers(0, 255).filter(lambda b: b != 10))
    path = tmp_path / "fuzz.jsonl"
    path.write_bytes(to_line(said(1)) + bytes(line) + to_line(said(2)))
    with Journal(path) as journal:
        assert len(journal.exchanges) + journal.quarantined == 3
        assert journal.exchanges[0] == said(1)
    for left in tmp_path.iterdir():
        left.unlink()
