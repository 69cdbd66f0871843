"""The permit is for these rows, this use and these days, and for nothing else."""

import json
import sys
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from terms_toys import consent, held, made, use, writer
from terms_toys import row as toy_row

from hydrometer.errors import HydrometerError, InputError, NotPermitted
from hydrometer.terms.consent import parse_consent
from hydrometer.terms.permit import issue, read_permit, rows_digest, write_permit

AT = datetime(2026, 9, 1, 12, tzinfo=UTC)
OPEN = held(made("acme-api"))


def row(n=0, **fields):
    return toy_row(writer(**fields), id=f"r{n}")


ROWS = [row(n) for n in range(3)]


def permit(rows=ROWS, catalogue=OPEN, at=AT, **declared):
    return issue(rows, use(**declared), catalogue, at=at)


def test_what_it_says():
    p = permit()
    assert (p.verdict, p.rows, p.student_name) == ("permitted", 3, "Pupil")
    assert p.rows_sha256 == rows_digest(ROWS)
    assert p.use_sha256 == use().sha256
    assert p.catalogue_sha256 == OPEN.sha256
    assert p.instruments == ("acme-api@2024-01-01",)
    assert p.expires == "2026-09-22"  # seen on 22 August, good for 30 days
    p.require(ROWS, at=date(2026, 9, 1))
    p.require(ROWS[::-1], at=date(2026, 9, 21))
    p.require([json.loads(json.dumps(r)) for r in ROWS], at=date(2026, 9, 1))


@pytest.mark.parametrize(
    "rows",
    [
        [],
        ROWS[:2],
        [*ROWS, row(3)],
        [*ROWS[:2], ROWS[0]],
        [*ROWS, ROWS[0]],
        [*ROWS[:2], row(2, model="toy-2")],
        [*ROWS[:2], row(2, generated_at="2026-03-02")],
        [*ROWS[:2], {**ROWS[2], "dataset": "a/b"}],
        [*ROWS[:2], {**ROWS[2], "more": 1}],
        [*ROWS[:2], {**ROWS[2], "writers": []}],
        [*ROWS[:2], {**ROWS[2], "dataset": float("nan")}],
    ],
)
def test_other_rows(rows):
    with pytest.raises(NotPermitted, match="for other rows"):
        permit().require(rows, at=date(2026, 9, 1))


def test_rows_that_are_no_json_are_an_error_of_ours():
    for bad in ({"id": AT}, {"id": "\ud800"}, {"id": {1, 2}}):
        with pytest.raises(HydrometerError):
            permit().require([*ROWS[:2], bad], at=date(2026, 9, 1))
    deep = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(HydrometerError):
        rows_digest([{"id": deep}])


def test_no_row_can_pass_for_two():
    one = toy_row(writer(), id='r0"\n{"id":"r1')
    assert rows_digest([one]) != rows_digest([row(0), row(1)])


def test_the_days():
    p = permit()
    for day, match in (
        (date(2026, 8, 31), "not yet in force"),
        (date(2026, 9, 22), "run out"),
        (date(2027, 9, 1), "run out"),
    ):
        with pytest.raises(NotPermitted, match=match):
            p.require(ROWS, at=day)


def test_it_is_issued_in_utc():
    late = datetime(2026, 9, 2, 1, tzinfo=timezone(timedelta(hours=14)))
    p = permit(at=late)
    assert p.issued_at.startswith("2026-09-01T11")
    p.require(ROWS, at=date(2026, 9, 1))


def test_a_day_of_use_ahead_gives_none():
    with pytest.raises(NotPermitted, match="lies ahead"):
        permit(at=AT - timedelta(1))
    with pytest.raises(NotPermitted, match="lies ahead"):
        permit(at=datetime(2026, 9, 1, 1, tzinfo=timezone(timedelta(hours=2))))


def ends(*versions, rows=ROWS, **declared):
    return permit(rows, held(*versions), **declared).expires


def test_it_ends_with_whatever_ends_first():
    main = made("acme-api", seen=date(2026, 8, 30))
    assert ends(main) == "2026-09-30"
    ending = made("acme-api", seen=date(2026, 8, 30), effective_to=date(2026, 9, 10))
    assert ends(ending) == "2026-09-10"
    hardened = made("acme-api", "2026-09-10", reading="bars-any")
    assert ends(ending, hardened) == "2026-09-10"
    silent = made("acme-policy", seen=date(2026, 8, 10), reading="silent", beside=True)
    assert ends(main, silent) == "2026-09-10"
    elsewhere = made("acme-us", binds=["US"], effective_to=date(2026, 9, 5))
    assert ends(main, elsewhere) == "2026-09-05"
    assert ends(main, hosted_days=5) == "2026-09-05"
    other = made("other-api", provider="other", seen=date(2020, 1, 1))
    assert ends(main, other) == "2026-09-30"


def test_it_ends_with_a_router_that_adds_nothing():
    router = made("router", provider="router", surface=["aggregator"], reading="routes",
                  seen=date(2026, 8, 5))  # fmt: skip
    rows = [row(aggregator="router")]
    p = permit(rows, held(made("acme-api"), router))
    assert p.expires == "2026-09-05"
    assert "router@2024-01-01" in p.instruments


def test_it_ends_with_a_consent():
    opened = parse_consent(consent(expires=date(2026, 9, 7)), sha256="c" * 64)
    p = issue(ROWS, use(consents=[opened]), held(made(reading="bars-any")), at=AT)
    assert p.expires == "2026-09-07"
    assert p.consents == ("c" * 64,)
    with pytest.raises(NotPermitted):
        p.require(ROWS, at=date(2026, 9, 7))


