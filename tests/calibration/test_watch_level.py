"""Do the e-values of the detectors keep their promise? Under the null their mean is at most 1.

The null is the one that the signals state: the members of a group are random accounts, and their
exchanges in it are random exchanges of theirs.
"""

import math

import numpy as np
import pytest
from tests.watch.detect.detect_toys import (
    DAY,
    START,
    benign,
    by_hand,
    link_columns,
    monitor,
    population,
    thing,
    view,
)

from hydrometer.stats.calibration import judge_level
from hydrometer.stats.combine import average_evalues
from hydrometer.watch.detect.profile import FEATURES
from hydrometer.watch.detect.signals import SIGNALS
from hydrometer.watch.event import Kind

ACCOUNTS = 600
RUNS = [pytest.param(500), pytest.param(5000, marks=pytest.mark.slow)]


def few_share(rng, n):
    """One account in ten shares a thing with two others; the rest have their own."""
    turn = rng.permutation(n)
    return np.where(turn < n // 10, turn // 3, turn + n)


KINDS = {
    Kind.PAYMENT: few_share,
    Kind.IP: few_share,
    Kind.NET: lambda rng, n: np.minimum(rng.zipf(1.5, n), 400),
    Kind.TLS: lambda rng, n: rng.integers(0, 12, n),
    Kind.SIGNUP: lambda rng, n: rng.integers(0, 40, n),
}


def promise(log_e):
    """What the e-values of independent nulls must not break: their mean, and their tail at 20."""
    e = np.exp(log_e)
    low = e.mean() - 3.3 * e.std(ddof=1) / math.sqrt(e.size)
    verdict = judge_level(int((e >= 20.0).sum()), e.size, 0.05)
    return low <= 1.0 and verdict.holds, f"mean {e.mean():.3f}, low {low:.3f}; {verdict}"


def features(rng, who, kind, habit):
    """Exchanges of accounts: each with habits of its own, skewed, tied, or one habit in all."""
    noise = rng.normal(size=(who.size, len(FEATURES)))
    found = 0.7 * habit[who] + 0.7 * noise
    if kind == "clients":  # one program or another, and with it all features at once
        return np.repeat((habit[who, :1] + 0.3 * noise[:, :1] > 0.8).astype(float), 8, axis=1)
    if kind == "tied":
        return np.round(np.exp(found))
    return found


def null_view(rng, kind, members=20):
    """Random accounts with random exchanges of theirs; who sends when is random too."""
    habit = rng.normal(size=(ACCOUNTS, len(FEATURES)))
    everybody = np.arange(ACCOUNTS)
    fan = rng.integers(1, 5, ACCOUNTS)
    people = population(rng, sample=features(rng, everybody, kind, habit), fan=fan + 1.0)
    who = np.sort(rng.choice(ACCOUNTS, members, replace=False))
    of = rng.permutation(np.repeat(np.arange(members), 1 + rng.poisson(rng.gamma(1, 4, members))))
    mine = features(rng, who[of], kind, habit)
    things = [(k, everybody, make(rng, ACCOUNTS)) for k, make in KINDS.items()]
    owner = np.repeat(everybody, fan)
    things.append((Kind.AGENT, owner, rng.integers(0, 10**6, owner.size)))
    objects = np.concatenate([thing(k, 0) | w.astype(np.uint64) for k, _, w in things])
    account = np.concatenate([o for _, o, _ in things])
    links = link_columns(objects, account, who, ACCOUNTS)
    return view(
        rng,
        members=members,
        people=people,
        of=of,
        digest=rng.integers(1, 2**60, of.size).astype(np.uint64),
        **links,
        **{name: mine[:, i] for i, name in enumerate(FEATURES)},
    )


@pytest.mark.parametrize("runs", RUNS)
@pytest.mark.parametrize("kind", ["habits", "tied", "clients"])
def test_mean_and_tail_under_the_null(runs, kind):
    rng = np.random.default_rng(40)
    found = {name: [] for name in (*SIGNALS, "cluster")}
    for _ in range(runs):
        seen = null_view(rng, kind)
        logs = {name: measure(seen).log_e for name, measure in SIGNALS.items()}
        logs = {name: x for name, x in logs.items() if not math.isnan(x)}
        for name, x in logs.items():
            found[name].append(x)
        found["cluster"].append(average_evalues(list(logs.values())).log_e)
    given = {name for name, x in found.items() if x}
    assert given >= {"links", "balance", "elicitation", "hoarding", "shift", "fanout", "cluster"}
    for name in given:
        held, told = promise(np.array(found[name]))
        assert held, f"{name}: {told}"


@pytest.mark.parametrize("runs", RUNS)
@pytest.mark.parametrize(("accounts", "width"), [(600, 4), (60_000, 10)])
def test_chance_pairs_of_a_large_population(runs, accounts, width):
    """Of thousands of things some are shared by two of any twenty accounts."""
    rng = np.random.default_rng(42)
    people = population(rng, accounts=accounts)
    objects = thing(Kind.PAYMENT, 0) | (np.arange(accounts) // width).astype(np.uint64)
    everybody, found = np.arange(accounts), []
    for _ in range(runs):
        who = np.sort(rng.choice(accounts, 20, replace=False))
        links = link_columns(objects, everybody, who, accounts)
        # As rare as where most accounts have a thing of their own.
        links["link_usual"][:] = 0.01
        links["link_chance"][Kind.PAYMENT] = (width - 1) / (accounts - 1)
        seen = view(rng, people=people, each=1, **links)
        found.append(SIGNALS["links"](seen).log_e)
    held, told = promise(np.array(found))
    assert held, told


@pytest.mark.parametrize("runs", RUNS)
def test_a_group_that_collects_breaks_it(runs):
    """The judge can fail: where members do differ, the same figures say so."""
    rng = np.random.default_rng(41)
    found = []
    for _ in range(runs // 10):
        people = population(rng)
        found.append(
            SIGNALS["hoarding"](view(rng, people=people, answer=0.6 + 0.4 * rng.random(120))).log_e
        )
    assert not promise(np.array(found))[0]


@pytest.mark.parametrize("streams", [12, pytest.param(100, marks=pytest.mark.slow)])
def test_streams_of_people_keep_the_budget(streams):
    """The budget allows one alarm a stream; people who share a frame raise far fewer."""
    alarms = 0
    for seed in range(streams):
        rng = np.random.default_rng(1000 + seed)
        rows = benign(rng, accounts=400) + by_hand(rng, same=(None, 6)[seed % 2], accounts=40)
        scan = monitor(rows, false_alarms="1/30d").scan(START + 4 * DAY)
        alarms += sum(c.level == "alarm" for c in scan.clusters)
    assert alarms <= streams // 20
