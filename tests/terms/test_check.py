"""Files of rows: nothing lost, nothing twice, the same bytes again."""

import gzip
import io
import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from terms_toys import held, made, names, row, use, writer

from hydrometer.errors import InputError
from hydrometer.terms.check import LISTED, check_rows, summary
from hydrometer.terms.gate import Gate

CATALOGUE = held(
    made("acme-api", duties=[{"kind": "notice", "text": "say so"}]),
    made("barred-api", provider="barred", reading="bars-any"),
    made("plain-api", provider="plain"),
)
GOOD = writer(provider="plain")


@pytest.fixture
def judge(tmp_path):
    def act(data, **more):
        path = tmp_path / "rows.jsonl"
        if isinstance(data, list):
            data = "".join(json.dumps(r) + "\n" for r in data).encode()
        path.write_bytes(data)
        gate = Gate(CATALOGUE, use(), names=names())
        out, aside = io.StringIO(), io.StringIO()
        checked = check_rows(path, gate, out=out, quarantine=aside, **more)
        lines = [[json.loads(x) for x in f.getvalue().splitlines()] for f in (out, aside)]
        return checked, *lines, summary(checked, gate, "rows.jsonl")

    return act


def test_counts_and_lines_in_order(judge):
    rows = [
        row(GOOD, id="a"),
        row(writer(provider="barred"), id="b"),
        row(GOOD, id="c"),
        row(writer(), id="d"),
    ]
    checked, out, aside, told = judge(rows)
    assert [(r["id"], r["verdict"]) for r in out] == [
        *(("a", "permitted"), ("b", "prohibited"), ("c", "permitted"), ("d", "with-duties"))
    ]
    assert all(set(r) == {"id", "verdict", "duties", "reasons"} for r in out)
    assert out == told["rows"]
    assert aside == told["quarantined"] == []
    assert told["counts"]["by_verdict"]["permitted"] == 2
    assert sum(told["counts"]["by_verdict"].values()) == told["counts"]["rows"] == 4
    assert told["counts"]["by_reason"]["prohibited: barred-api@2024-01-01 1"] == 1
    assert (told["verdict"], checked.passed) == ("prohibited", False)
    assert told["duties"][0]["rows"] == 1
    assert told["reasons"][0]["verdict"] == "prohibited"
    assert checked.first[0] == [1, 3]


def test_a_file_in_which_every_row_may_be_used(judge):
    checked, _, _, told = judge([row(GOOD), row(writer(), id="r2")])
    assert checked.passed
    assert told["verdict"] == "with-duties"
    assert set(told["use"]) >= {"purpose", "used_at", "declared_by"}
    assert "not whether they can be enforced" in told["note"]


LINES = [
    (b"{", "not JSON"),
    (b"\xff\xfe{}", "not JSON in UTF-8"),
    (b'{"id": "x", "writers": [], "x": NaN}', "NaN is no JSON"),
    (b'{"id": "x", "writers": [], "x": -Infinity}', "Infinity is no JSON"),
    (b'{"id": "x", "writers": [], "x": ' + b"9" * 5000 + b"}", "not JSON"),
    (b"[" * 100_000, "recursion"),
    (b'{"id": "x", "id": "y", "writers": []}', "'id' stands twice in one object"),
    (b'{"id": "x", "writers": [{"model": "a", "model": "human"}]}', "'model' stands twice"),
    (b'{"id": "\\ud800", "writers": []}', "lone surrogate"),
    (b'{"id": "x", "writers": [{"model": "\\ud800", "role": "answer"}]}', "cannot be seen"),
    (b'{"id": 5, "writers": []}', "needs an id"),
    (b"null", "a row must be an object"),
    (b'"text"', "a row must be an object"),
    (b'{"id": "x", "writers": true}', "writers must be a list"),
    (b'{"id": "r1", "writers": []}', "an id stands there twice"),
]


@pytest.mark.parametrize(("line", "why"), LINES)
def test_a_line_that_is_no_row_is_kept_with_its_reason(judge, line, why):
    good = json.dumps(row(GOOD)).encode()
    checked, out, aside, told = judge(good + b"\n" + line + b"\n")
    assert [r["id"] for r in out] == ["r1"]
    (kept,) = aside
    assert kept["line"] == 2
    assert why in kept["reason"]
    assert kept["row"].rstrip("\n") == line.decode("utf-8", "backslashreplace")
    assert told["quarantined"] == [{"line": 2, "reason": kept["reason"]}]
    assert not checked.passed
    assert checked.verdict == "unknown"
    assert told["counts"]["quarantined"] == 1


def test_a_row_that_was_set_aside_does_not_take_the_id(judge):
    bad = {"id": "r1", "writers": [{}]}
    _, out, aside, _ = judge([bad, row(GOOD), row(GOOD)])
    assert len(out) == 1
    assert [a["line"] for a in aside] == [1, 3]


def test_a_row_younger_than_its_use_is_set_aside(judge):
    _, out, aside, _ = judge([row(writer(generated_at="2026-09-02"))])
    assert out == []
    assert "younger than its use" in aside[0]["reason"]


def test_marks_ends_and_empty_lines(judge):
    good = json.dumps(row(GOOD)).encode()
    checked, out, aside, _ = judge(b"\xef\xbb\xbf" + good + b"\r\n\r\n \n" + b"x")
    assert len(out) == checked.rows == 1
    assert aside[0]["line"] == 4


def test_packed_and_plain_give_the_same(judge, tmp_path):
    rows = [row(GOOD, id=f"r{n}") for n in range(50)]
    plain = judge(rows)
    packed = gzip.compress("".join(json.dumps(r) + "\n" for r in rows).encode())
    assert judge(packed)[1:] == plain[1:]
    for broken in (packed[:-9], packed[:40], packed[:30] + b"\0" * 30 + packed[60:]):
        with pytest.raises(InputError, match="cannot read"):
            judge(broken)


@pytest.mark.parametrize("data", [b"", b"\n\n", b" \r\n"])
def test_a_file_without_a_row(judge, data):
    with pytest.raises(InputError, match="holds no row"):
        judge(data)


def test_a_file_that_is_not_there(tmp_path):
    gate = Gate(CATALOGUE, use(), names=names())
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(InputError, match="cannot read"):
            check_rows(path, gate)


def test_ten_thousand_rows_are_listed_and_one_more_is_not(judge):
    rows = [row(GOOD, id=f"r{n}") for n in range(LISTED)]
    assert len(judge(rows)[3]["rows"]) == LISTED
    told = judge([*rows, row(GOOD, id="last")])[3]
    assert "rows" not in told
    assert told["counts"]["rows"] == LISTED + 1
    told = judge([*rows, {"id": "bad"}])[3]
    assert "rows" not in told


def test_reasons_are_ranked_whoever_they_are_about(judge):
    rows = [{"id": "a", "writers": []}, row(writer(generated_at=None), id="b"), row(id="c")]
    told = judge([*rows, row(dataset="x/y", id="d"), row(dataset="x/z", id="e")])[3]
    assert told["verdict"] == "unknown"
    assert sum(r["rows"] for r in told["reasons"]) >= 5


def test_progress_goes_up_to_the_size(judge):
    seen = []
    rows = [row(GOOD, id=f"r{n}") for n in range(20_000)]
    judge(rows, progress=lambda done, total: seen.append((done, total)))
    assert seen
    assert all(0 < done <= total for done, total in seen)
