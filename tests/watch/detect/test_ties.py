"""Fragments of one campaign: joined by what is harder to multiply than words."""

import numpy as np
import pytest
from tests.watch.detect.detect_toys import thing

from hydrometer.watch.detect.pairs import Pairs
from hydrometer.watch.detect.ties import join_tied
from hydrometer.watch.event import Kind

ACCOUNTS = 1000
GROUP = np.repeat(np.arange(3), 15)
MEMBER = np.arange(45, dtype=np.uint64)
"""Three groups of fifteen accounts that share no account."""


def table(cards, kind=Kind.PAYMENT):
    """Everybody has a means of payment of its own, but for those that are given."""
    card = np.arange(ACCOUNTS) + 10_000
    for number, accounts in enumerate(cards):
        card[list(accounts)] = number
    found = Pairs()
    none = np.zeros(ACCOUNTS, dtype=np.uint64)
    objects = thing(kind, 0) | card.astype(np.uint64)
    found.update(objects, np.arange(ACCOUNTS, dtype=np.uint64), none.astype(np.int64), none)
    return found


def joined(cards, kind=Kind.PAYMENT, member=MEMBER):
    return join_tied(table(cards, kind), GROUP, member, 3, ACCOUNTS)


def test_two_fragments_on_the_same_cards_are_one():
    label, count = joined([(i, 15 + i) for i in range(10)])
    assert label[0] == label[1] != label[2]
    assert count == 2


@pytest.mark.parametrize("kind", [Kind.PAYMENT, Kind.SIGNUP, Kind.IP, Kind.TLS])
def test_each_kind_of_tie_joins(kind):
    assert joined([(i, 15 + i) for i in range(10)], kind)[1] == 2


@pytest.mark.parametrize("kind", [Kind.AGENT, Kind.SDK, Kind.ORG])
def test_what_a_client_or_a_customer_brings_joins_nothing(kind):
    assert joined([(i, 15 + i) for i in range(10)], kind)[1] == 3


def test_one_or_two_ties_are_chance():
    assert joined([(0, 15)])[1] == 3
    assert joined([(0, 15), (1, 16)])[1] == 3


def test_ties_inside_a_group_join_no_other():
    assert joined([(i, i + 1) for i in range(0, 14, 2)])[1] == 3


def test_a_wide_link_joins_nothing():
    assert joined([range(100)])[1] == 3


def test_three_become_one_through_the_middle():
    cards = [(i, 15 + i) for i in range(7)] + [(22 + i, 30 + i) for i in range(7)]
    assert joined(cards)[1] == 1


def test_an_account_in_both_brings_no_tie():
    """Five accounts are in two groups: their own links are in both, and say nothing."""
    member = MEMBER.copy()
    member[15:20] = member[:5]
    cards = [(i, 500 + i) for i in range(5)]
    assert joined(cards, member=member)[1] == 3


def test_nothing_to_join():
    none = np.zeros(0, dtype=np.int64)
    assert join_tied(Pairs(), none, none.astype(np.uint64), 0, 0)[1] == 0
    label, count = join_tied(Pairs(), GROUP, MEMBER, 3, ACCOUNTS)
    assert (label.tolist(), count) == ([0, 1, 2], 3)
