"""From raw scores to calibrated ones: by hand, and treating the suspect as any other."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrometer.trace.calibrate import combine, explain_away, population, standardise
from hydrometer.trace.lineage import Lineage, Record

LINEAGE = Lineage(
    {
        r.model: r
        for r in (
            Record("ta", "teacher", source="A"),
            Record("ta2", "teacher", source="A"),
            Record("tb", "teacher", source="B"),
            Record("sa-1", "student", "A", ("ta",)),
            Record("sa-2", "clean"),
            Record("human", "clean"),
            Record("who", "unknown"),
        )
    }
)
MODELS = list(LINEAGE.records)


def test_who_is_whose_null():
    who = population(MODELS, ["ta", "tb"], LINEAGE, suspect_family=None)
    assert who.null.tolist() == [
        [False, True],
        [False, True],
        [True, False],
        [False, True],
        [True, True],
        [True, True],
        [False, False],
    ]
    assert who.own[:3].tolist() == [[True, False], [True, False], [False, True]]
    assert not who.own[3:].any()
    assert who.vendors == ("A", "B")
    assert who.families[:4] == ("vendor:A", "vendor:A", "vendor:B", "project:sa")


def test_the_suspects_family_is_nobodys_null():
    who = population(MODELS, ["ta", "tb"], LINEAGE, suspect_family="project:sa")
    assert not who.null[[3, 4]].any()
    assert who.null[5].all()
    vendor = population(MODELS, ["ta", "tb"], LINEAGE, suspect_family="vendor:B")
    assert not vendor.null[2].any()


def test_z_scores_by_hand():
    # Null 1, 2, 3 and the suspect 6: mean 3, standard deviation root of 14/3.
    raw = np.array([[1.0], [2.0], [3.0], [99.0], [6.0]])
    null = np.array([[True], [True], [True], [False]])
    spread = np.sqrt(14 / 3)
    found = standardise(raw, null)[:, 0]
    np.testing.assert_allclose(found, np.array([-2, -1, 0, 96, 3]) / spread)


@pytest.mark.parametrize(
    "raw",
    [[1.0, 2.0, np.nan, 3.0, 4.0], [5.0, 5.0, 5.0, 5.0, 5.0], [np.nan] * 5],
    ids=["two null models", "no spread", "nothing"],
)
def test_too_little_is_nan_without_a_warning(raw):
    null = np.array([[True], [True], [True], [False]])
    assert np.isnan(standardise(np.array(raw)[:, None], null)).all()


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 10), st.floats(-5, 5))
def test_units_do_not_count(seed, scale, shift):
    raw = np.random.default_rng(seed).normal(size=(9, 2))
    null = np.ones((8, 2), dtype=bool)
    np.testing.assert_allclose(
        standardise(scale * raw + shift, null), standardise(raw, null), atol=1e-9
    )


def test_suspect_and_null_models_are_treated_alike():
    # Changing places with a null model changes nothing but the places.
    who = population(
        ["ta", "tb", *"abcdefg"],
        ["ta", "tb"],
        Lineage({**LINEAGE.records, **{c: Record(c, "clean") for c in "abcdefg"}}),
        suspect_family=None,
    )
    rng = np.random.default_rng(0)
    views = [rng.normal(size=(10, 2)) for _ in range(3)]
    one = combine(views, who)
    swap = np.arange(10)
    swap[[4, 9]] = swap[[9, 4]]
    two = combine([v[swap] for v in views], who)
    np.testing.assert_allclose(one.suspect, two.models[4])
    np.testing.assert_allclose(one.models[4], two.suspect)
    np.testing.assert_allclose(np.delete(one.models, 4, 0), np.delete(two.models, 4, 0))


def test_a_view_that_is_shown_alone_does_not_enter():
    who = population(list(LINEAGE.records), ["ta", "tb"], LINEAGE, suspect_family=None)
    rng = np.random.default_rng(1)
    views = [rng.normal(size=(8, 2)) for _ in range(3)]
    used = combine(views, who, used=2)
    np.testing.assert_array_equal(used.suspect, combine(views[:2], who).suspect)
    assert used.views.shape == (3, 2)


def test_a_view_that_is_missing_leaves_the_others():
    who = population(list(LINEAGE.records), ["ta", "tb"], LINEAGE, suspect_family=None)
    view = np.random.default_rng(1).normal(size=(8, 2))
    gone = np.full_like(view, np.nan)
    np.testing.assert_array_equal(combine([view, gone], who).suspect, combine([view], who).suspect)
    assert np.isnan(combine([gone], who).suspect).all()


def test_explaining_away_by_hand():
    own = np.zeros((1, 3), dtype=bool)
    # Best of others: for a's two columns b's 3; for b a's 2.
    found = explain_away(np.array([[1.0, 2.0, 3.0]]), own, ["a", "a", "b"])
    np.testing.assert_array_equal(found, [[-1.0, 1.0, 3.0]])
    # What belongs to the model itself explains nothing.
    own[0, 2] = True
    found = explain_away(np.array([[1.0, 2.0, 3.0]]), own, ["a", "a", "b"])
    np.testing.assert_array_equal(found, [[1.0, 2.0, 3.0]])
    # Nor does a score that is not there; one vendor alone is left as it is.
    some = np.array([[1.0, np.nan]])
    np.testing.assert_array_equal(explain_away(some, own[:, :2], ["a", "b"]), some)
    alone = np.array([[1.0, 2.0]])
    np.testing.assert_array_equal(explain_away(alone, own[:, :2], ["a", "a"]), alone)
