"""Single values."""

import math
from datetime import UTC, datetime

import pytest

from hydrometer.watch.sources.values import (
    boolean,
    find,
    integer,
    micros,
    number,
    status_of,
    text_of,
)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (1767225600.25, 1767225600250000),
        (1767225600, 1767225600000000),
        ("1767225600", 1767225600000000),
        (1767225600250, 1767225600250000),
        (1767225600250000, 1767225600250000),
        ("1767225600250000123", 1767225600250000),
        ("2026-01-01T00:00:00.25Z", 1767225600250000),
        ("2026-01-01 01:00:00.250+01:00", 1767225600250000),
        ("2026-01-01 00:00:00.250", 1767225600250000),
        (datetime(2026, 1, 1, tzinfo=UTC), 1767225600000000),
        (math.nan, None),
        (math.inf, None),
        (10**40, None),
        (True, None),
        ("²", None),
        ("", None),
        (0, None),
        (None, None),
        ({}, None),
    ],
)
def test_times(given, wanted):
    assert micros(given) == wanted


def test_what_cannot_be_read_is_not_recorded():
    assert [integer(v) for v in (3, "3", 3.0, "x", -1, True, 2**70, math.nan, [])] == [
        *(3, 3, 3),
        *[None] * 6,
    ]
    assert [number(v) for v in (1, "0.5", math.inf, "nan", None)] == [1.0, 0.5, None, None, None]
    assert [boolean(v) for v in (True, "false", 1, 2, "x", None)] == [
        *(True, False, True),
        *[None] * 3,
    ]
    assert [text_of(v) for v in (True, 1.5, [], [["a"]], 2**70, None)] == [None] * 6


def test_find_goes_through_dots_and_json_text():
    row = {"a.b": {"c.d": 1}, "a": {"b": {"x": '{"y": {"z": 2}}'}}, "t": "{broken"}
    assert find(row, "a.b.c.d") == 1
    assert find(row, "a.b.x.y.z") == 2
    assert find(row, "t.x") is None
    assert find([], "a") is None


def test_status():
    assert status_of("content_filter") == "filtered"
    assert status_of("throttled") == "throttled"
    assert status_of("anything") == status_of(None) == "ok"
    assert status_of(None, failed=True, code=500) == "error"
