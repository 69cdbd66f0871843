"""What every signal returns."""

import math

import numpy as np
import pytest

from hydrometer.watch.detect.signals import SIGNALS
from hydrometer.watch.detect.signals.reading import bet, clip, reading, silent


@pytest.mark.parametrize(("value", "want"), [(3.0, 1.0), (-3.0, -1.0), (0.2, 0.2)])
def test_a_strength_is_clipped(value, want):
    assert clip(value) == reading("x", value, "", measures={}).strength == want


def test_silence_has_a_reason_and_no_number():
    found = silent("x", "no text")
    assert math.isnan(found.strength)
    assert math.isnan(found.log_e)
    assert found.detail == "no text"


def test_a_bet_skips_what_is_not_recorded_and_has_no_order():
    values = np.array([0.9, np.nan, 0.8, 1.0, 0.2])
    assert bet(values, 0.5) == pytest.approx(bet(values[[4, 0, 2, 3]], 0.5))
    assert bet(np.full(20, 0.9), 0.5) > math.log(20) > bet(np.full(20, 0.5), 0.5)
    assert math.isnan(bet(np.full(3, np.nan), 0.5))


def test_every_signal_is_named_by_its_file():
    for name, measure in SIGNALS.items():
        assert measure.__module__.endswith(f".{name}")
