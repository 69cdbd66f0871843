"""The correlation of two models' likeness to third parties, against numpy."""

import numpy as np
import pytest

from hydrometer.trace.views.profile import profile_scores


def likeness(m, seed=0):
    raw = np.random.default_rng(seed).normal(size=(m, m))
    return raw + raw.T


def test_against_numpy():
    a, m = likeness(7), 7
    found = profile_scores(a, [2], list("abcdefg"), np.arange(m))
    centred = a.copy()
    np.fill_diagonal(centred, np.nan)
    centred = centred - np.nanmean(centred, axis=0)
    centred = centred - np.nanmean(centred, axis=1, keepdims=True)
    third = [0, 1, 3, 5, 6]
    r = np.corrcoef(centred[4, third], centred[2, third])[0, 1]
    assert found[4, 0] == pytest.approx(np.arctanh(r))
    assert np.isnan(found[2, 0])


def test_the_diagonal_is_not_used():
    a = likeness(6)
    b = a.copy()
    np.fill_diagonal(b, 99.0)
    args = ([0, 1], list("abcdef"), np.arange(6))
    np.testing.assert_array_equal(profile_scores(a, *args), profile_scores(b, *args))


def test_both_families_stand_aside():
    # Models 3 and 4 are siblings of the suspect 5, model 1 of the teacher 0.
    families = ["t", "t", "a", "s", "s", "s", "b", "c"]
    a = likeness(8)
    base = profile_scores(a, [0], families, np.arange(8))
    assert np.isfinite(base[5, 0])
    inside = np.array([0, 1, 2, 6, 7])
    few = profile_scores(a, [0], families, np.array([0, 1, 2, 6]))
    assert np.isnan(few[5, 0])  # only 2 and 6 are left
    assert np.isfinite(profile_scores(a, [0], families, inside)[5, 0])


def test_a_copy_of_the_teacher_is_at_the_top():
    a = likeness(9, seed=3)
    a[1], a[:, 1] = a[0], a[:, 0]
    found = profile_scores(a, [0], list("abcdefghi"), np.arange(9))[:, 0]
    assert found[1] == np.nanmax(found)
    assert np.abs(found[1:]).max() <= np.arctanh(0.999)


def test_no_variation_is_no_score_and_no_warning():
    found = profile_scores(np.ones((6, 6)), [0], list("abcdef"), np.arange(6))
    assert not np.isfinite(found).any()
