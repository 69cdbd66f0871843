"""From a scan and a policy to entries of the ledger: once each, within the safety cap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hydrometer.errors import InputError, Refused
from hydrometer.finding import Finding
from hydrometer.watch.act.details import details_of
from hydrometer.watch.act.digest import finding_digest
from hydrometer.watch.act.entry import Entry, State
from hydrometer.watch.act.ledger import Ledger
from hydrometer.watch.act.policy import ACTIONS, Policy
from hydrometer.watch.result import LEVELS, Scan

__all__ = ["Plan", "apply", "plan_actions"]

HOUR = 3_600_000_000


@dataclass(frozen=True)
class Plan:
    """What a policy would do now.

    Parameters
    ----------
    entries : tuple of Entry
        Actions to start, not yet in the ledger.
    spared : mapping of str to int
        Accounts left alone, by reason.
    started : int
        Accounts on which real actions would have started within the last hour, these included.
    over : bool
        Whether that is more than the policy allows without a person.
    """

    entries: tuple[Entry, ...]
    spared: Mapping[str, int]
    started: int
    over: bool


def plan_actions(
    scan: Scan,
    findings: Sequence[Finding],
    policy: Policy,
    state: State,
    now: int,
    *,
    orgs: Mapping[int, int] | None = None,
) -> Plan:
    """Return what the policy would do about the clusters of a scan; nothing is written.

    An account is left alone where the allow-list names it or its organisation, where its
    membership is below the rule's, where the same action already runs for the same cluster, and
    where a person lifted an action of this cluster at this level or a higher one.

    Parameters
    ----------
    scan : Scan
        Its clusters are acted on.
    findings : sequence of Finding
        One for each cluster whose level has an action, by the cluster's id.
    policy : Policy
        What to do.
    state : State
        Of the ledger.
    now : int
        Microseconds since 1970 UTC.
    orgs : mapping of int to int, optional
        Account to the link of its organisation; needed where the policy spares organisations.

    Raises
    ------
    InputError
        If a cluster has no finding, or the policy spares organisations that are not known.
    """
    if policy.allow_orgs and orgs is None:
        raise InputError(
            "the policy spares organisations, and the accounts' organisations are not known",
            next_step="list the accounts instead, or map an organisation (docs: attribution)",
        )
    digests = {details_of(f).cluster: finding_digest(f) for f in findings}
    entries: list[Entry] = []
    spared: dict[str, int] = {}
    for cluster in scan.clusters:
        rule = policy.rules.get(cluster.level)
        if rule is None or rule.action == "none":
            continue
        if cluster.id not in digests:
            raise InputError(
                f"cluster {cluster.id} has no finding", wanted="one for each cluster acted on"
            )
        for account, membership in zip(cluster.accounts, cluster.membership, strict=True):
            act = Entry(
                "act",
                now,
                action=rule.action,
                account=int(account),
                cluster=cluster.id,
                level=cluster.level,
                finding=digests[cluster.id],
                policy=policy.digest,
                dry_run=policy.dry_run,
                until=now + rule.ttl * 1_000_000,
                rpm=rule.rpm,
            )
            org = (orgs or {}).get(act.account, 0)
            if act.account in policy.allow_accounts or org in policy.allow_orgs:
                why = "on the allow-list"
            elif membership < rule.min_membership:
                why = "membership below the rule's"
            else:
                why = _spare(act, state, now)
            if why:
                spared[why] = spared.get(why, 0) + 1
            else:
                entries.append(act)
    real = {e.account for e in entries if not e.dry_run and e.action != "review"}
    started = len(real | state.started_since(now - HOUR)) if real else 0
    return Plan(tuple(entries), spared, started, started > policy.max_accounts_per_hour)


def apply(
    scan: Scan,
    findings: Sequence[Finding],
    policy: Policy,
    ledger: Ledger,
    now: int,
    *,
    orgs: Mapping[int, int] | None = None,
    confirmed: bool = False,
) -> list[Entry]:
    """Write what the policy does about a scan to the ledger; return the new entries.

    The same scan a second time adds nothing. Where the safety cap would be passed nothing is done
    at all, a line says so, and a person has to confirm.

    Parameters
    ----------
    scan, findings, policy, now, orgs
        As in `plan_actions`.
    ledger : Ledger
        Where the entries go.
    confirmed : bool
        A person has seen the plan: the cap does not hold it back.

    Raises
    ------
    InputError
        As in `plan_actions`.
    Refused
        If the cap is passed and nobody confirmed.
    StoreError
        If the ledger cannot be written; then nothing is in force.
    """
    with ledger.locked():
        plan = plan_actions(scan, findings, policy, ledger.state, now, orgs=orgs)
        if plan.over and not confirmed:
            _stop(plan, policy, ledger, now)
            raise Refused(
                "the policy would act on more accounts than its safety cap allows in an hour",
                got=f"{plan.started:,} accounts",
                wanted=f"{policy.max_accounts_per_hour:,} at most, or a person's word",
                next_step="read the findings, then confirm this scan or raise the cap",
            )
        return ledger.append(plan.entries) if plan.entries else []


def _spare(act: Entry, state: State, now: int) -> str:
    """Say why an action that the rule asks for is not started, or nothing."""
    for old in state.of_account.get(act.account, ()):
        if old.cluster != act.cluster or old.dry_run is not act.dry_run:
            continue
        lifted = old.id in state.lifted
        if lifted and LEVELS.index(old.level) >= LEVELS.index(act.level):
            return "lifted by a person"
        if not lifted and old.finding == act.finding and old.policy == act.policy:
            return "done for this finding"
        hardness = ACTIONS.index(old.action) - ACTIONS.index(act.action)
        if state.holds(old, now) and (hardness > 0 or (hardness == 0 and old.rpm == act.rpm)):
            return "already in force"
    return ""


def _stop(plan: Plan, policy: Policy, ledger: Ledger, now: int) -> None:
    """Write down once an hour that the cap held a scan back."""
    recent = [s for s in ledger.state.stops if s.policy == policy.digest and s.time > now - HOUR]
    told = f"{plan.started:,} accounts, {policy.max_accounts_per_hour:,} allowed in an hour"
    if not recent or recent[-1].reason != told:
        ledger.append([Entry("stop", now, policy=policy.digest, reason=told)])
