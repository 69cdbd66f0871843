import pytest

from hydrometer import errors
from hydrometer.errors import HydrometerError, InputError, MissingExtra, SchemaError


def test_a_message_says_what_got_wanted_and_next():
    err = InputError("bad", got="3", wanted="4", next_step="add one")
    assert str(err) == "bad; got: 3; wanted: 4; next: add one"
    assert str(InputError("bad")) == "bad"
    assert (err.what, err.got, err.wanted, err.next_step) == ("bad", "3", "4", "add one")


def test_a_missing_extra_gives_the_line_to_type():
    err = MissingExtra("store 'ray'", "ray")
    assert "pip install 'hydrometer[ray]'" in str(err)
    assert err.extra == "ray"


@pytest.mark.parametrize("name", errors.__all__)
def test_all_are_ours(name):
    kind = getattr(errors, name)
    assert issubclass(kind, HydrometerError)
    assert not issubclass(kind, (ValueError, OSError))


def test_a_bad_record_is_bad_input():
    assert issubclass(SchemaError, InputError)
