"""Rejected rows are cut, and are text."""

from hydrometer.watch.sources.decoded import RAW, Decoded, reject


def test_a_raw_row_is_cut_and_valid():
    assert len(reject("s", 1, "r", "ä" * RAW).raw) <= RAW
    assert reject("s", 1, "r", "\ud800").raw == "?"
    assert reject("s", 1, "r", b"\xff").raw == "�"
    assert Decoded().observations is not Decoded().observations
