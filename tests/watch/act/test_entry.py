"""Entries and their fold: what runs, when, and which of several counts."""

from hydrometer.watch.act.entry import GENESIS, Entry, fold, seal_line


def act(ident, action="throttle", account=7, time=10, until=100, **more):
    return Entry("act", time, id=ident, action=action, account=account, until=until, **more)


def test_an_action_runs_from_its_start_to_its_end():
    state = fold([act("x-1")])
    assert [7 in state.in_force(t) for t in (9, 10, 99, 100)] == [False, True, True, False]


def test_the_hardest_comes_first_and_the_rest_waits():
    state = fold([act("x-1", until=500), act("x-2", "block"), act("x-3", "review")])
    assert [a.action for a in state.in_force(50)[7]] == ["block", "throttle", "review"]
    assert [a.action for a in state.in_force(200)[7]] == ["throttle"]


def test_a_dry_run_is_kept_apart():
    state = fold([act("x-1", dry_run=True)])
    assert state.in_force(50) == {}
    assert list(state.in_force(50, dry_run=True)) == [7]
    assert state.started_since(0) == set()


def test_lifting_is_seen_from_its_time_on():
    state = fold([act("x-1"), Entry("lift", 40, id="x-2", lifts="x-1")])
    assert [7 in state.in_force(t) for t in (39, 40)] == [True, False]


def test_a_changed_entry_has_another_id():
    one, line, head = seal_line(act(""), GENESIS)
    two, _, _ = seal_line(act("", account=8), GENESIS)
    assert one.id != two.id
    assert line.endswith(b"\n")
    assert len(head) == 64
    assert seal_line(one, one.prev)[0] == one
