"""The judge of levels is itself judged."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from hydrometer.errors import InputError
from hydrometer.stats.calibration import judge_level, superuniform


def test_exact_interval_against_the_closed_form_at_zero() -> None:
    verdict = judge_level(0, 100, 0.05, confidence=0.95)
    assert verdict.low == 0.0
    assert verdict.high == pytest.approx(1.0 - 0.025 ** (1 / 100))
    assert verdict.holds
    assert verdict.conservative
    assert not verdict.exact


def test_one_sided_reading() -> None:
    assert judge_level(50, 1000, 0.05).exact
    assert not judge_level(100, 1000, 0.05).holds
    assert judge_level(10, 1000, 0.05).conservative


def test_superuniform_statistic() -> None:
    found = superuniform([0.1, 0.2, 1.0, 1.0], confidence=0.9)
    assert found.excess == pytest.approx(0.3)
    assert found.at == 0.2
    assert found.bound == pytest.approx(math.sqrt(math.log(10.0) / 8.0))
    assert superuniform(np.ones(50)).excess == 0.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: judge_level(2, 1, 0.05), "rejections exceeds n"),
        (lambda: judge_level(0, 0, 0.05), "n is out of range"),
        (lambda: judge_level(-1, 1, 0.05), "rejections is out of range"),
        (lambda: judge_level(0, 1, 0.0), "alpha is out of range"),
        (lambda: judge_level(0, 1, 0.05, confidence=1.0), "confidence is out of range"),
        (lambda: superuniform([0.0]), "pvalues has a value outside"),
        (lambda: superuniform([]), "pvalues is too short"),
        (lambda: superuniform([0.5], confidence=0.3), "confidence is out of range"),
    ],
)
def test_iv(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()
