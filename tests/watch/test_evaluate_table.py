"""The page for people: every number with its interval, and what is missed."""

import pytest
from tests.watch.toy import HOUR, KEY, Toy, rows, stream

from hydrometer.watch.evaluate import evaluate
from hydrometer.watch.evaluate_rate import RateLimit
from hydrometer.watch.evaluate_table import to_table


@pytest.fixture(scope="module")
def held():
    return stream(rows(hours=5))


def test_a_campaign_that_is_found(held):
    found = evaluate(held, Toy(), every=HOUR, peers=[RateLimit(held.accounts, hours=24)])
    found["speed"] = {
        "text": {
            "rows": 10,
            "seconds": {"decode": 1.0, "log": 0.0},
            "events_per_s": 5000.0,
            "events_per_s_with_log": 4000.0,
        }
    }
    found["peers_not_run"] = {"another": "not installed"}
    text = to_table(found)
    assert text.startswith("# bench watch: 1,600 events of 70 accounts in 0.2 days, 1 campaigns")
    (row,) = (line for line in text.splitlines() if line.startswith("| hydrometer watch |"))
    assert "| 1.000 (0.692-1.000) | 1/1 (0.0250-1.0000) |" in row
    assert "| rate limit, a day |" in text
    assert "campaigns without an alarm: none" in text
    assert "text: 5,000 events a second and core, 4,000 with the log on disk" in text
    assert "another: not run, not installed" in text
    assert "nan" not in text
    assert "None" not in text


def test_what_is_missed_is_told(held):
    accused = [KEY.account(f"b{i}") for i in range(12)]
    text = to_table(evaluate(held, Toy(bar=10**6, extra=accused), every=HOUR))
    assert "campaigns without an alarm: alpha" in text
    assert "benign kinds with an accused account: chat (11), class (1)" in text
    assert "false clusters: 1 of 1 alarmed" in text
    assert "  - c-0000000000000001: 12 accounts (chat 11, class 1)" in text
    assert "| alpha | 10 | 1,000 | 62.50 % | never | - | never |" in text
