"""The accounts of organisations that a policy names."""

from hydrometer.watch.act.orgs import orgs_of
from hydrometer.watch.event import Kind
from hydrometer.watch.key import Key
from hydrometer.watch.observation import Observation
from hydrometer.watch.observe import observe

KEY = Key(bytes(32))


def test_accounts_of_the_wanted_organisation_and_no_others():
    told = {"a": {"org": "acme", "ip": "10.0.0.1"}, "b": {"org": "other"}, "c": {}}
    rows = [Observation(f"r{n}", n, 1, "m", links=links) for n, links in told.items()]
    acme = KEY.link(Kind.ORG, "org", "acme")
    batch = observe(rows, KEY)
    assert orgs_of(batch, {acme}) == {KEY.account("a"): acme}
    assert orgs_of(batch.slice(1), {acme}) == {}
    assert orgs_of(batch, ()) == {}
