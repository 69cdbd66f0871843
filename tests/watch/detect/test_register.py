"""One name for what grows, and what a look may change."""

import numpy as np
import pytest

from hydrometer.errors import InputError
from hydrometer.watch.detect.register import FORGOTTEN, GROWN, Register
from hydrometer.watch.result import Cluster


def cluster(name, accounts, level="notice", events=100):
    who = tuple(int(a) for a in accounts)
    return Cluster(name, who, (1.0,) * len(who), 0, 1, events, 1.0, 1.0, level)


def look(register, accounts, time, level="notice", events=100):
    who = np.array(sorted(accounts), dtype=np.uint64)
    name = register.name(who, set(), register.index())
    charged = register.charge(name, who, events, time)
    return register.keep(cluster(name, who, level, events), time, charged=charged), charged


def test_a_cluster_keeps_its_name_while_it_grows():
    register = Register()
    names = {look(register, range(10 * n), n)[0].id for n in (1, 2, 4, 8)}
    assert len(names) == 1
    other = look(register, range(1000, 1010), 9)[0].id
    assert other not in names
    assert other.startswith("c-")
    assert len(other) == 18


def test_one_name_is_given_once_in_a_scan():
    register = Register()
    first = look(register, range(20), 1)[0].id
    again = register.name(np.arange(15, dtype=np.uint64), {first}, register.index())
    assert again != first


def test_a_look_is_charged_when_the_cluster_has_grown():
    register = Register()
    charged = [
        look(register, range(20), t, events=n)[1] for t, n in enumerate((100, 105, 109, 111))
    ]
    assert charged == [True, False, False, True]
    assert register.looks == 2
    assert GROWN == 1.1


def test_an_uncharged_look_raises_nothing():
    register = Register()
    assert look(register, range(20), 1, "notice")[0].level == "notice"
    assert look(register, range(20), 2, "alarm")[0].level == "notice"
    assert look(register, range(20), 3, "none")[0].level == "none"
    assert look(register, range(20), 4, "alarm", events=200)[0].level == "alarm"


def test_an_alarm_stands():
    register = Register()
    look(register, range(20), 1, "alarm")
    assert look(register, range(20), 2, "none")[0].level == "alarm"
    assert look(register, range(20), 3, "none", events=500)[0].level == "alarm"


def test_what_a_scan_does_not_find_again_is_remembered():
    register = Register()
    look(register, range(20), 1, "alarm")
    look(register, range(100, 120), 1, "notice")
    look(register, range(200, 220), 2, "suspect")
    assert [c.level for c in register.unseen(2)] == ["alarm"]


def test_the_budget_counts_looks_and_the_widest_choice():
    register = Register()
    assert register.tested == 0
    look(register, range(20), 50)
    look(register, range(100, 120), 60)
    for n in (30, 70, 40):
        register.family(n)
    assert register.tested == 72
    assert register.since == 50


def test_it_outlives_a_process_and_refuses_other_bytes():
    register = Register()
    register.family(7)
    found, _ = look(register, range(20), 5, level="alarm")
    again = Register.from_bytes(register.to_bytes())
    assert (again.looks, again.groups, again.since, again.tested) == (1, 7, 5, 8)
    assert [c.id for c in again.unseen(9)] == [found.id]
    grown, charged = look(again, range(21), 9, level="notice", events=101)
    assert (grown.id, grown.level, charged) == (found.id, "alarm", False)
    with pytest.raises(InputError, match="not a register"):
        Register.from_bytes(b"\xff\x00nonsense")


def test_other_accounts_or_more_of_them_are_a_new_test():
    register = Register()
    look(register, range(20), 1)
    assert not look(register, range(20), 2)[1]
    assert look(register, range(23), 3)[1]
    found, charged = look(register, [*range(12), *range(50, 61)], 4, level="alarm", events=50)
    assert charged
    assert found.level == "alarm"


def test_what_never_mattered_is_forgotten_and_what_did_is_not():
    register = Register()
    small, _ = look(register, range(20), 0, level="notice")
    large, _ = look(register, range(100, 140), 0, level="suspect")
    register.forget(FORGOTTEN)
    assert set(register.entries) == {small.id, large.id}
    register.forget(FORGOTTEN + 1)
    assert set(register.entries) == {large.id}


def test_the_name_goes_to_the_largest_share_and_never_twice():
    register = Register()
    one, _ = look(register, range(10), 1)
    two, _ = look(register, range(20, 50), 1)
    who = np.arange(5, 50, dtype=np.uint64)
    index = register.index()
    assert register.name(who, set(), index) == two.id
    assert register.name(who, {two.id}, index) == one.id
    new = register.name(who, {one.id, two.id}, index)
    assert new not in (one.id, two.id)
    assert register.name(who, {one.id, two.id, new}, index) not in (one.id, two.id, new)


def test_a_look_that_is_no_alarm_adds_nobody_to_one():
    register = Register()
    raised, _ = look(register, range(20), 1, level="alarm")
    weaker, charged = look(register, range(10, 90), 2, level="suspect", events=900)
    assert charged
    assert weaker == raised
    stronger, _ = look(register, range(30), 3, level="alarm", events=2000)
    assert (stronger.id, len(stronger.accounts)) == (raised.id, 30)


def test_a_copy_goes_its_own_way():
    register = Register()
    look(register, range(20), 1, level="alarm")
    look(register.copy(), range(20), 9, level="suspect")
    assert [e.seen for e in register.entries.values()] == [1]
