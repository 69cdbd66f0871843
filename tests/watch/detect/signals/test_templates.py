"""How much of each prompt is the shared frame."""

import numpy as np
import pytest
from tests.watch.detect.detect_toys import check_contract, view

from hydrometer.watch.detect.signals.templates import FRAME, PHRASE, measure


def sharing(hits, objects=20):
    return view(np.random.default_rng(0), hits=np.full(120, hits), objects=np.full(120, objects))


def test_contract():
    check_contract(measure, sharing(5))


def test_it_grows_with_the_shared_part():
    found = [measure(sharing(h)).strength for h in (1, 2, 4, 6, 12)]
    assert found == sorted(found)
    assert found[0] == pytest.approx(0.05 / PHRASE - 1)
    assert found[1] == pytest.approx(0.0)
    assert found[2] == pytest.approx((0.2 - PHRASE) / (FRAME - PHRASE))
    assert found[3] == pytest.approx(1.0)
    assert found[4] == 1.0


def test_each_member_has_one_vote():
    hits = np.where(np.arange(520) < 500, 12, 1)
    of = np.where(np.arange(520) < 500, 0, np.arange(520) - 500)
    made = view(np.random.default_rng(1), of=of, hits=hits, objects=np.full(520, 20))
    assert measure(made).measures["mass"] < 0.1


def test_a_group_of_links_has_no_frame():
    found = measure(sharing(0))
    assert np.isnan(found.strength)
    assert "no text" in found.detail
    assert np.isnan(measure(sharing(0, objects=0)).strength)
