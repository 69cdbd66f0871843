"""The bar of an alarm, and the table of levels."""

import math

import pytest

from hydrometer.watch.detect.alarm import MONTH, Budget, level_of
from hydrometer.watch.result import LEVELS, Explanation

AT = {"notice": 1.0, "suspect": 1.75, "alarm": 2.5, "members": 10}
NO, YES = (Explanation("x", s, "") for s in ("excluded", "possible"))
UNKNOWN = Explanation("y", "not checked", "")


@pytest.mark.parametrize(
    ("allowed", "groups", "looks", "span", "want"),
    [
        (1.0, 200, 0, 0, 200),
        (4.0, 200, 0, MONTH, 50),
        (1.0, 200, 0, 2 * MONTH, 100),
        (0.5, 200, 0, MONTH // 2, 400),
        (1.0, 0, 0, 0, 1),
        (1.0, 100, 100, 0, 200 * (1 + math.log(2)) ** 2),
    ],
)
def test_the_bar(allowed, groups, looks, span, want):
    assert math.exp(Budget(allowed, groups, looks, span).log_bar) == pytest.approx(want)


@pytest.mark.parametrize("groups", [1, 5, 1000])
def test_the_chances_of_all_looks_together_stay_within_the_budget(groups):
    grid = [*range(1, 3000), *(int(3000 * 1.01**i) for i in range(3000))]
    chances = [math.exp(-Budget(2.0, groups, i, MONTH).log_bar) for i in grid]
    # Chances fall, so that a step of the grid costs at most its length times its first one.
    total = sum(c * (b - a) for c, a, b in zip(chances, grid, grid[1:], strict=False))
    assert total <= 2.0 * (1.02 if groups > 1 else 1.2)


@pytest.mark.parametrize(
    ("score", "log_e", "members", "told", "want"),
    [
        (3.0, 6.0, 20, [NO], "alarm"),
        (3.0, 6.0, 20, [NO, UNKNOWN], "alarm"),
        (3.0, 6.0, 20, [NO, YES], "suspect"),
        (3.0, 4.9, 20, [NO], "suspect"),
        (3.0, math.nan, 20, [NO], "suspect"),
        (2.4, 99.0, 20, [NO], "suspect"),
        (1.7, 99.0, 20, [NO], "notice"),
        (3.0, 99.0, 9, [NO], "notice"),
        (3.0, 99.0, 4, [NO], "none"),
        (0.9, 99.0, 20, [NO], "none"),
    ],
)
def test_levels(score, log_e, members, told, want):
    assert level_of(score, log_e, members, told, levels=AT, log_bar=5.0) == want


def test_more_evidence_never_lowers_a_level():
    def at(score, log_e, members):
        found = level_of(score, log_e, members, [NO], levels=AT, log_bar=5.0)
        return LEVELS.index(found)

    grid = [(s, e, m) for s in (0.5, 1.2, 2.0, 3.0) for e in (0.0, 5.0, 9.0) for m in (3, 7, 12)]
    for one in grid:
        for other in grid:
            if all(a <= b for a, b in zip(one, other, strict=True)):
                assert at(*one) <= at(*other)
