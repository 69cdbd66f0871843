"""The set of candidates: hand-counted quantiles, and what none of these means."""

import math

import numpy as np
import pytest

from hydrometer.trace.attribution import attribute, known_shortfalls, vendor_scores
from hydrometer.trace.lineage import Lineage, Record
from hydrometer.trace.panel import Panel

NINE = {f"f{i}": [float(i)] for i in range(1, 10)}


def test_a_vendor_counts_by_its_best_candidate():
    scores = np.array([1.0, np.nan, -2.0, 0.5])
    assert vendor_scores(scores, ["a", "b", "c", "a"]) == {"a": 1.0, "c": -2.0}


@pytest.mark.parametrize(
    ("coverage", "members"),
    [
        (0.5, ("a", "b")),  # the 5th of 9 shortfalls is 5; c falls short by 6
        (0.9, ("a", "b", "c")),  # the 9th is 9
        (0.95, ("a", "b", "c", "d")),  # a tenth would be needed: nobody can be excluded
        (0.1, ("a",)),
    ],
)
def test_the_conformal_quantile_by_hand(coverage, members):
    scores = np.array([10.0, 5.0, 4.0, -99.0])
    found = attribute(scores, list("abcd"), NINE, coverage=coverage, unusual=True)
    assert found.members == members
    assert found.best == "a"


def test_a_family_counts_once_by_its_largest():
    many = {"f": [0.0] * 50 + [3.0]}
    found = attribute(np.array([2.0, 0.0]), ["a", "b"], many, coverage=0.5, unusual=True)
    assert found.members == ("a", "b")


def test_none_of_these_stays_where_nothing_is_unusual():
    found = attribute(np.array([1.0, 0.0]), ["a", "b"], NINE, coverage=0.9, unusual=False)
    assert found.none_of_these
    empty = attribute(np.array([np.nan]), ["a"], NINE, coverage=0.9, unusual=True)
    assert (empty.members, empty.best, empty.none_of_these) == ((), None, True)


def test_the_set_does_not_know_the_order_of_candidates():
    rng = np.random.default_rng(0)
    scores, vendors = rng.normal(size=6), list("aabbcd")
    turn = rng.permutation(6)
    one = attribute(scores, vendors, NINE, coverage=0.5, unusual=True)
    two = attribute(scores[turn], [vendors[i] for i in turn], NINE, coverage=0.5, unusual=True)
    assert one == two


def test_shortfalls_of_known_students(world):
    answers = dict(world.panel.answers)
    records = dict(world.panel.lineage.records)
    for name, teacher in (("pupila", "teachera"), ("pupilb", "teacherb"), ("strange", "teacherb")):
        answers[name] = world.student(teacher, 0.7) if name != "strange" else world.null_suspect()
        vendor = "Vendor " + teacher[-1].upper()
        records[name] = Record(name, "student", vendor, (teacher,))
    panel = Panel(answers, world.panel.prompts, Lineage(records))
    fitted = panel.fit(panel.candidates)
    found = known_shortfalls(fitted, np.arange(24))
    assert set(found) == {"project:pupila", "project:pupilb", "project:strange"}
    assert found["project:pupila"] == found["project:pupilb"] == [0.0]
    assert all(math.isfinite(g) and g >= 0 for gaps in found.values() for g in gaps)
    left = known_shortfalls(fitted, np.arange(24), without="project:pupilb")
    assert set(left) == {"project:pupila", "project:strange"}
