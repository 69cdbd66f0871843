"""The details of a watch finding: read back, or refused with our own error."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from hydrometer.errors import SchemaError
from hydrometer.finding import Finding
from hydrometer.watch.act.details import details_of

sys.path.insert(0, str(Path(__file__).parent))
from watch_act_toys import cluster, finding, scan

GOOD = finding(cluster(), scan())


@pytest.mark.parametrize(
    "change",
    [
        {"accounts": 3},
        {"accounts": [{"account": 1, "membership": 1.0}]},
        {"timeline": [["2026-06-01"]]},
        {"score": "high"},
        {"window": None},
    ],
)
def test_damaged_details_are_refused(change):
    with pytest.raises(SchemaError):
        details_of(replace(GOOD, details={**GOOD.details, **change}))


def test_another_kind_is_refused():
    with pytest.raises(SchemaError, match="not a finding of watch"):
        details_of(Finding("trace", "t", "c", "n"))


def test_unknown_keys_of_a_later_version_are_ignored():
    assert details_of(replace(GOOD, details={**GOOD.details, "later": 1})) == details_of(GOOD)
