"""One message for each kind of unusable argument."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from hydrometer.errors import InputError
from hydrometer.stats import inputs


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: inputs.as_vector("v", ["a"]), "v is no array of numbers"),
        (lambda: inputs.as_vector("v", [[1.0]]), "v has the wrong shape"),
        (lambda: inputs.as_vector("v", [], least=1), "v is too short"),
        (lambda: inputs.as_vector("v", [np.nan]), "v contains NaN"),
        (lambda: inputs.as_vector("v", [np.inf]), "v contains an infinity"),
        (lambda: inputs.as_table("x", [1.0]), "x has the wrong shape"),
        (lambda: inputs.as_table("x", [[1.0]], rows=2), "x has the wrong length"),
        (lambda: inputs.as_table("x", [[np.nan]]), "x contains NaN or an infinity"),
        (lambda: inputs.as_pvalues("p", [0.0]), r"p has a value outside \(0, 1\]"),
        (lambda: inputs.as_pvalues("p", [1.1]), r"p has a value outside \(0, 1\]"),
        (lambda: inputs.as_pvalues("p", []), "p is too short"),
        (lambda: inputs.as_pvalues("p", [], nan=True), "p is too short"),
        (lambda: inputs.as_pvalues("p", [np.nan]), "p contains NaN"),
        (lambda: inputs.as_labels("l", [1, 2], size=3), "l has the wrong shape"),
        (lambda: inputs.as_labels("l", [1.5], size=1), "l are no labels"),
        (lambda: inputs.as_level("alpha", 0.0), "alpha is out of range"),
        (lambda: inputs.as_level("alpha", float("nan")), "alpha is out of range"),
        (lambda: inputs.as_natural("n", -1), "n is out of range"),
        (lambda: inputs.as_natural("n", 1.5), "n is out of range"),  # type: ignore[arg-type]
    ],
)
def test_iv(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()


def test_arguments_are_copied() -> None:
    mine = np.array([1.0, 2.0])
    copied = inputs.as_vector("v", mine)
    mine[0] = 9.0
    assert copied[0] == 1.0


def test_untested_pvalues_pass_where_allowed() -> None:
    assert np.isnan(inputs.as_pvalues("p", [0.1, np.nan], nan=True)[1])
