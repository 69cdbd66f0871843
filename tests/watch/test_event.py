"""The event's schema: nothing in it could hold a text but the model's name."""

import pyarrow as pa

from hydrometer.watch.event import EVENTS, FLAGS, VERSION, Kind


def test_only_the_model_is_text():
    assert [f.name for f in EVENTS if pa.types.is_string(f.type)] == ["model"]
    assert not any(f.nullable for f in EVENTS)


def test_flags_are_bits_and_kinds_fit_four():
    assert sorted(FLAGS.values()) == [1 << i for i in range(len(FLAGS))]
    kinds = [v for k, v in vars(Kind).items() if k.isupper()]
    assert sorted(kinds) == list(range(15))


def test_the_version_travels_with_the_schema():
    assert EVENTS.metadata[b"hydrometer.event.version"] == str(VERSION).encode()
