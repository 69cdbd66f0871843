"""One worklist without repeats, against people who ask the same."""

import numpy as np
import pytest
from tests.watch.detect.detect_toys import check_contract, view

from hydrometer.watch.detect.signals.tiling import measure, shared_texts


def texts(digest, **more):
    return view(np.random.default_rng(0), digest=np.asarray(digest, dtype=np.uint64), **more)


def test_contract():
    check_contract(measure, texts(np.arange(1, 121)))


def test_it_falls_with_what_is_sent_twice():
    rng = np.random.default_rng(1)
    found = [measure(texts(rng.integers(1, n, 120))) for n in (10, 60, 300, 10**9)]
    strength = [f.strength for f in found]
    assert strength == sorted(strength)
    assert strength[0] == -1.0
    assert strength[3] == 1.0
    assert found[3].measures["distinct"] == 120


def test_shared_texts_by_hand():
    # Three members: one repeats itself only, two have one of two texts in common.
    made = texts([5, 5, 7, 8, 7, 9], members=3, of=np.array([0, 0, 1, 1, 2, 2]))
    assert shared_texts(made) == pytest.approx((0 + 0.5 + 0.5) / 3)


def test_it_gives_no_evidence_since_the_pool_of_texts_is_unknown():
    assert np.isnan(measure(texts(np.arange(1, 121))).log_e)


def test_one_text_of_all_and_no_text():
    assert measure(texts(np.full(120, 3))).strength == -1.0
    found = measure(texts(np.zeros(120)))
    assert np.isnan(found.strength)
    assert found.detail == "no text is recorded"
