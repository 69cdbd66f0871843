"""The record out: round trip, golden file, and only our errors."""

from __future__ import annotations

import contextlib
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrometer.errors import HydrometerError, InputError, SchemaError
from hydrometer.finding import (
    Assumption,
    Exhibit,
    Finding,
    Verdict,
    from_statement,
    read_finding,
    write_finding,
)

GOLDEN = Path(__file__).parent / "data" / "findings"
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5)
    | st.just(10**400),
    lambda x: st.lists(x, max_size=3) | st.dictionaries(st.text(max_size=5), x, max_size=3),
    max_leaves=8,
)  # fmt: skip
FIELDS = sorted(read_finding(GOLDEN / "trace.json").to_statement()["predicate"])


@pytest.mark.parametrize("name", ["trace.json", "served.json"])
def test_golden_version_1_round_trips(name: str, tmp_path: Path) -> None:
    write_finding(read_finding(GOLDEN / name), tmp_path / name)
    assert (tmp_path / name).read_bytes() == (GOLDEN / name).read_bytes()


def test_lone_surrogate_survives(tmp_path: Path) -> None:
    f = Finding("trace", "t", "c", "n", exhibits=(Exhibit("\ud800", "", "", "", ""),))
    write_finding(f, tmp_path / "f.json")
    assert read_finding(tmp_path / "f.json") == f


def test_supported_needs_its_assumptions() -> None:
    with pytest.raises(SchemaError):
        Finding(
            "t", "t", "c", "n", Verdict.SUPPORTED, assumptions=(Assumption("a", "not checked"),)
        )


@given(st.sampled_from(FIELDS), JSON)
def test_any_value_in_any_field(name: str, value: Any) -> None:
    statement = json.loads((GOLDEN / "trace.json").read_text(encoding="utf-8"))
    statement["predicate"][name] = value
    with contextlib.suppress(HydrometerError):
        from_statement(statement)


@given(st.binary(max_size=40) | st.just(b"[" * 100_000) | st.just(b"9" * 5000))
def test_any_bytes(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "f.json"
        path.write_bytes(data)
        with pytest.raises(HydrometerError):
            read_finding(path)


def test_a_place_that_cannot_be_written_is_our_error(tmp_path):
    with pytest.raises(InputError, match="cannot write the finding"):
        write_finding(
            Finding(kind="trace", title="t", claim="c", null="n"), tmp_path / "none" / "f.json"
        )
