"""Account, links and ids."""

import pytest

from hydrometer.errors import SchemaError
from hydrometer.watch.sources.attribution import Attribution, Paths
from hydrometer.watch.sources.build import Attributor, hashed_id, request_id
from hydrometer.watch.sources.values import find


def attributor(paths):
    return Attributor(Attribution(), paths, lambda path: lambda row: find(row, path))


def test_the_first_account_that_is_recorded():
    who = attributor(Paths(("a.key", "b")))
    assert who.account({"a": {"key": ""}, "b": 7}) == "7"
    assert who.account({"a": {"key": "k"}, "b": 7}) == "k"
    with pytest.raises(SchemaError, match="no account") as told:
        who.account({"a": {"key": ["x", "y"]}})
    assert told.value.wanted == "one of a.key, b"


def test_the_mapping_goes_before_the_headers():
    paths = Paths(("a",), (("ip", ("addr", "other")), ("org", ("o",))), ("h", "absent"))
    row = {
        "addr": " ",
        "other": "192.0.2.1:80",
        "h": {"x-forwarded-for": "192.0.2.2", "x-org": "q"},
    }
    assert attributor(paths).links(row) == {"ip": "192.0.2.1", "org": "q"}
    assert attributor(paths).links({"h": "text"}) == {}


def test_one_id_for_one_exchange():
    assert request_id("r", "a", 1_000_000) == request_id("r", "a", 1_000_999)
    assert (
        len({request_id("r", "a", 0), request_id("r", "b", 0), request_id("r", "a", 9_000)}) == 3
    )
    assert hashed_id(("a", 1, None)) == hashed_id(("a", 1, None)) != hashed_id(("a", 1, ""))
