import json
import os
from pathlib import Path

import pytest

from hydrometer.distill.train.record import (
    Curve,
    Trained,
    read_curve,
    read_trained,
    write_json,
)
from hydrometer.errors import InputError


def row(step):
    return {"step": step, "loss": 1.0 / (step + 1), "seconds": float(step)}


def test_points_are_appended_and_those_after_a_step_are_cut(tmp_path):
    curve = Curve(tmp_path)
    for step in range(1, 7):
        curve.append(row(step))
    assert read_curve(tmp_path) == [row(s) for s in range(1, 7)]
    assert curve.cut(4) == read_curve(tmp_path) == [row(s) for s in range(1, 5)]
    assert read_curve(tmp_path / "none") == []


def test_a_torn_last_line_is_left_out_and_then_cut_off(tmp_path):
    curve = Curve(tmp_path)
    curve.append(row(1))
    with open(curve.path, "a") as file:
        file.write('{"step": 2, "lo')
    assert read_curve(tmp_path) == [row(1)]
    curve.cut(9)
    curve.append(row(2))
    assert read_curve(tmp_path) == [row(1), row(2)]


@pytest.mark.parametrize("bad", ["{", "[]", "{}", '{"step": "x"}', "5"])
def test_a_line_in_between_that_is_no_point_is_an_error(tmp_path, bad):
    (tmp_path / "curve.jsonl").write_text(bad + '\n{"step": 1}\n')
    with pytest.raises(InputError, match="is not a point"):
        read_curve(tmp_path)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full on this system")
def test_a_full_disk_is_told(tmp_path):
    (tmp_path / "curve.jsonl").symlink_to("/dev/full")
    with pytest.raises(InputError, match="cannot write") as caught:
        Curve(tmp_path).append(row(1))
    assert "No space left" in caught.value.got
    with pytest.raises(InputError, match="cannot write"):
        write_json({}, tmp_path / "none" / "file.json")


def test_the_record_of_a_training(tmp_path):
    assert read_trained(tmp_path) is None
    Curve(tmp_path).append(row(1))
    made = Trained(
        folder=tmp_path / "student", adapter=None, curve=(row(1),), device="cpu", processes=1,
        seconds=1.5, tokens=10, peak_memory=5, parameters=3, trained_parameters=2, steps=1,
        examples=4, set_aside=("r9",), versions={"torch": "2"}, fingerprint="f",
    )  # fmt: skip
    made.write(tmp_path)
    assert read_trained(tmp_path) == made
    record = json.loads((tmp_path / "trained.json").read_text())
    assert record["folder"] == "student", "no path of this machine"
    assert str(Path(tmp_path)) not in json.dumps(record)
    (tmp_path / "trained.json").write_text("{}")
    with pytest.raises(InputError, match="cannot read"):
        read_trained(tmp_path)
