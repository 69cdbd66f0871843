"""Prompts that are sealed at once and opened by the key alone."""

import base64
import builtins
import json

import msgspec
import pytest

from hydrometer.errors import HydrometerError, InputError, MissingExtra, SchemaError
from hydrometer.watch.sample import (
    expire_sample,
    make_sample_key,
    open_sample,
    read_public_key,
    read_sample,
    seal,
    write_sample,
)

pytest.importorskip("cryptography")
NOW = 1_780_272_000_000_000
DAY = 86_400_000_000
SECRET = "Explain each step of the proof, please. \ud800"


@pytest.fixture
def place(tmp_path):
    return tmp_path / "sample.key", make_sample_key(tmp_path / "sample.key"), tmp_path / "s.jsonl"


def sealed(public, accounts=3, ttl=9 * DAY):
    return [
        seal(SECRET, public, account=a, cluster="c-1", time=NOW, expires=NOW + ttl)
        for a in range(1, accounts + 1)
    ]


def test_what_is_sealed_only_the_key_opens(place, tmp_path):
    key, public, path = place
    write_sample(path, sealed(public))
    assert b"proof" not in path.read_bytes()
    assert (path.stat().st_mode & 0o777, key.stat().st_mode & 0o777) == (0o600, 0o600)
    opened = open_sample(path, key, NOW + DAY)
    assert [(o.account, o.text) for o in opened] == [(f"a:{n:016x}", SECRET) for n in (1, 2, 3)]
    make_sample_key(tmp_path / "other.key")
    with pytest.raises(InputError, match="does not open"):
        open_sample(path, tmp_path / "other.key", NOW)


def test_a_header_is_bound_to_its_text(place):
    key, public, path = place
    write_sample(path, sealed(public))
    path.write_bytes(path.read_bytes().replace(b"a:0000000000000001", b"a:0000000000000009"))
    with pytest.raises(InputError, match="changed line"):
        open_sample(path, key, NOW)


def test_what_expired_is_not_opened_and_leaves_the_file(place):
    key, public, path = place
    write_sample(path, sealed(public, 2) + sealed(public, 1, ttl=DAY))
    assert len(open_sample(path, key, NOW + DAY)) == 2
    assert len(read_sample(path)) == 3
    assert expire_sample(path, NOW + DAY) == len(read_sample(path)) == 2
    assert expire_sample(path.with_name("none"), NOW) == 0


def test_a_public_key_is_told_from_a_private_one(place, tmp_path):
    key, public, _ = place
    file = tmp_path / "public"
    file.write_text(public.upper() + "\n")
    assert read_public_key(public) == read_public_key(str(file)) == public
    for given, said in [
        (str(key), "holds the private key"),
        (key.read_text().strip(), "not a public key"),
        ("absent", "not a public key"),
        ("0" * 64, "not a usable"),
    ]:
        with pytest.raises(InputError, match=said):
            read_public_key(given)


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
        {"time": -1},
        {"time": 10**18},
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
