"""The mapping: its defaults, its file, and what it refuses."""

import pickle

import pytest

from hydrometer.errors import InputError
from hydrometer.watch.sources.attribution import (
    BY,
    FORMATS,
    Attribution,
    load_attribution,
    parse_attribution,
)


def test_the_default_is_the_empty_file(tmp_path):
    path = tmp_path / "mapping.toml"
    path.write_text("")
    assert load_attribution(path) == load_attribution(None) == Attribution()
    assert hash(Attribution()) == hash(parse_attribution(""))


@pytest.mark.parametrize("by", BY)
def test_every_format_can_be_attributed_by(by):
    found = parse_attribution(f'by = "{by}"')
    assert all(getattr(found, name).account for name in FORMATS)


def test_a_file_changes_what_it_names_and_nothing_else():
    found = parse_attribution(
        """
        [litellm]
        account = ["end_user"]
        headers = []
        [litellm.links]
        payment = "metadata.requester_metadata.card"
        "other:plan" = ["metadata.requester_metadata.plan"]
        [headers]
        org = ["x-customer"]
        ignored = ["x-pool"]
        others = false
        """
    )
    assert found.litellm.account == ("end_user",)
    assert dict(found.litellm.links)["payment"] == ("metadata.requester_metadata.card",)
    assert dict(found.litellm.links)["ip"] == dict(Attribution().litellm.links)["ip"]
    assert found.litellm.headers == ()
    assert found.otlp == Attribution().otlp
    assert found.rules({"X-Customer": "c", "x-org": "o", "x-pool": "p"}) == {"org": "c"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("by = 'moon'", "unknown value of 'by'"),
        ("[litelm]", "litelm"),
        ("[otlp]\naccounts = ['a']", "accounts"),
        ("[otlp]\naccount = []", "empty"),
        ("[otlp]\naccount = [1]", "no list"),
        ("[otlp.links]\nipp = ['a']", "ipp"),
        ("[otlp.links]\n'other:' = ['a']", "other:"),
        ("[headers]\nothers = 1", "truth"),
        ("[headers]\nmoon = ['x']", "moon"),
        ("headers = 3", "table"),
        ("otlp = 3", "table"),
        ("[[[", "TOML"),
    ],
)
def test_what_it_does_not_know_it_refuses(text, says):
    with pytest.raises(InputError) as told:
        parse_attribution(text)
    assert says in str(told.value)


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match="cannot read the mapping"):
        load_attribution(tmp_path / "absent.toml")


def test_it_goes_to_other_processes():
    found = Attribution()
    found.rules({"x-pool": "a"})
    assert pickle.loads(pickle.dumps(found)) == found
