import pytest

from hydrometer.watch.simulate.families import MAKERS
from hydrometer.watch.simulate.scenario import FAMILIES


def test_every_family_has_its_maker():
    assert set(MAKERS) == set(FAMILIES)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_is_benign_and_named_so(stream_of, family):
    sink, _ = stream_of(family=family, accounts=4, events=8)
    assert {label.kind for label in sink.labels} == {family}
    assert {label.campaign for label in sink.labels} == {""}
    assert len(sink) >= 4
    assert min(sink.time) >= 0.0
    assert max(sink.time) < 4.0 * 86400.0
    bigger, _ = stream_of(family=family, accounts=4, events=8, seed=4)
    assert [m for m in bigger.messages] != [m for m in sink.messages]
