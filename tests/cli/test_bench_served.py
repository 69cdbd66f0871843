"""The bench runs from recorded tables alone and says what it measured."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from hydrometer.cli.bench_served import served
from hydrometer.errors import InputError


def write_table(path: Path, seed: int, lift: float) -> None:
    rng = np.random.default_rng(seed)
    shape = (50, 4)
    tokens = rng.integers(20, 40, size=shape).astype(np.float32)
    loss = tokens * 3.0 + rng.normal(size=shape)
    trained = np.arange(50) < 30
    loss[trained, 0] -= lift
    surprise = rng.normal(size=shape)
    surprise[trained, 0] += lift
    np.savez_compressed(
        path,
        trained=trained,
        prompt=np.array([f"p{i}" for i in range(50)]),
        loss=loss.astype(np.float32),
        tokens=tokens,
        words=tokens,
        hits=rng.integers(0, 9, size=shape).astype(np.float32),
        surprise=surprise.astype(np.float32),
        overlap=rng.normal(size=shape).astype(np.float32),
    )


def test_metrics_and_table(tmp_path: Path) -> None:
    write_table(tmp_path / "reference.npz", 1, 0.0)
    write_table(tmp_path / "student-e1.npz", 2, 3.0)
    out = tmp_path / "out"
    line = ["--scores", str(tmp_path), "--repetitions", "50", "--seed", "1", "--out", str(out)]
    assert CliRunner().invoke(served, line, standalone_mode=False).return_value == 0
    metrics = json.loads((out / "metrics.json").read_text())
    found = metrics["students"]["student-e1"]
    assert set(found) == {
        "logprobs",
        "logprobs+ref",
        "prefill",
        "prefill+ref",
        "answers",
        "answers+ref",
    }
    assert found["prefill"]["trained"]["log10_p"] < -10
    assert found["prefill"]["untouched"]["p"] > 0.001
    assert all(one["kept"] for one in found["prefill"]["level"])
    assert "student-e1" in (out / "table.md").read_text()


def test_no_tables_is_said(tmp_path: Path) -> None:
    write_table(tmp_path / "reference.npz", 1, 0.0)
    line = ["--scores", str(tmp_path), "--seed", "1", "--out", str(tmp_path / "out")]
    found = CliRunner().invoke(served, line, standalone_mode=False)
    assert isinstance(found.exception, InputError)
    with pytest.raises(InputError, match="no recorded scores"):
        raise found.exception
