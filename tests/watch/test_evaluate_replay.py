"""The replay: looks on the grid, measurements at the exchange, majorities in clusters."""

from dataclasses import replace

import numpy as np
from tests.watch.toy import BUSY, HOUR, KEY, START, labels, rows, stream

from hydrometer.watch.evaluate_replay import FRACTIONS, replay
from hydrometer.watch.evaluate_truth import Label
from hydrometer.watch.result import Cluster, Scan


class Recorder:
    """Notes what it is asked, and answers with given clusters."""

    name = "recorder"

    def __init__(self, held, clusters=()):
        self.held, self.clusters, self.rows, self.calls = held, clusters, 0, []

    def add(self, part):
        assert part.time.size <= 65_536
        assert np.array_equal(part.time, self.held.time[self.rows : self.rows + part.time.size])
        self.rows += part.time.size

    def scan(self, time):
        self.calls.append(("scan", time, self.rows))
        return self.told(time)

    def peek(self, time):
        self.calls.append(("peek", time, self.rows))
        return self.told(time)

    def told(self, time):
        ids = self.held.accounts.pseudonym
        given = tuple(self.clusters)
        return Scan(time, START, self.rows, ids, np.zeros(ids.size), given, 1, 1.0)


def cluster(names, level="alarm", id="c-1", membership=None):
    ids = tuple(KEY.account(n) for n in names)
    share = membership or (0.6,) * len(ids)
    return Cluster(id, ids, share, START, START, len(ids), 3.0, 3.0, level)


def test_looks_come_on_the_grid_and_see_what_has_come():
    held = stream()
    seen = Recorder(held)
    (track,) = replay(held, [seen], every=HOUR)
    looks = [c for c in seen.calls if c[0] == "scan"]
    assert [t for _, t, _ in looks] == [START + (i + 1) * HOUR for i in range(10)]
    for _, time, count in looks:
        assert count == int((held.time <= time).sum())
    assert track.scans == 10


def test_scores_are_measured_at_the_exchange():
    held = stream()
    seen = Recorder(held)
    (track,) = replay(held, [seen], every=HOUR)
    peeks = {(t, n) for what, t, n in seen.calls if what == "peek"}
    mine = np.flatnonzero(held.accounts.campaign[held.account] == 0)
    for fraction in FRACTIONS:
        row = mine[round(fraction * mine.size) - 1]
        assert (int(held.time[row]), int(row) + 1) in peeks
        assert track.points[fraction, 0]["time"] == held.time[row]
    assert track.points[0.01, 0]["tpr"]["n"] == np.unique(held.account[mine[:20]]).size
    assert track.final["tpr"]["n"] == BUSY


def test_a_gap_has_no_looks():
    early = rows(hours=1)
    late = [r._replace(request="l" + r.request, time=r.time + 1000 * HOUR) for r in early]
    held = stream([*early, *late])
    seen = Recorder(held)
    replay(held, [seen], every=HOUR)
    assert len([c for c in seen.calls if c[0] == "scan"]) == 2


def judged(names, truth=None, **more):
    held = stream(rows(hours=1), truth or labels(), allow_unlabelled=True)
    return held, replay(held, [Recorder(held, [cluster(names, **more)])], every=HOUR)[0]


def test_half_is_a_majority_and_less_is_false():
    _, half = judged(["c0", "c1", "b0", "b1"])
    assert half.alarms[0].exchanges == 200
    assert half.alarms[0].fraction == 1.0
    assert not half.false
    _, less = judged(["c0", "b0", "b1"])
    assert not less.alarms
    assert less.false["c-1"]["benign_kinds"] == {"class": 1, "chat": 1}
    assert less.accused.sum() == 3


def test_suspicion_is_no_alarm():
    _, track = judged(["c0", "c1"], level="suspect")
    assert track.notices[0].cluster == "c-1"
    assert not track.alarms
    assert not track.raised
    assert not track.accused.any()
    _, track = judged(["c0", "c1"], level="notice")
    assert not track.notices


def test_two_campaigns_in_one_cluster_are_mixed():
    truth = labels()
    truth |= {"b0": Label("beta", "naive"), "b1": Label("beta", "naive")}
    _, track = judged(["c0", "c1", "b0", "b1", "b2"], truth)
    assert "c-1" in track.mixed
    assert not track.false
    assert not track.alarms


def test_unlabelled_members_neither_help_nor_hurt():
    truth = {k: v for k, v in labels().items() if k not in ("b0", "b1", "b2")}
    _, track = judged(["c0", "b0", "b1", "b2"], truth)
    assert 0 in track.alarms
    _, track = judged(["b0", "b1"], truth)
    assert not track.false


def test_membership_of_half_is_blame():
    held, track = judged(["b0", "b1", "b2"], membership=(0.5, 0.49, 1.0))
    rows_ = [held.accounts.place[n] for n in ("b0", "b1", "b2")]
    assert track.blamed[rows_].tolist() == [True, False, True]
    assert track.accused[rows_].all()


def test_accounts_outside_the_window_do_not_count():
    early = rows(hours=1)
    late = [
        r._replace(request="l" + r.request, time=r.time + 100 * HOUR)
        for r in early
        if r.account != "b5"
    ]
    held = stream([*early, *late])

    class Short(Recorder):
        def told(self, time):
            return replace(super().told(time), begin=max(START, time - 50 * HOUR))

    (track,) = replay(held, [Short(held)], every=HOUR)
    assert track.final["fpr"]["n"] == 59
