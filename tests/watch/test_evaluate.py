"""The whole benchmark with a toy detector: what it must say, and what it must not make up."""

import json

import pytest
from tests.watch.toy import BUSY, HOUR, KEY, QUIET, Toy, labels, rows, stream

from hydrometer.watch.evaluate import evaluate, peak_rss_mb
from hydrometer.watch.evaluate_mmd import MmdWindow
from hydrometer.watch.evaluate_rate import RateLimit
from hydrometer.watch.evaluate_truth import Label


@pytest.fixture(scope="module")
def found():
    held = stream(prompts=True)
    peers = [RateLimit(held.accounts, hours=1), MmdWindow(held, seed=0)]
    return evaluate(held, Toy(), every=HOUR, peers=peers)


def test_the_numbers_of_a_detector_that_finds_all(found):
    assert found["account_tpr_at_fpr_1e-3"]["100"] == 1.0
    assert found["campaign_recall"] == 1.0
    # 20 exchanges of each: first seen at the look after the first hour.
    assert 0.09 < found["alarm_at_fraction"]["alpha"] < 0.13
    total = found["stream"]["campaigns"]["alpha"]["exchanges"]
    assert total == BUSY * 200
    assert found["exchanges_at_alarm"]["alpha"] == round(
        found["alarm_at_fraction"]["alpha"] * total
    )
    assert found["details"]["campaign_recall"]["interval"][0] == pytest.approx(0.025)
    assert found["state_bytes_per_account"] == 16.0
    assert 0 < found["peak_rss_mb"] <= peak_rss_mb()
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_who_is_accused(found):
    # At the tenth hour every benign account has sent 20 exchanges, and the toy accuses them all.
    assert found["benign_accounts_accused"] == QUIET
    assert found["details"]["benign_accounts_accused"]["kinds"]["class"]["count"] == 1
    assert 0 < found["details"]["benign_accounts_accused"]["membership_0.5"]["count"] < QUIET
    assert found["false_cluster_alarms"] == 1
    (told,) = found["details"]["false_clusters"].values()
    assert (told["campaign_accounts"], told["benign_kinds"]["chat"]) == (BUSY, QUIET - 1)
    assert found["details"]["false_cluster_alarms_per_30_days"]["rate"] == pytest.approx(
        30 * 24 / 10, rel=0.01
    )


def test_peers_stand_beside(found):
    rate, mmd = found["peers"]
    assert rate["account_tpr_at_fpr_1e-3"]["100"] == 1.0
    assert rate["details"]["clusters_alarmed"] == 0
    assert mmd["notes"]["windows"] == (BUSY * 200 + QUIET * 20) // mmd["notes"]["window"]
    assert mmd["account_tpr_at_fpr_1e-3"]["100"] > 0.5


def test_looks_that_measure_leave_no_trace():
    toy = Toy()
    held = stream()
    found = evaluate(held, toy, every=2 * HOUR)
    assert toy.looks == found["details"]["looks"] == 5


def test_no_benign_account_gives_null_with_a_reason():
    mine = [r for r in rows() if r.account.startswith("c")]
    found = evaluate(stream(mine), Toy(), every=HOUR)
    assert found["account_tpr_at_fpr_1e-3"]["1"] is None
    assert found["benign_accounts_accused"] is None
    assert found["details"]["account_tpr"]["1"]["pooled"]["reason"] == "no benign account seen"
    assert found["campaign_recall"] == 1.0


def test_no_campaign_gives_null_with_a_reason():
    mine = [r for r in rows() if r.account.startswith("b")]
    truth = {k: v for k, v in labels().items() if not v.campaign}
    found = evaluate(stream(mine, truth), Toy(bar=1000), every=HOUR)
    assert found["campaign_recall"] is None
    assert found["account_tpr_at_fpr_1e-3"]["50"] is None
    assert (found["false_cluster_alarms"], found["benign_accounts_accused"]) == (0, 0)
    assert found["details"]["account_tpr"]["50"]["pooled"]["reason"] == "no campaign"


def test_a_campaign_that_sends_nothing_is_no_miss():
    truth = labels() | {"ghost": Label("beta", "naive")}
    found = evaluate(stream(truth=truth), Toy(), every=HOUR)
    assert found["alarm_at_fraction"]["beta"] is None
    assert found["details"]["missed"] == []
    assert found["details"]["not_in_stream"] == {"beta": "no exchange in the events"}
    assert found["stream"]["truth_accounts_without_events"] == 1


def test_benign_accounts_in_the_cluster_count_at_once():
    extra = [KEY.account(f"b{i}") for i in range(2)]
    found = evaluate(stream(rows(hours=5)), Toy(extra=extra), every=HOUR)
    assert found["benign_accounts_accused"] == 2
    assert found["false_cluster_alarms"] == 0


def test_the_state_is_bounded_before_it_is_measured():
    toy, held = Toy(), stream(rows(hours=2))
    evaluate(held, toy, every=HOUR)
    assert toy.trimmed == held.time[-1]
