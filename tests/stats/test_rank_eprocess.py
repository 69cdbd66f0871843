"""Wealth of bets on ranks: fair under the null, growing under the alternative, mergeable."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from hydrometer.stats.rank_eprocess import TILTS, ForecastBet, RankBet


def test_each_bet_is_fair() -> None:
    for size in (2, 3, 8):
        pays = [
            np.exp(RankBet.start().update(np.array([rank]), np.array([size])).log_wealth)
            for rank in range(size)
        ]
        assert np.mean(pays, axis=0) == pytest.approx(np.ones(len(TILTS)))


def test_pieces_equal_the_whole() -> None:
    rng = np.random.default_rng(1)
    ranks, sizes = rng.integers(0, 4, 60), np.full(60, 4)
    whole = RankBet.start().update(ranks, sizes)
    pieces = RankBet.start().update(ranks[:25], sizes[:25]).update(ranks[25:], sizes[25:])
    merged = (
        RankBet.start()
        .update(ranks[:25], sizes[:25])
        .merge(RankBet.start().update(ranks[25:], sizes[25:]))
    )
    assert pieces == whole
    assert merged.log_e == pytest.approx(whole.log_e)
    assert merged.log_peak <= whole.log_peak + 1e-12


def test_ville_holds_over_the_whole_path() -> None:
    rng = np.random.default_rng(2)
    alarms = sum(
        RankBet.start().update(rng.integers(0, 8, 100), np.full(100, 8)).log_peak >= math.log(20)
        for _ in range(600)
    )
    assert alarms <= stats.binom.ppf(0.999, 600, 0.05)


def test_wealth_grows_when_the_marked_is_on_top() -> None:
    assert RankBet.start().update(np.full(40, 7), np.full(40, 8)).log_e > math.log(1e15)


def test_bad_bets_are_refused() -> None:
    with pytest.raises(ValueError, match="rank"):
        RankBet.start().update(np.array([4]), np.array([4]))
    with pytest.raises(ValueError, match="distribution"):
        ForecastBet().update(np.array([0.5, 0.6]), marked=0)
    assert ForecastBet().update(np.array([1.0, 0.0]), marked=1).log_e == -math.inf
