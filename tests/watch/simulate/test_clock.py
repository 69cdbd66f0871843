import numpy as np

from hydrometer.watch.simulate.clock import PROFILES, Clock
from hydrometer.watch.simulate.scenario import Stream

DAY = 86400.0


def hours(times, zone):
    return (times / 3600.0 + zone) % 24.0


def test_offices_sleep_at_night_and_at_weekends(dice):
    clock = Clock(Stream(days=14.0))
    times = clock.draw(dice, 20_000, "office", 9)
    assert np.all(np.diff(times) >= 0)
    local = hours(times, 9)
    assert np.mean((local > 8) & (local < 19)) > 0.85
    weekday = ((times / DAY + 9 / 24).astype(int)) % 7  # the stream starts on a Monday
    assert np.mean(weekday >= 5) < 0.08


def test_flat_is_flat_and_limits_are_kept(dice):
    clock = Clock(Stream(days=3.0))
    times = clock.draw(dice, 5000, "flat", 0, 0.5 * DAY, 2.0 * DAY)
    assert times.min() >= 0.5 * DAY
    assert times.max() <= 2.0 * DAY
    counts, _ = np.histogram(times, 5)
    assert counts.std() / counts.mean() < 0.1


def test_a_surge_lifts_everybody(dice):
    calm, surged = (Clock(Stream(days=6.0, surge_day=d, surge=4.0)) for d in (-1.0, 3.0))
    share = [np.mean(c.draw(dice, 8000, "flat", 0) > 3.0 * DAY) for c in (calm, surged)]
    assert share[1] > share[0] + 0.1


def test_sessions_are_runs_of_requests(dice):
    clock = Clock(Stream(days=7.0))
    for profile in PROFILES:
        times, place = clock.sessions(dice, 400, profile, 0, length=6.0, gap=60.0)
        assert times.size == place.size > 350
        assert np.all(np.diff(times) >= 0)
        assert 3.0 < times.size / np.sum(place == 0) < 10.0


def test_a_client_of_servegen_keeps_its_bursts(material, dice):
    clock = Clock(Stream(days=4.0))
    times = clock.client(dice, material.clients[0], 3000, 0.0, 4.0 * DAY)
    assert 2300 < times.size < 3700
    counts, _ = np.histogram(times, 576, (0.0, 4.0 * DAY))
    # Every third window of the trace is silent.
    silent = sorted(counts.reshape(-1, 3).sum(axis=0))
    assert silent[0] < 0.1 * silent[2]
    assert counts.var() > 1.5 * counts.mean()
