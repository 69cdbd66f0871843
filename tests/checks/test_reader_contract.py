"""What every reader promises, whatever the format."""

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hydrometer.errors import HydrometerError, InputError
from hydrometer.exchange import from_batch, to_table
from hydrometer.store.readers import FORMATS, read
from hydrometer.store.readers.registry import Rejected

GOLDEN = Path(__file__).parent.parent / "data" / "readers"
# file: format, rows, exchanges, source of the last exchange, its response
SAMPLES = {
    "alpaca_eval.json": ("alpaca_eval", 2, 2, "alpaca_eval.json:8", ""),
    "answers.csv": ("answers", 2, 2, "answers.csv:4", "Iron,\nor zinc."),
    "exchange.jsonl": ("exchange", 6, 6, "r9", None),
    "exchange.parquet": ("exchange", 6, 6, "r9", None),
    "inspect.eval": ("inspect", 2, 2, "inspect.eval:samples/2_epoch_1.json", "Zinc."),
    "inspect.json": ("inspect", 2, 2, "inspect.json:sample 2", "Zinc."),
    "litellm.json": ("litellm", 2, 2, "chatcmpl-2", None),
    "litellm.ndjson": ("litellm", 2, 2, "chatcmpl-2", None),
    "openai.jsonl": ("openai", 3, 4, "r9", None),
    "otlp.jsonl": ("otlp", 2, 2, "otlp.jsonl:1", "Hello"),
    "simple.jsonl": ("simple", 2, 2, "simple.jsonl:2", None),
    "zeroeval.json": ("zeroeval", 1, 1, "zeroeval.json:2", "Iron."),
}
TEXT = [n for n in SAMPLES if n.endswith(("json", "jsonl", "csv"))]
LINES = [n for n in SAMPLES if n.endswith(("jsonl", "ndjson")) and n != "otlp.jsonl"]
fast = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def check(path, **options):
    """Only our errors escape, and what is read can be stored."""
    try:
        found = read(path, **options)
    except HydrometerError:
        return None
    assert all(isinstance(r, Rejected) and r.reason for r in found.rejected)
    assert to_table(found.exchanges).num_rows == len(found.exchanges)
    return found


def test_every_format_has_a_golden_sample():
    assert {s[0] for s in SAMPLES.values()} == set(FORMATS)
    assert {p.name for p in GOLDEN.iterdir()} == set(SAMPLES)


@pytest.mark.parametrize("name", SAMPLES)
def test_golden(name):
    form, rows, n, source, response = SAMPLES[name]
    found = read(GOLDEN / name)
    assert (found.format, found.rows, len(found.exchanges)) == (form, rows, n)
    assert found.rejected == []
    assert found.exchanges[-1].source == source
    assert found.exchanges[-1].response == response
    assert found.digest.rows == n
    assert found.digest.quarantined == 0
    assert read(GOLDEN / name, format=form).exchanges == found.exchanges
    assert from_batch(to_table(found.exchanges)) == found.exchanges


@pytest.mark.parametrize("name", TEXT)
def test_gzip_bom_and_crlf_change_nothing(name, tmp_path):
    data = (GOLDEN / name).read_bytes()
    want = [e.content for e in read(GOLDEN / name).exchanges]
    (tmp_path / name).write_bytes(gzip.compress(data))
    assert [e.content for e in read(tmp_path / name).exchanges] == want
    (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + data)
    assert [e.content for e in read(tmp_path / name).exchanges] == want
    if not name.endswith("csv"):
        (tmp_path / name).write_bytes(data.replace(b"\n", b"\r\n"))
        assert [e.content for e in read(tmp_path / name).exchanges] == want


@pytest.mark.parametrize("name", ["simple.jsonl", "openai.jsonl", "litellm.json", "otlp.jsonl"])
def test_accounts_are_keyed_pseudonyms(name):
    bare = read(GOLDEN / name).exchanges
    keyed = read(GOLDEN / name, pseudonym_key=b"k").exchanges
    other = read(GOLDEN / name, pseudonym_key=b"l").exchanges
    assert not any(e.account for e in bare)
    found = [e.account for e in keyed if e.account]
    assert found
    assert all(len(a) == 32 and a not in ("alice", "abc") for a in found)
    assert not set(found) & {e.account for e in other}


