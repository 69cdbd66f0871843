from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrometer.distill.strict import build, nearest, setting


@dataclass(frozen=True)
class Part:
    a: int = setting(low=0, high=9)
    b: float | None = setting(None, above=0)
    c: tuple[str, ...] = setting(())
    d: str = setting("x", choices=("x", "y"))
    e: bool = setting(False)


def problems(table):
    found = []
    made = build(Part, table, "part", found)
    assert (made is None) == bool(found)
    return made, found


def test_values_and_defaults():
    made, _ = problems({"a": 3, "b": 1, "c": ["q"]})
    assert made == Part(3, 1.0, ("q",))
    assert isinstance(made.b, float)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({}, "needs a"),
        ({"a": -1}, "at least 0"),
        ({"a": 10}, "at most 9"),
        ({"a": 1.5}, "whole number"),
        ({"a": True}, "whole number"),
        ({"a": 1, "b": 0}, "more than 0"),
        ({"a": 1, "b": float("inf")}, "a number"),
        ({"a": 1, "c": "q"}, "must be a list"),
        ({"a": 1, "c": [1]}, r"c\[0\] must be text"),
        ({"a": 1, "d": "z"}, "one of x, y"),
        ({"a": 1, "e": 1}, "true or false"),
        ({"a": 1, "f": 1}, "no key 'f'"),
        (3, "must be a table"),
    ],
)
def test_each_problem_is_said(table, says):
    import re

    _, found = problems(table)
    assert len(found) == 1
    assert re.search(says, found[0])


@given(st.dictionaries(st.text(max_size=3), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda x: st.lists(x, max_size=2) | st.dictionaries(st.text(max_size=2), x, max_size=2),
    max_leaves=4), max_size=4))  # fmt: skip
def test_anything_gives_a_part_or_problems(table):
    problems(table)


def test_the_nearest_key():
    assert nearest("provder", ["host", "provider"]) == "provider"
    assert nearest("x", []) == ""
