"""Identifiers of the frameworks: a sub-technique belongs to its technique."""

from hydrometer.watch.act.atlas import AISVS, ATLAS


def test_identifiers_are_consistent():
    assert [t.id for t in ATLAS] == ["AML.T0024.002", "AML.T0008.005"]
    assert all(t.id.rpartition(".")[0] == t.parent for t in ATLAS)
    assert all(t.tactic.startswith("AML.TA") for t in ATLAS)
    assert AISVS == "11.5.2"
