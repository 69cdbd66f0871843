"""The law: fold(a) + fold(b) == fold(a ++ b)."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hydrometer.stats.summary import Count, Moments, TopK

numbers = st.lists(st.floats(-1e6, 1e6) | st.just(float("nan")), max_size=30)
words = st.lists(st.sampled_from(["a", "b", "c", "é"]), max_size=30)


def fold(summary, values):
    out = summary()
    out.update(np.asarray(values))
    return out


@settings(max_examples=100, deadline=None)
@given(a=words, b=words, c=words)
def test_exact_summaries_obey_the_law(a, b, c):
    for summary in (Count, TopK):
        left = fold(summary, np.array(a, dtype=str))
        left.merge(fold(summary, np.array(b, dtype=str)))
        left.merge(fold(summary, np.array(c, dtype=str)))
        right = fold(summary, np.array(b, dtype=str))
        right.merge(fold(summary, np.array(c, dtype=str)))
        first = fold(summary, np.array(a, dtype=str))
        first.merge(right)
        whole = fold(summary, np.array(a + b + c, dtype=str))
        assert left.get() == first.get() == whole.get()
        assert pickle.loads(pickle.dumps(left)).get() == left.get()


@settings(max_examples=200, deadline=None)
@given(a=numbers, b=numbers)
def test_moments_obey_the_law_within_tolerance(a, b):
    left = fold(Moments, np.array(a, dtype=float))
    left.merge(fold(Moments, np.array(b, dtype=float)))
    whole = fold(Moments, np.array(a + b, dtype=float))
    x = np.array([v for v in a + b if not np.isnan(v)])
    scale = float(np.abs(x).max()) if x.size else 0.0
    assert left.get()["n"] == whole.get()["n"] == x.size
    near = {"rel": 1e-9, "nan_ok": True}
    assert left.get()["mean"] == pytest.approx(whole.get()["mean"], abs=1e-12 * scale, **near)
    assert left.get()["var"] == pytest.approx(whole.get()["var"], abs=1e-9 * scale**2, **near)
    if x.size > 1:
        assert whole.get()["var"] == pytest.approx(x.var(ddof=1), abs=1e-9 * scale**2, **near)


def test_no_data_is_nan_never_zero():
    assert Count().get() == 0
    assert np.isnan(Moments().get()["mean"])
    assert np.isnan(fold(Moments, [1.0]).get()["var"])
    assert TopK().get() == {}
