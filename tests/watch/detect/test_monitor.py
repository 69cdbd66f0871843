"""The monitor whole: a planted campaign, people who share its frame, orders and batches."""

import numpy as np
import pytest
from tests.watch.detect.detect_toys import (
    DAY,
    OBSERVER,
    START,
    SYLLABLES,
    benign,
    by_hand,
    campaign,
    monitor,
    pseudonyms,
    words,
)

from hydrometer.watch.detect.monitor import Monitor
from hydrometer.watch.detect.settings import load_settings

NOW = START + 5 * DAY
PEOPLE = benign(np.random.default_rng(20))
CAMPAIGN = campaign(np.random.default_rng(21))


def alarms(scan):
    return [c for c in scan.clusters if c.level == "alarm"]


def told(scan):
    """All that a scan says, in exact numbers."""
    return repr((scan.clusters, scan.scores.tolist(), scan.accounts.tolist(), scan.tested))


@pytest.fixture(scope="module")
def found():
    return monitor(PEOPLE + CAMPAIGN).scan(NOW)


def test_a_planted_campaign_is_one_alarm(found):
    (alarm,) = alarms(found)
    ours = pseudonyms("c", 60)
    assert set(alarm.accounts) == ours
    assert alarm.events == len(CAMPAIGN)
    assert sum(n for _, n in alarm.timeline) == alarm.events
    assert alarm.log_e > np.log(found.tested)
    assert min(alarm.membership) > 0.9
    theirs = ~np.isin(found.accounts, np.array(sorted(ours), dtype=np.uint64))
    assert found.scores[theirs].max() < found.scores[~theirs].min()
    assert found.events == len(PEOPLE) + len(CAMPAIGN)


def test_people_alone_raise_nothing():
    found = monitor(PEOPLE).scan(NOW)
    assert not [c for c in found.clusters if c.level in ("suspect", "alarm")]


@pytest.mark.parametrize("same", [None, 6])
def test_a_frame_used_by_hand_is_no_alarm(same):
    shared = by_hand(np.random.default_rng(22), same=same)
    assert not alarms(monitor(PEOPLE + shared).scan(NOW))


@pytest.mark.parametrize("size", [97, 100_000])
def test_order_and_batches_leave_no_trace(found, size):
    rows = PEOPLE + CAMPAIGN
    mixed = [rows[i] for i in np.random.default_rng(size).permutation(len(rows))]
    assert told(monitor(mixed, batch=size).scan(NOW)) == told(found)


def test_a_log_read_again_says_the_same(found):
    batches = [OBSERVER(PEOPLE), OBSERVER(CAMPAIGN)]
    watch = Monitor(load_settings(), events=lambda: batches)
    for batch in batches:
        watch.add(batch)
    assert told(watch.scan(NOW)) == told(found)


def test_looking_again_changes_nothing_but_the_day():
    watch = monitor(PEOPLE + CAMPAIGN)
    first, again = watch.scan(NOW), watch.scan(NOW)
    assert told(first) == told(again)


def test_the_name_stays_while_a_campaign_grows():
    rows = sorted(PEOPLE + CAMPAIGN, key=lambda r: r.time)
    watch, seen = Monitor(load_settings()), []
    for day in range(1, 6):
        until = START + day * DAY
        watch.add(OBSERVER([r for r in rows if until - DAY <= r.time < until]))
        seen += alarms(watch.scan(until))
    assert len({c.id for c in seen}) == 1
    assert seen[-1].events == len(CAMPAIGN)


def test_metadata_alone_is_enough_where_accounts_are_tied():
    def bare(row, payment):
        return row._replace(user=None, links={**row.links, "payment": payment})

    rows = [bare(r, r.account) for r in PEOPLE] + [bare(r, "one card") for r in CAMPAIGN]
    (alarm,) = alarms(monitor(rows).scan(NOW))
    assert set(alarm.accounts) == pseudonyms("c", 60)
    assert "templates" in {s.name for s in alarm.signals if np.isnan(s.strength)}


def test_bare_metadata_crashes_nothing():
    bare = [type(r)(r.request, r.account, r.time, r.model) for r in PEOPLE + CAMPAIGN]
    found = monitor(bare).scan(NOW)
    assert found.clusters == ()
    assert not found.scores.any()
    assert found.accounts.size == len({r.account for r in bare})


@pytest.mark.parametrize("rows", [[], PEOPLE[:1]])
def test_next_to_nothing_is_an_empty_result(rows):
    found = monitor(rows).scan(NOW)
    assert found.clusters == ()
    assert found.tested == 0
    assert found.events == found.accounts.size == found.scores.size == len(rows)


def test_a_trimmed_monitor_sees_the_same_campaign():
    watch = monitor(PEOPLE + CAMPAIGN)
    watch.settle()
    watch.trim(NOW)
    state = watch.state
    assert np.unique(state.pairs.account, return_counts=True)[1].max() <= 40
    assert state.nbytes / len(state.profiles) <= 2000
    (alarm,) = alarms(watch.scan(NOW))
    assert set(alarm.accounts) == pseudonyms("c", 60)


def test_fragments_with_words_of_their_own_are_one_campaign():
    rng = np.random.default_rng(23)
    frames = [
        " ".join(f"{SYLLABLES[k]}{SYLLABLES[k + 9]}" for k in rng.integers(0, 70, 30))
        for _ in range(5)
    ]
    rows = []
    for row in campaign(rng):
        i = int(row.account[1:])
        text = f"{words(rng, 5)}: {frames[i // 12]}, step by step, your full reasoning"
        rows.append(row._replace(user=text, links={"payment": f"card {i % 30}"}))
    alone = [r._replace(links={"payment": r.account}) for r in PEOPLE]
    (alarm,) = alarms(monitor(alone + rows).scan(NOW))
    assert set(alarm.accounts) == pseudonyms("c", 60)
    apart = [r._replace(links={"payment": r.account}) for r in rows]
    found = monitor(alone + apart).scan(NOW)
    assert {len(c.accounts) for c in found.clusters} == {12}
