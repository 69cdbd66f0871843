"""Which prompts stay: bounded, fair within an account, gone after their time."""

import pytest

from hydrometer.errors import InputError
from hydrometer.watch.key import Key
from hydrometer.watch.sample import make_sample_key, open_sample
from hydrometer.watch.service.reservoir import Sample, make_sample
from hydrometer.watch.service.setup import Setup

pytest.importorskip("cryptography")
NOW = 1_780_272_000_000_000
DAY = 86_400_000_000


@pytest.fixture
def place(tmp_path):
    return tmp_path / "sample.key", make_sample_key(tmp_path / "sample.key"), tmp_path / "s.jsonl"


def filled(public, accounts=3, prompts=20, **more):
    made = Sample(public, seed=1, **more)
    for i in range(prompts):
        for account in range(1, accounts + 1):
            made.offer(account, "c-1", "alarm", f"text {account} {i}", NOW + i)
    return made


def test_the_reservoir_is_bounded_and_fair_within_an_account(place):
    _, public, _ = place
    assert len(filled(public, per_account=2, accounts=4)) == 8
    assert len(filled(public, per_account=5, accounts=30, most=40)) == 40
    late = 0
    for seed in range(40):
        one = Sample(public, seed=seed, per_account=1)
        kept = [i for i in range(30) if one.offer(7, "c-1", "suspect", "x", NOW + i)]
        late += kept[-1] >= 15
    assert 10 <= late <= 30  # half of the last ones kept lie in the later half


def test_the_same_seed_keeps_the_same_prompts(place):
    key, public, path = place
    texts = []
    for _ in range(2):
        filled(public).write(path, NOW)
        texts.append(open_sample(path, key, NOW))
    assert texts[0] == texts[1]


@pytest.mark.parametrize("level", ["none", "notice"])
def test_below_a_suspicion_nothing_is_kept(place, level):
    assert not Sample(place[1], seed=0).offer(1, "c-1", level, "text", NOW)


def test_what_expired_is_neither_written_nor_opened(place):
    key, public, path = place
    made = filled(public, ttl=86_400)
    assert made.write(path, NOW) == 15
    assert open_sample(path, key, NOW + 2 * DAY) == []
    assert made.write(path, NOW + 2 * DAY) == 0


def test_a_restart_keeps_what_was_there(place):
    key, public, path = place
    filled(public).write(path, NOW)
    before = open_sample(path, key, NOW)
    again = Sample(public, seed=2)
    assert again.load(path, NOW) == 15
    assert again.write(path, NOW) == 15
    assert open_sample(path, key, NOW) == before
    assert Sample(public, seed=2, most=4).load(path, NOW) == 4
    assert Sample(public, seed=2).load(path.with_name("none"), NOW) == 0


def test_expired_prompts_make_room_for_new_ones(place):
    key, public, path = place
    made = filled(public, ttl=86_400, accounts=1, prompts=400)
    later = NOW + 2 * DAY
    made.write(path, later)
    assert [made.offer(1, "c-1", "alarm", f"new {i}", later + i) for i in range(5)] == [True] * 5
    assert made.expire(later) == 0
    assert len(made) == made.write(path, later) == 5
    assert {o.text for o in open_sample(path, key, later)} == {f"new {i}" for i in range(5)}


def test_another_key_does_not_write_into_the_same_file(place, tmp_path):
    _, public, path = place
    filled(public).write(path, NOW)
    other = make_sample_key(tmp_path / "other.key")
    with pytest.raises(InputError, match="sealed for another key"):
        Sample(other, seed=1).load(path, NOW)


def test_a_service_without_text_has_nothing_to_sample(place):
    key = Key(bytes(32))
    setup = Setup(state="s", sample_key=place[1], sample_days=1.0)
    made = make_sample(setup, key)
    made.offer(1, "c-1", "alarm", "x", NOW)
    assert made.expire(NOW + DAY - 1) == 0
    assert made.expire(NOW + DAY) == 1
    with pytest.raises(InputError, match="left unread"):
        make_sample(Setup(state="s", sample_key=place[1], text=False), key)