def test_rows_of_people_are_good_for_a_day():
    p = permit([{"id": "r", "writers": [{"model": "human", "role": "answer"}]}])
    assert p.expires == "2026-09-02"
    assert p.instruments == ()


def test_a_use_put_back_before_a_hardened_clause_gives_nothing_today():
    c = held(
        made("acme-api", "2024-01-01", effective_to=date(2026, 8, 14)),
        made("acme-api", "2026-08-14", reading="bars-any"),
    )
    p = permit(catalogue=c, used_at=date(2026, 8, 13))
    assert p.expires == "2026-08-14"
    with pytest.raises(NotPermitted, match="run out"):
        p.require(ROWS, at=AT.date())


@pytest.mark.parametrize(
    ("catalogue", "declared"),
    [
        (held(made(reading="bars-any")), {}),
        (held(made(reading="if-competing")), {"competing": None}),
        (held(made(reading="silent")), {}),
        (held(made(seen=date(2026, 8, 1))), {}),
        (held(made("other-api", provider="other")), {}),
    ],
)
def test_none_where_one_row_is_not_open(catalogue, declared):
    with pytest.raises(NotPermitted, match="may not be used so"):
        permit(catalogue=catalogue, **declared)
    good = made("good-api", provider="good")
    mixed = held(*((i, "0" * 64) for i in catalogue), good)
    rows = [*(row(n, provider="good") for n in range(5)), row(9)]
    with pytest.raises(NotPermitted, match="1 of 6 rows"):
        permit(rows, mixed, **declared)


def test_the_refusal_names_instrument_clause_and_way_out():
    with pytest.raises(NotPermitted) as caught:
        permit(catalogue=held(made(reading="bars-any")))
    said = str(caught.value)
    assert "acme-api@2024-01-01" in said
    assert "a written consent" in said
    assert "[3 rows]" in said


def test_duties_and_a_name_that_does_not_fulfil_one():
    c = held(made(duties=[{"kind": "name-prefix", "text": "Acme", "when": ["weights"]}]))
    with pytest.raises(NotPermitted, match=r"does not fulfil a duty.*'Acme'"):
        permit(catalogue=c)
    p = permit(catalogue=c, student_name="Acme-pupil")
    assert (p.verdict, p.duties[0]["met"]) == ("with-duties", True)
    assert p.duties[0]["kind"] == "name-prefix"
    by_fact = {"fact": "revenue_usd", "test": "over", "value": 1, "then": "duty"}
    c = held(made(predicates=[{**by_fact, "kind": "name-prefix", "text": "Acme"}]))
    with pytest.raises(NotPermitted, match="does not fulfil a duty"):
        permit(catalogue=c)


def test_rows_that_are_none():
    for rows, match in (
        ([], "no row"),
        ([ROWS[0], ROWS[0]], "stands there twice"),
        ([{"id": "r", "writers": 5}], "must be a list"),
        ([row(0, generated_at="2026-09-02")], "younger"),
    ):
        with pytest.raises(InputError, match=match):
            permit(rows)


def test_a_file_and_back(tmp_path):
    path = tmp_path / "permit.json"
    c = held(made(duties=[{"kind": "notice", "text": "say so"}]))
    p = permit(catalogue=c)
    write_permit(p, path)
    first = path.read_bytes()
    back = read_permit(path)
    assert asdict(back) == json.loads(first) | {
        k: tuple(json.loads(first)[k]) for k in ("duties", "instruments", "consents")
    }
    back.require(ROWS, at=date(2026, 9, 1))
    write_permit(back, path)
    assert path.read_bytes() == first
    with pytest.raises(InputError, match="cannot write"):
        write_permit(p, tmp_path / "none" / "permit.json")
    with pytest.raises(InputError, match="cannot read"):
        read_permit(tmp_path / "none.json")


@pytest.mark.parametrize(
    "change",
    [
        {"verdict": "prohibited"},
        {"verdict": None},
        {"rows": 0},
        {"rows": True},
        {"rows": "3"},
        {"rows_sha256": "0" * 63},
        {"use_sha256": None},
        {"catalogue_sha256": "G" * 64},
        {"expires": "never"},
        {"expires": "9999"},
        {"expires": ""},
        {"expires": 20270101},
        {"issued_at": ""},
        {"issued_at": "once"},
        {"student_name": 5},
        {"duties": "none"},
        {"duties": [5]},
        {"duties": None},
        {"instruments": {}},
        {"consents": [5]},
        {"more": 1},
    ],
)
def test_a_file_that_was_made_up(tmp_path, change):
    path = tmp_path / "permit.json"
    write_permit(permit(), path)
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(InputError, match="is no permit"):
        read_permit(path)


@pytest.mark.parametrize("raw", ["", "{}", "[]", "null", "[" * 100_000, "{" * 9, '"\\ud800"'])
def test_a_file_that_is_something_else(tmp_path, raw):
    path = tmp_path / "permit.json"
    path.write_text(raw)
    with pytest.raises(InputError, match="is no permit"):
        read_permit(path)
    path.write_bytes(b"\xff")
    with pytest.raises(InputError, match="is no permit"):
        read_permit(path)


def test_a_verdict_that_is_not_open_permits_nothing():
    with pytest.raises(NotPermitted, match="permits nothing"):
        replace(permit(), verdict="conditional").require(ROWS, at=date(2026, 9, 1))
