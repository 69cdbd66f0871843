"""A policy applied: once each, spared where it must, stopped at the cap."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from hydrometer.errors import InputError, Refused
from hydrometer.watch.act.apply import apply, plan_actions
from hydrometer.watch.act.digest import finding_digest
from hydrometer.watch.act.ledger import Ledger, verify_chain
from hydrometer.watch.act.policy import Policy, Rule

sys.path.insert(0, str(Path(__file__).parent))
from watch_act_toys import NOW, cluster, findings, scan

HOUR = 3_600_000_000
RULES = {
    "suspect": Rule("throttle", 86_400, 0.0, 6),
    "alarm": Rule("block", 7 * 86_400, 0.6, 0),
}
LIVE = Policy(rules=RULES, dry_run=False, appeal="a@example.org", digest="p1")


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path / "actions.jsonl", now=0)


def run(ledger, policy=LIVE, within=None, now=NOW, **more):
    within = within or scan()
    return apply(within, findings(within), policy, ledger, now, **more)


def test_members_above_the_bar_are_acted_on_with_their_finding(ledger):
    made = run(ledger)
    want = [a for a, m in zip(cluster().accounts, cluster().membership, strict=True) if m >= 0.6]
    assert [e.account for e in made] == want
    assert {e.finding for e in made} == {finding_digest(findings(scan())[0])}
    assert {(e.action, e.policy, e.until - e.time) for e in made} == {
        ("block", "p1", 7 * 86_400_000_000)
    }


def test_the_same_scan_twice_adds_nothing(ledger):
    assert run(ledger)
    assert run(ledger) == []
    assert run(ledger, now=NOW + 30 * 24 * HOUR) == []  # not even after it lapsed
    again = scan()
    later = [replace(f, created="2026-06-12T00:00:00+00:00") for f in findings(again)]
    assert apply(again, later, LIVE, ledger, NOW + HOUR) == []  # a new look, already in force


def test_a_new_look_acts_again_once_the_action_lapsed(ledger):
    n = len(run(ledger))
    later = [replace(f, created="2026-07-12T00:00:00+00:00") for f in findings(scan())]
    assert len(apply(scan(), later, LIVE, ledger, NOW + 8 * 24 * HOUR)) == n


def test_what_a_person_lifted_stays_lifted_at_that_level(ledger):
    suspect = scan(cluster(level="suspect"))
    made = run(ledger, within=suspect)
    ledger.reverse(made[0].id, "a known evaluation", NOW + 1)
    later = [replace(f, created="2026-06-13T00:00:00+00:00") for f in findings(suspect)]
    again = apply(suspect, later, LIVE, ledger, NOW + 48 * HOUR)
    assert made[0].account not in {e.account for e in again}
    assert len(again) == len(made) - 1
    harder = run(ledger, within=scan(cluster()), now=NOW + 49 * HOUR)
    assert made[0].account in {e.account for e in harder}


def test_a_dry_run_is_written_and_not_in_force_and_live_acts_after_it(ledger):
    dry = run(ledger, replace(LIVE, dry_run=True, digest="p0"))
    assert dry
    assert all(e.dry_run for e in dry)
    assert ledger.state.in_force(NOW + 1) == {}
    assert len(run(ledger)) == len(dry)


def test_the_allow_list_is_above_everything(ledger):
    spared = replace(LIVE, allow_accounts=frozenset({1, 2}))
    assert not {1, 2} & {e.account for e in run(ledger, spared)}


def test_organisations_are_spared_or_the_policy_is_refused(ledger):
    policy = replace(LIVE, allow_orgs=frozenset({99}))
    with pytest.raises(InputError, match="organisations"):
        run(ledger, policy)
    assert 3 not in {e.account for e in run(ledger, policy, orgs={3: 99, 4: 98})}


def test_beyond_the_cap_nothing_is_done_until_a_person_confirms(ledger):
    tight = replace(LIVE, max_accounts_per_hour=10)
    for _ in range(3):
        with pytest.raises(Refused, match="safety cap"):
            run(ledger, tight)
    assert [e.kind for e in ledger.entries] == ["stop"]
    assert run(ledger, tight, confirmed=True)


def test_the_cap_counts_what_other_scans_did_within_the_hour(ledger):
    policy = replace(LIVE, max_accounts_per_hour=45)
    run(ledger, policy)
    other = scan(cluster("c-00000000000000bb", first=101))
    with pytest.raises(Refused):
        run(ledger, policy, within=other, now=NOW + HOUR // 2)
    assert run(ledger, policy, within=other, now=NOW + 2 * HOUR)


def test_a_cluster_without_a_finding_is_not_acted_on(ledger):
    with pytest.raises(InputError, match="has no finding"):
        apply(scan(), [], LIVE, ledger, NOW)
    assert ledger.entries == []


def test_a_plan_writes_nothing(ledger):
    plan = plan_actions(scan(), findings(scan()), LIVE, ledger.state, NOW)
    assert plan.spared["membership below the rule's"] + len(plan.entries) == 40
    assert not plan.over
    assert ledger.entries == []
    run(ledger)
    assert verify_chain(ledger.path).faults == ()
