"""A stream in memory: order, counts, refusals."""

import numpy as np
import pytest
from tests.watch.toy import KEY, labels, rows, stream

from hydrometer.errors import InputError
from hydrometer.watch.evaluate_stream import load_stream
from hydrometer.watch.sources.decoded import Decoded, reject


def test_order_does_not_depend_on_the_file():
    straight = stream(rows(hours=2), prompts=True)
    shuffled = rows(hours=2)
    np.random.default_rng(1).shuffle(shuffled)
    again = stream(shuffled, prompts=True)
    assert np.all(np.diff(again.time) >= 0)
    assert again.prompts == straight.prompts
    known = again.events.column_names
    known.remove("temperature")  # NaN equals nothing
    assert again.events.select(known).equals(straight.events.select(known))
    assert again.account.tolist() == straight.account.tolist()


def test_a_part_is_whole():
    held = stream(prompts=True)
    part = held.part(10, 30)
    assert part.events.num_rows == part.time.size == part.account.size == len(part.prompts) == 20
    assert part.events.column("time").to_pylist() == part.time.tolist()
    assert held.part(5, 5).events.num_rows == 0
    assert stream().part(0, 5).prompts == ()


def test_bad_rows_are_counted():
    parts = [Decoded(rows(hours=1), [reject("f", 1, "no account", "{}")] * 3, skipped=2)]
    held = load_stream(parts, labels(), KEY)
    assert (held.rejected, held.reasons, held.skipped) == (3, {"no account": 3}, 2)


def test_metadata_only_reads_no_text():
    held = stream(text=False)
    assert set(held.events["words"].to_pylist()) == {-1}


def test_what_is_refused():
    with pytest.raises(InputError, match=r"no event in the stream.*no account"):
        load_stream([Decoded([], [reject("f", 1, "no account", "")])], labels(), KEY)
    few = {k: v for k, v in labels().items() if k != "b7"}
    with pytest.raises(InputError, match="1 of 70, such as b7"):
        stream(truth=few)
    assert len(stream(truth=few, allow_unlabelled=True)) == len(stream())
    with pytest.raises(InputError, match="no account of the truth has an event"):
        stream(truth={"z": labels()["b1"]}, allow_unlabelled=True)
