"""Features of a batch of exchanges: one row each."""

import numpy as np

from hydrometer.exchange import Exchange, Message, to_table
from hydrometer.features.feature import length, status


def batch(*answers):
    rows = [Exchange(prompt=(Message("user", "q"),), model="m", **a) for a in answers]
    return to_table(rows).to_batches()[0]


def test_length_is_in_characters_and_absent_is_nan():
    held = batch({"response": "déjà"}, {"response": ""}, {"response": None, "status": "error"})
    found = length(held)
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, [4.0, 0.0, np.nan])


def test_status_is_text():
    held = batch({"response": "a"}, {"response": None, "status": "throttled"})
    assert status(held).tolist() == ["ok", "throttled"]
