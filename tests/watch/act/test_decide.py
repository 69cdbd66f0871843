"""The lookup and the two contracts: fast, the same in another process, and never an answer."""

import contextlib
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrometer.errors import HydrometerError, SchemaError
from hydrometer.watch.act.decide import (
    NOTHING,
    Decision,
    Decisions,
    litellm_answer,
    plain_answer,
)
from hydrometer.watch.act.entry import Entry, fold
from hydrometer.watch.act.policy import Policy

POLICY = Policy(message="Held back.", appeal="a@example.org", allow_accounts=frozenset({9}))
DAY = 86_400_000_000


def act(ident, action, account=7, until=DAY, rpm=0):
    return Entry("act", 0, id=ident, action=action, account=account, until=until, rpm=rpm)


def table(*acts):
    return Decisions.from_acts(fold(acts).in_force(1), POLICY)


def test_the_hardest_counts_and_the_next_takes_over():
    t = table(act("x-1", "throttle", until=2 * DAY, rpm=6), act("x-2", "block"))
    assert [t.look(7, now).action for now in (1, DAY, 2 * DAY)] == ["block", "throttle", "none"]
    assert t.look(8, 1) is NOTHING
    assert t.look(7, DAY).rpm == 6


def test_the_allow_list_of_today_counts_for_actions_of_yesterday():
    assert table(act("x-1", "block", account=9)).look(9, 1) is NOTHING


def test_a_policy_that_is_set_back_to_dry_holds_everything_back():
    held = fold([act("x-1", "block")]).in_force(1)
    assert len(Decisions.from_acts(held, replace(POLICY, digest="p", dry_run=True))) == 0
    assert len(Decisions.from_acts(held, replace(POLICY, digest="p", dry_run=False))) == 1


def test_a_refused_user_reads_whom_to_write_to_and_learns_no_cluster():
    answer = litellm_answer(table(act("x-1", "block")).look(7, 1))
    assert answer == {
        "action": "BLOCKED",
        "blocked_reason": "Held back. To appeal, write to a@example.org.",
    }


@pytest.mark.parametrize(
    ("action", "wait", "litellm", "allow", "status"),
    [
        ("none", 0.0, "NONE", True, 200),
        ("review", 0.0, "NONE", True, 200),
        ("mark", 0.0, "NONE", True, 200),
        ("throttle", 0.0, "NONE", True, 200),
        ("throttle", 7.5, "BLOCKED", False, 429),
        ("challenge", 0.0, "BLOCKED", True, 403),
        ("block", 0.0, "BLOCKED", False, 403),
    ],
)
def test_the_mapping(action, wait, litellm, allow, status):
    d = Decision(action, "Why.", "c-1", DAY, 6)
    plain = plain_answer(d, wait)
    assert litellm_answer(d, wait)["action"] == litellm
    assert (plain["allow"], plain["status"]) == (allow, status)
    if action == "throttle" and wait:
        assert "Try again in 8 s." in litellm_answer(d, wait)["blocked_reason"]
        assert plain["headers"] == {"retry-after": "8"}
    if action in ("challenge", "review", "mark"):
        assert plain["headers"] == {"x-hydrometer-action": action}


def test_bytes_carry_the_table():
    t = table(
        act("x-1", "block", account=2**64 - 1),
        act("x-2", "throttle", account=3, rpm=4),
        act("x-3", "review", account=3),
    )
    assert Decisions.from_bytes(t.to_bytes()) == t
    assert len(Decisions.from_bytes(Decisions().to_bytes())) == 0


@given(st.binary(max_size=80), st.integers(0, 300))
def test_damaged_bytes_raise_only_our_errors(tail, cut):
    good = table(act("x-1", "block"), act("x-2", "review", account=3)).to_bytes()
    for data in (tail, good[:cut], good[:cut] + tail, good + tail):
        with contextlib.suppress(HydrometerError):
            Decisions.from_bytes(data)
    with pytest.raises(SchemaError):
        Decisions.from_bytes(b"")


def test_a_hundred_thousand_accounts_are_looked_up_within_the_goal():
    rng = np.random.default_rng(5)
    accounts = rng.integers(0, 2**63, 100_000).tolist()
    row = (Decision("throttle", "Slow.", "c-1", DAY, 6),)
    t = Decisions(dict.fromkeys(accounts, row))
    asked = [*rng.choice(accounts, 10_000).tolist(), *rng.integers(0, 2**63, 10_000).tolist()]
    took = []
    for account in asked:
        start = time.perf_counter_ns()
        t.look(account, 1)
        took.append(time.perf_counter_ns() - start)
    assert np.quantile(took, 0.99) < 200_000  # nanoseconds: p99 of 0.2 ms
