"""The key is written once and never shown."""

import json
import os

import pytest
from click.testing import CliRunner

from hydrometer.cli.watch_key import key
from hydrometer.errors import InputError
from hydrometer.watch.key import load_key


def test_a_key_is_written_and_its_path_alone_is_told(tmp_path):
    path = tmp_path / "k"
    done = CliRunner().invoke(key, [str(path)], standalone_mode=False)
    assert (done.return_value, done.output) == (0, f"{path}\n")
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600
    assert load_key(path, {}).account("alice") > 0
    again = CliRunner().invoke(key, [str(path)], standalone_mode=False)
    assert isinstance(again.exception, InputError)
    other = CliRunner().invoke(key, [str(tmp_path / "j"), "--json"], standalone_mode=False)
    assert json.loads(other.output) == {"written": str(tmp_path / "j")}
    assert load_key(tmp_path / "j", {}).account("alice") != load_key(path, {}).account("alice")


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    done = CliRunner().invoke(key, [str(tmp_path / "no" / "k")], standalone_mode=False)
    with pytest.raises(InputError, match="cannot write the key"):
        raise done.exception