@pytest.mark.parametrize("name", LINES)
def test_bad_rows_are_quarantined_with_their_line(name, tmp_path):
    lines = (GOLDEN / name).read_text(encoding="utf-8").splitlines()
    bad = ['{"a": ', "[1]", '"\\ud800"', "x" * 20_000, "NaN"]
    path, aside = tmp_path / name, tmp_path / "q.jsonl"
    path.write_text("\n".join(lines[:1] + bad + lines[1:]) + "\n", encoding="utf-8")
    found = read(path, quarantine=aside)
    assert [r.line for r in found.rejected] == [2, 3, 4, 5, 6]
    assert [r.source for r in found.rejected] == [f"{name}:{n}" for n in range(2, 7)]
    assert len(found.exchanges) == SAMPLES[name][2]
    assert found.rows == SAMPLES[name][1] + 5
    assert found.digest.quarantined == 5
    rows = [json.loads(x) for x in aside.read_text(encoding="utf-8").splitlines()]
    assert [r["line"] for r in rows] == [2, 3, 4, 5, 6]
    assert all(r["reason"] and len(r["raw"]) <= 10_000 for r in rows)


@pytest.mark.parametrize("name", SAMPLES)
@fast
@given(data=st.data())
def test_mutated_bytes(name, tmp_path, data):
    raw = bytearray((GOLDEN / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        piece = data.draw(st.binary(max_size=4) | st.sampled_from([b"null", b"\0", b"[[", b'"']))
        raw[at : at + data.draw(st.integers(0, 8))] = piece
    path = tmp_path / name
    path.write_bytes(raw)
    check(path)
    check(path, format=SAMPLES[name][0])


ODD = st.sampled_from(
    [None, True, -1, 10**30, 1e308, "", "\ud800", "a\0b", [], {}, [[]], [{}], {"x": 1}, "1e999"]
)


def _replace(value, path, new):
    """Replace one leaf or branch, chosen by a list of numbers."""
    if not path or not isinstance(value, (dict, list)) or not value:
        return new
    keys = list(value) if isinstance(value, dict) else range(len(value))
    key = keys[path[0] % len(keys)]
    out = dict(value) if isinstance(value, dict) else list(value)
    out[key] = _replace(value[key], path[1:], new)
    return out


@pytest.mark.parametrize("name", [n for n in TEXT if not n.endswith("csv")])
@fast
@given(path=st.lists(st.integers(0, 30), max_size=9), new=ODD)
def test_wrong_types_everywhere(name, tmp_path, path, new):
    text = (GOLDEN / name).read_text(encoding="utf-8")
    file = tmp_path / name
    if name.endswith(".json"):
        file.write_text(json.dumps(_replace(json.loads(text), path, new)), encoding="utf-8")
    else:
        rows = [_replace(json.loads(x), path, new) for x in text.splitlines()]
        file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    check(file, format=SAMPLES[name][0], pseudonym_key=b"k")
    check(file)


@pytest.mark.parametrize("form", FORMATS)
@fast
@given(raw=st.binary(max_size=200))
def test_any_bytes(form, tmp_path, raw):
    path = tmp_path / "x"
    path.write_bytes(raw)
    check(path, format=form)


DEEP = "[" * 100_000
HOSTILE = [
    DEEP,
    '{"a":' * 100_000,
    "[" + "9" * 5000 + "]",
    '{"prompt":"a","prompt":"b","response":"c","model":"m"}',
    '[{"prompt": NaN}]',
    "\ud800".encode("utf-8", "surrogatepass"),
]


@pytest.mark.parametrize("form", [None, *FORMATS])
@pytest.mark.parametrize("n", range(len(HOSTILE)))
def test_hostile_text(form, n, tmp_path):
    raw = HOSTILE[n]
    path = tmp_path / "x.jsonl"
    path.write_bytes(raw if isinstance(raw, bytes) else raw.encode())
    check(path, format=form)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"[]", "empty list"),
        (b'[{"instruction": "a", "output": "b"}', "broken JSON"),
        ("[]".encode("utf-16"), "UTF-16"),
        (b"\x7fELF\0\0\0", "binary"),
        (b"PAR1xxxx", "broken Parquet"),
        (b"PK\x03\x04xxxx", "broken zip"),
        (b"\x1f\x8bxx", "bad gzip"),
        (b'[{"a": "\xff"}]', "not UTF-8"),
        (b'{"a": 1}\n', "first row with"),
    ],
)
def test_whole_file_problems_say_what(raw, said, tmp_path):
    path = tmp_path / "x.json"
    path.write_bytes(raw)
    with pytest.raises(InputError, match=said):
        read(path)


def test_no_file_a_directory_an_unknown_format(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read(tmp_path / "none")
    with pytest.raises(InputError, match="directory"):
        read(tmp_path)
    with pytest.raises(InputError, match="unknown format"):
        read(GOLDEN / "simple.jsonl", format="x")
