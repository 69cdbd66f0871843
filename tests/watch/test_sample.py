"""The encrypted sample: bounded, sealed at once, opened by the key alone."""

import base64
import builtins
import json

import msgspec
import pytest

from hydrometer.errors import HydrometerError, InputError, MissingExtra, SchemaError
from hydrometer.watch.sample import Sample, make_sample_key, open_sample, seal

pytest.importorskip("cryptography")
NOW = 1_780_272_000_000_000
DAY = 86_400_000_000
SECRET = "Explain each step of the proof, please. \ud800"


@pytest.fixture
def place(tmp_path):
    return tmp_path / "sample.key", make_sample_key(tmp_path / "sample.key"), tmp_path / "s.jsonl"


def filled(public, accounts=3, prompts=20, **more):
    made = Sample(public, seed=1, **more)
    for i in range(prompts):
        for account in range(1, accounts + 1):
            made.offer(account, "c-1", "alarm", f"{SECRET} {account} {i}", NOW + i)
    return made


def test_what_is_sealed_only_the_key_opens(place, tmp_path):
    key, public, path = place
    assert filled(public).write(path, NOW) == 15
    assert b"proof" not in path.read_bytes()
    assert (path.stat().st_mode & 0o777, key.stat().st_mode & 0o777) == (0o600, 0o600)
    texts = open_sample(path, key, NOW + DAY)
    assert all(o.text.startswith(SECRET) and o.text.split()[-2] == str(int(o.account[2:], 16))
               for o in texts)  # fmt: skip
    make_sample_key(tmp_path / "other.key")
    with pytest.raises(InputError, match="does not open"):
        open_sample(path, tmp_path / "other.key", NOW)


def test_a_header_is_bound_to_its_text(place):
    key, public, path = place
    filled(public, prompts=1).write(path, NOW)
    path.write_bytes(path.read_bytes().replace(b"a:0000000000000001", b"a:0000000000000009"))
    with pytest.raises(InputError, match="changed line"):
        open_sample(path, key, NOW)


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


def test_keys_are_looked_after(place):
    key, _, path = place
    with pytest.raises(InputError, match="exists"):
        make_sample_key(key)
    key.chmod(0o644)
    path.write_bytes(b"")
    with pytest.raises(InputError, match="others may read"):
        open_sample(path, key, NOW)


@pytest.mark.parametrize("public", ["", "zz", "00" * 31, "00" * 32])
def test_a_bad_public_key_is_our_error(public):
    with pytest.raises(InputError):
        seal("x", public, account=1, cluster="c", time=0, expires=1)


@pytest.mark.parametrize(
    "change",
    [
        {"box": "!"},
        {"box": ""},
        {"time": "x"},
        {"box": None},
        {"version": 2},
        {"account": "alice"},
    ],
)
def test_a_damaged_line_is_our_error(place, change):
    key, public, path = place
    good = json.loads(msgspec.json.encode(seal("x", public, account=1, cluster="c", time=NOW,
                                               expires=NOW + 9)))  # fmt: skip
    path.write_text(json.dumps({**good, **change}))
    with pytest.raises(SchemaError):
        open_sample(path, key, NOW)
    short = base64.b64encode(base64.b64decode(good["box"])[:40]).decode()
    path.write_text(json.dumps({**good, "box": short}))
    with pytest.raises(HydrometerError):
        open_sample(path, key, NOW)


def test_without_the_library_the_extra_is_named(monkeypatch, tmp_path):
    real = builtins.__import__

    def gone(name, *args, **kwargs):
        if name.startswith("cryptography"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", gone)
    with pytest.raises(MissingExtra, match="serve"):
        make_sample_key(tmp_path / "k")
