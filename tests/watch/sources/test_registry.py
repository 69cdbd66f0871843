"""One entry for every format; and no bytes that raise anything but our errors."""

import gzip
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrometer.errors import HydrometerError, InputError
from hydrometer.exchange import SCHEMA
from hydrometer.watch.observation import Observation
from hydrometer.watch.sources.attribution import Attribution
from hydrometer.watch.sources.registry import BODIES, decode, read_files

DATA = Path(__file__).parents[2] / "data" / "watch"
BODY = {
    "litellm": (DATA / "litellm.json").read_bytes(),
    "otlp-traces": (DATA / "spans.json").read_bytes(),
    "otlp-logs": (DATA / "logs.json").read_bytes(),
    "jsonl": (DATA / "exchange.jsonl").read_bytes(),
}
KNOWN = {"attribution": Attribution(), "source": "t"}


@pytest.mark.parametrize("format", BODIES)
def test_bodies_packed_and_not(format):
    found = decode(BODY[format], format, **KNOWN)
    assert len(found.observations) >= 2
    packed = decode(gzip.compress(BODY[format]), format, content_encoding="gzip", **KNOWN)
    assert packed == found


def test_what_is_refused():
    with pytest.raises(InputError, match="unknown format"):
        decode(b"[]", "moon", **KNOWN)
    with pytest.raises(InputError, match="OTLP alone"):
        decode(b"", "litellm", content_type="application/x-protobuf", **KNOWN)
    with pytest.raises(InputError, match="empty"):
        decode(b"", "litellm", **KNOWN)
    with pytest.raises(InputError, match="unknown format"):
        list(read_files("x", "moon", attribution=Attribution()))


@pytest.mark.parametrize(
    ("name", "observations"),
    [
        ("litellm.json", 3),
        ("spend_logs.jsonl", 2),
        ("spans.json", 2),
        ("logs.json", 2),
        ("exchange.jsonl", 2),
    ],
)
def test_files_are_known_by_what_they_hold(name, observations):
    found = list(read_files(DATA / name, attribution=Attribution()))
    assert sum(len(d.observations) for d in found) == observations


def test_spend_logs_in_parquet(tmp_path):
    rows = [msgspec.json.decode(x) for x in (DATA / "spend_logs.jsonl").read_text().splitlines()]
    rows = [{k: v for k, v in r.items() if k not in ("messages", "response")} for r in rows]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "s.parquet")
    (found,) = read_files(tmp_path / "s.parquet", attribution=Attribution())
    assert [o.account for o in found.observations] == ["k1", "u2"]


def test_a_file_of_no_known_format(tmp_path):
    (tmp_path / "x.jsonl").write_text('{"moon": 1}\n')
    with pytest.raises(InputError, match="no known format") as told:
        list(read_files(tmp_path / "x.jsonl", attribution=Attribution()))
    assert "moon" in told.value.got


def check(body, format, content_type="application/json"):
    """Whatever the bytes: observations of the promised types, or one of our errors."""
    try:
        found = decode(body, format, content_type=content_type, **KNOWN)
    except HydrometerError:
        return
    for o in found.observations:
        assert isinstance(o, Observation)
        assert isinstance(o.account, str)
        assert o.account
        assert isinstance(o.time, int)
        assert -(2**63) <= o.time < 2**63
        assert isinstance(o.model, str)
        for text in (o.system, o.user):
            assert text is None or isinstance(text, str)
        for count in (o.turns, o.tokens_in, o.tokens_out, o.max_tokens, o.choices):
            assert count is None or (isinstance(count, int) and 0 <= count < 2**63)
        assert all(isinstance(k, str) and isinstance(v, str) for k, v in o.links.items())
    for r in found.rejected:
        assert r.reason
        r.raw.encode()


@given(st.binary(max_size=200), st.sampled_from(BODIES), st.booleans())
def test_random_bytes(body, format, protobuf):
    check(body, format, "application/x-protobuf" if protobuf else "application/json")


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["{}", "[", '{"a": 1}', "1767225600", "redacted-by-litellm"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)


def places(value, at=()):
    """Yield every place in a document."""
    yield at
    if isinstance(value, (dict, list)):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(inner, (*at, key))


def replaced(value, at, new):
    if not at:
        return new
    out = value.copy()
    out[at[0]] = replaced(value[at[0]], at[1:], new)
    return out


DOCUMENTS = {
    name: msgspec.json.decode(body.split(b"\n")[0] if name == "jsonl" else body)
    for name, body in BODY.items()
}
PLACES = {name: list(places(value)) for name, value in DOCUMENTS.items()}


@given(st.data(), st.sampled_from(BODIES))
def test_a_value_of_any_kind_at_any_place(data, format):
    document = DOCUMENTS[format]
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.sampled_from(PLACES[format]))
        try:
            document = replaced(document, at, data.draw(VALUES))
        except (KeyError, IndexError, TypeError, AttributeError):
            continue  # an earlier change took the place away
    check(msgspec.json.encode(document), format)


@given(st.sampled_from(BODIES), st.integers(0, 2**32))
def test_damaged_bytes(format, seed):
    rng = np.random.default_rng(seed)
    body = bytearray(BODY[format])
    for at in rng.integers(0, len(body), 3):
        body[at] = rng.integers(256)
    check(bytes(body[: rng.integers(len(body))] if rng.random() < 0.3 else body), format)


@pytest.fixture(scope="module")
def parquet(tmp_path_factory):
    place = tmp_path_factory.mktemp("parquet")
    rows = [
        {
            "account": f"a{n}",
            "time": 1767225600 + n,
            "prompt": [{"role": "user", "content": f"prompt {n}"}],
            "headers": [("x-pool", "eu")],
            "sampling": {"temperature": 0.5},
        }
        for n in range(20)
    ]
    kinds = SCHEMA.field("prompt"), SCHEMA.field("headers")
    table = pa.Table.from_pylist(
        [{k: r[k] for k in ("account", "time", "sampling")} for r in rows]
    )
    for field in kinds:
        column = pa.array([r[field.name] for r in rows], field.type)
        table = table.append_column(field.name, column)
    pq.write_table(table, place / "whole.parquet", compression="none")
    return place


@given(st.integers(0, 2**32))
def test_damaged_parquet(parquet, seed):
    rng = np.random.default_rng(seed)
    data = bytearray((parquet / "whole.parquet").read_bytes())
    for at in rng.integers(0, len(data), 2):
        data[at] = rng.integers(256)
    path = parquet / "damaged.parquet"
    path.write_bytes(data[: rng.integers(len(data))] if rng.random() < 0.2 else data)
    told = ""
    try:
        for part in read_files(path, attribution=Attribution()):
            assert all(isinstance(o, Observation) for o in part.observations)
    except HydrometerError as err:
        told = str(err)
    assert not told or "damaged.parquet" in told or "column" in told
