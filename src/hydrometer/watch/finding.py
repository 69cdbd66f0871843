"""A cluster of accounts as a finding: what speaks for one campaign, what else explains it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from hydrometer.finding import Assumption, Digest, Finding, Multiplicity, Verdict, View
from hydrometer.watch.act.atlas import AISVS, ATLAS, ATLAS_VERSION
from hydrometer.watch.act.details import Details, Listed, Member, Said
from hydrometer.watch.event import Kind
from hydrometer.watch.result import Cluster, Scan, name_of

__all__ = ["cluster_finding", "moment", "name_object"]

METHOD_VERSION = "1"

NULL = (
    "The accounts act independently of each other: what they share, they share as often as "
    "unrelated accounts of the same activity would, given how popular each shared thing is."
)

QUESTIONS = {
    "templates": "Do the accounts fill the same rare templates?",
    "links": "Do they share payment, sign-up, network or client identifiers?",
    "balance": "Is one load spread evenly over the accounts?",
    "tiling": "Does one list of work get walked without repeats?",
    "elicitation": "Do they ask for reasoning, rubrics or examples more than their peers?",
    "hoarding": "Do they take long answers and never come back to them?",
    "pivot": "Did they move to a new model together?",
    "fanout": "Does one account carry the traffic of many unrelated clients?",
    "shift": "Do their requests differ from those of their peers?",
    "timing": "Do they start, pause and stop together?",
}
"""What each signal asks; one that is not here is asked by its name."""

CAVEATS = (
    "Traffic shows what was asked for. It does not show that a model was trained on the answers.",
    "A statistical link between accounts is no identity: it does not name a person or a company.",
    "An account may belong only in part: the exchanges outside the cluster can be anybody's, and "
    "an account can be used by others than its owner.",
    "The accounts were chosen because they stand out. The e-value pays for that within this scan; "
    "figures of single signals do not.",
)

SETTLE = (
    "Compare the payment and sign-up records of these accounts; they are not in the traffic.",
    "Ask the owners of a few accounts what the traffic is for. An evaluation, a course or a "
    "product is quickly shown.",
    "Mark the accounts (or serve them sampled twins of each answer) and test a suspect model with "
    "hydrometer trace served.",
    "If the encrypted sample was on, let two people open it and read what was asked.",
)


def moment(time: int) -> str:
    """Return a time in microseconds since 1970 as ISO 8601 in UTC.

    Examples
    --------
    >>> moment(1_780_000_000_000_000)
    '2026-05-28T20:26:40+00:00'
    """
    return datetime.fromtimestamp(time // 1_000_000, UTC).isoformat()


def name_object(hashed: int) -> str:
    """Return a shared object as it is shown: its kind, and the rest of its keyed hash.

    Examples
    --------
    >>> name_object((8 << 60) | 255)
    'ip:0000000000000ff'
    """
    kinds = {v: k.lower() for k, v in vars(Kind).items() if k.isupper()}
    kind = kinds.get(int(hashed) >> 60, "object")
    return f"{kind}:{int(hashed) & ((1 << 60) - 1):015x}"


def cluster_finding(
    cluster: Cluster,
    scan: Scan,
    *,
    inputs: Sequence[Digest],
    command: str,
    environment: Mapping[str, str],
    created: str,
) -> Finding:
    """Return the finding of one cluster; it holds no text of any prompt and no raw identifier.

    Supported only for a cluster of level ``alarm`` with no harmless explanation left possible;
    inconclusive else. Never *not supported*: a scan that sees nothing does not show that nothing
    is there.

    Parameters
    ----------
    cluster : Cluster
        One of ``scan.clusters``.
    scan : Scan
        The look that found it.
    inputs : sequence of Digest
        What was read.
    command : str
        The line that computes it again.
    environment : mapping of str to str
        Versions of the software.
    created : str
        Time, ISO 8601 with zone, as the caller's clock has it.

    Returns
    -------
    Finding
        Of kind ``watch``; ``details`` as in `hydrometer.watch.act.details.Details`.
    """
    n = len(cluster.accounts)
    possible = [e for e in cluster.explanations if e.status == "possible"]
    alarm = cluster.level == "alarm" and not possible
    days = max(1.0, (cluster.last - cluster.first) / 86_400e6)
    details = _details(cluster, scan, days)
    return Finding(
        kind="watch",
        title=f"Do {n:,} accounts act as one data-collection campaign?",
        claim=f"The {n:,} accounts of cluster {cluster.id} act as one data-collection campaign.",
        null=NULL,
        verdict=Verdict.SUPPORTED if alarm else Verdict.INCONCLUSIVE,
        summary=_summary(cluster, scan, possible=[e.name for e in possible]),
        method="clusters of accounts against a permutation null",
        method_version=METHOD_VERSION,
        statistic=_number(cluster.score),
        statistic_name="score: weighted sum of the signals' effect sizes",
        evalue=_evalue(cluster.log_e),
        alpha=_level(scan),
        n={
            "accounts": n,
            "exchanges of the cluster": cluster.events,
            "accounts in the window": int(scan.accounts.size),
            "exchanges in the window": scan.events,
            "clusters tested": scan.tested,
        },
        views=tuple(
            View(
                name=s.name,
                question=QUESTIONS.get(s.name, f"Do the accounts stand out in {s.name}?"),
                null="as in accounts of the same peers that have nothing to do with each other",
                statistic=_number(s.strength),
                evalue=_evalue(s.log_e),
                n=cluster.events,
                agrees=None if math.isnan(s.strength) or s.strength == 0 else s.strength > 0,
                weak=s.weight == 0,
                note=s.detail,
            )
            for s in cluster.signals
        ),
        multiplicity=Multiplicity(
            max(1, scan.tested),
            f"online, at most {scan.budget:g} false alarm{'' if scan.budget == 1 else 's'} "
            "for each 30 days",
        ),
        assumptions=tuple(_assumption(e.name, e.status, e.detail) for e in cluster.explanations),
        alternatives=tuple(
            f"{e.name} ({e.status}: {e.detail})" if e.detail else f"{e.name} ({e.status})"
            for e in cluster.explanations
            if e.status != "excluded"
        ),
        settle=SETTLE,
        caveats=CAVEATS,
        seed=_seed(scan.settings),
        inputs=tuple(inputs),
        command=command,
        environment=dict(environment),
        created=created,
        details=details.to_json(),
    )


def _details(cluster: Cluster, scan: Scan, days: float) -> Details:
    accounts = np.fromiter(cluster.accounts, np.uint64, count=len(cluster.accounts))
    order = np.argsort(scan.accounts)
    known = scan.accounts[order]
    at = np.minimum(np.searchsorted(known, accounts), max(0, known.size - 1))
    scores: list[float | None] = [None] * accounts.size
    if known.size:
        found = scan.scores[order][at]
        scores = [
            float(s) if k == a and math.isfinite(s) else None
            for a, k, s in zip(accounts, known[at], found, strict=True)
        ]
    members = tuple(
        Member(name_of(a), round(float(m), 6), s)
        for a, m, s in zip(cluster.accounts, cluster.membership, scores, strict=True)
    )
    objects = tuple(name_object(o) for o in cluster.objects)
    kinds: dict[str, int] = {}
    for name in objects:
        kind = name.split(":")[0]
        kinds[kind] = kinds.get(kind, 0) + 1
    return Details(
        cluster=cluster.id,
        level=cluster.level,
        score=_number(cluster.score) or 0.0,
        log_e=_number(cluster.log_e),
        first=moment(cluster.first),
        last=moment(cluster.last),
        events=cluster.events,
        window=(moment(scan.begin), moment(scan.time)),
        window_events=scan.events,
        window_accounts=int(scan.accounts.size),
        tested=scan.tested,
        budget=scan.budget,
        accounts=members,
        signals=tuple(
            Listed(
                s.name,
                s.weight,
                _number(s.strength),
                _number(s.log_e),
                s.detail,
                {k: _number(v) for k, v in s.measures.items()},
            )
            for s in cluster.signals
        ),
        explanations=tuple(Said(e.name, e.status, e.detail) for e in cluster.explanations),
        objects=objects,
        timeline=tuple((moment(day)[:10], int(count)) for day, count in cluster.timeline),
        aisvs={
            "requirement": AISVS,
            "source_principals": len(members),
            "query_volume": {
                "queries": cluster.events,
                "share_of_window": cluster.events / max(1, scan.events),
                "per_principal": cluster.events / max(1, len(members)),
                "per_principal_and_day": cluster.events / max(1, len(members)) / days,
            },
            "input_distribution": {
                "shared_objects": kinds,
                **{
                    s.name: {k: _number(v) for k, v in s.measures.items()} for s in cluster.signals
                },
            },
        },
        atlas=tuple({**t._asdict(), "version": ATLAS_VERSION} for t in ATLAS),
        settings=dict(scan.settings),
    )


def _assumption(name: str, status: str, detail: str) -> Assumption:
    """State that an explanation is out; one that nobody checked is shown and not required."""
    told = {"excluded": "met", "possible": "not met"}.get(status, "not checked")
    return Assumption(f"it is not {name}", told, detail, required=told != "not checked")


def _summary(cluster: Cluster, scan: Scan, *, possible: Sequence[str]) -> str:
    speaking = [s for s in cluster.signals if s.strength > 0 and s.weight > 0]
    speaking.sort(key=lambda s: -s.strength * s.weight)
    share = cluster.events / max(1, scan.events)
    out = [
        f"{len(cluster.accounts):,} accounts sent {cluster.events:,} exchanges that belong "
        f"together, {100 * share:.2g}% of the window, between {moment(cluster.first)[:10]} and "
        f"{moment(cluster.last)[:10]}; level {cluster.level}."
    ]
    if speaking:
        out.append(f"Strongest: {', '.join(s.name for s in speaking[:3])}.")
    if possible:
        out.append(f"Still possible: {'; '.join(possible)}.")
    elif cluster.level != "alarm":
        out.append("Not strong enough for an alarm within the budget of false alarms.")
    return " ".join(out)


def _level(scan: Scan) -> float:
    """Return the chance of a false alarm that the budget leaves to a window of this length."""
    months = max(0, scan.time - scan.begin) / (30 * 86_400e6)
    return min(1.0, scan.budget * months)


def _evalue(log_e: float) -> float | None:
    # JSON holds no more than e^709; the details keep the logarithm.
    return None if math.isnan(log_e) else math.exp(min(log_e, 700.0))


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _seed(settings: Mapping[str, Any]) -> int | None:
    seed = settings.get("seed")
    return seed if isinstance(seed, int) and not isinstance(seed, bool) else None
