"""The secret of the pseudonyms: where it comes from, and who may read it."""

import pickle
import stat
from pathlib import Path

import pytest

from hydrometer.errors import InputError
from hydrometer.watch.key import VARIABLE, Key, load_key, make_key


def test_hashes_depend_on_key_purpose_and_text():
    k = Key(bytes(32))
    seen = {
        k.account("alice"),
        k.account("bob"),
        k.hash("request", "alice"),
        k.link(8, "ip", "alice"),
        Key(b"1" * 32).account("alice"),
    }
    assert len(seen) == 5
    assert k.account("alice") == Key(bytes(32)).account("alice")
    assert k.account("\udfff") != k.account("\ud800")


def test_a_long_name_of_a_header_counts_whole():
    k = Key(bytes(32))
    assert k.link(14, "other:x-header-a", "1") != k.link(14, "other:x-header-b", "1")


def test_a_link_bears_its_kind():
    assert Key(bytes(32)).link(9, "net", "10.0.0.0/24") >> 60 == 9


def test_a_key_does_not_show_and_travels_to_other_processes():
    k = Key(b"sesame open sesame")
    assert "sesame" not in repr(k)
    assert b"sesame" not in pickle.dumps(k)
    assert pickle.loads(pickle.dumps(k)).account("a") == k.account("a")


def test_a_file_is_written_once_and_for_its_owner(tmp_path):
    path = tmp_path / "key"
    make_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_key(path, {}).account("a") == load_key(path, {}).account("a")
    with pytest.raises(InputError, match="exists"):
        make_key(path)
    with pytest.raises(InputError, match="cannot write"):
        make_key(tmp_path / "no" / "key")


def test_a_file_that_others_read_is_refused(tmp_path):
    path = tmp_path / "key"
    make_key(path)
    path.chmod(0o644)
    with pytest.raises(InputError, match="others may read"):
        load_key(path, {})


@pytest.mark.parametrize("text", ["", "xyz", "00", "é"])
def test_what_is_no_key(tmp_path, text):
    path = tmp_path / "key"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    with pytest.raises(InputError):
        load_key(path, {})
    with pytest.raises(InputError):
        load_key(None, {VARIABLE: text})


def test_the_environment_holds_a_key():
    found = load_key(None, {VARIABLE: " " + "0f" * 32 + "\n"})
    assert found.account("a") == Key(bytes.fromhex("0f" * 32)).account("a")
    with pytest.raises(InputError, match="no key"):
        load_key(None, {})
    with pytest.raises(InputError, match="cannot read"):
        load_key(Path("no-such-file"), {})
