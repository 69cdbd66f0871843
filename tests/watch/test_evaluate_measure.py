"""Rates from scores: ties count against the method, nothing measured is null."""

import numpy as np
import pytest
from tests.watch.toy import KEY

from hydrometer.errors import InputError
from hydrometer.watch.evaluate_measure import (
    measure_scores,
    plain_rate,
    poisson_rate,
    pool,
    spread,
)
from hydrometer.watch.evaluate_truth import Label, label_accounts
from hydrometer.watch.result import Scan


def population(benign, campaign):
    truth = {f"b{i}": Label("", "chat") for i in range(benign)}
    truth |= {f"c{i}": Label("x", "naive") for i in range(campaign)}
    return label_accounts(truth, [], KEY)


def measured(benign, campaign):
    accounts = population(len(benign), len(campaign))
    scores = np.zeros(len(accounts))
    for name, values in (("b", benign), ("c", campaign)):
        for i, value in enumerate(values):
            scores[accounts.place[f"{name}{i}"]] = value
    seen = np.ones(len(accounts), bool)
    return measure_scores(scores, seen, accounts.campaign == 0, accounts)


def test_one_in_a_thousand_may_be_above():
    found = measured([*range(2000)], [1998, 1997, 1996, 5000])
    # Two benign accounts may reach the threshold: 1998 and 1999 do, 1997 does not.
    assert found["fpr"]["count"] == 2
    assert found["tpr"]["count"] == 2
    assert found["families"]["chat"]["count"] == 2


def test_ties_count_against_us():
    found = measured([7.0] * 1000 + [1.0] * 1000, [7.0, 7.5])
    assert (found["fpr"]["count"], found["tpr"]["count"]) == (0, 1)


def test_few_benign_accounts_are_said():
    found = measured([1, 2], [3])
    assert found["tpr"]["rate"] == 1.0
    assert "2 negatives cannot tell" in found["reason"]


def test_the_worst_score_is_no_hit_for_free():
    found = measured([-np.inf] * 5, [-np.inf, 0.0])
    assert found["tpr"]["count"] == 1
    assert found["threshold"] is None


def test_pooling_counts_accounts():
    points = [measured([*range(10)], [100, 100, 0]), measured([*range(10)], [0])]
    assert pool(points)["tpr"]["count"] == 2
    assert pool(points)["tpr"]["n"] == 4
    assert pool([])["tpr"]["rate"] is None


def test_a_scan_is_spread_over_the_accounts():
    accounts = population(2, 1)
    some = np.array([KEY.account("c0")], np.uint64)

    def scan(ids, scores):
        return Scan(0, 0, 0, ids, np.array(scores), (), 0, 1.0)

    out = spread(scan(some, [2.0]), accounts)
    assert out[accounts.place["c0"]] == 2.0
    assert np.isneginf(out).sum() == 2
    for bad in (scan(some, [np.nan]), scan(np.array([1], np.uint64), [1.0]), scan(some, [1, 2])):
        with pytest.raises(InputError, match="cannot be scored"):
            spread(bad, accounts)


def test_poisson_interval():
    assert poisson_rate(3, 1.0)["interval"] == pytest.approx([0.6187, 8.7673], abs=1e-3)
    assert poisson_rate(1, 0.0)["rate"] is None


def test_plain_rates_have_no_nan():
    from hydrometer.stats.roc import exact_rate

    assert plain_rate(exact_rate(0, 0)) == {
        "count": 0,
        "n": 0,
        "rate": None,
        "interval": None,
        "reason": "no trials",
    }
