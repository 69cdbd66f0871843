"""The records of a scan."""

import dataclasses

import numpy as np
import pytest

from hydrometer.watch.result import LEVELS, Cluster, Scan, Signal, name_of


def test_a_name_is_the_whole_pseudonym():
    assert name_of(2**64 - 1) == "a:ffffffffffffffff"
    assert name_of(np.uint64(2**63)) == "a:8000000000000000"
    assert int(name_of(7)[2:], 16) == 7


def test_levels_rise_to_an_alarm():
    assert LEVELS == ("none", "notice", "suspect", "alarm")


def test_records_do_not_change():
    cluster = Cluster("c-0", (1,), (1.0,), 0, 1, 1, 0.0, 0.0, "none")
    signal = Signal("links", 0.5, 0.0, 1.0, "")
    scan = Scan(1, 0, 1, np.zeros(1, np.uint64), np.zeros(1), (cluster,), 1, 1.0)
    for record, name in ((cluster, "level"), (signal, "strength"), (scan, "clusters")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(record, name, None)
    assert signal.measures == {}
    assert cluster.signals == cluster.explanations == ()
