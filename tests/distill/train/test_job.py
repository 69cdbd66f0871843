from datetime import date
from pathlib import Path

import pytest

from hydrometer.distill.train.config import TrainConfig, parse_base
from hydrometer.distill.train.job import Job, read_job, write_job
from hydrometer.errors import InputError


@pytest.fixture
def job(examples, permit):
    return Job(examples, permit, parse_base("new:tok@layers=2,width=64,heads=2"),
               TrainConfig(lora=4, lora_targets=("q_proj",)), 7, Path("teacher"))  # fmt: skip


def test_what_is_written_is_read(job, tmp_path):
    write_job(job, tmp_path / "job")
    got = read_job(tmp_path / "job")
    assert got == job
    got.permit.require([e.row() for e in got.examples], at=date(2026, 11, 1))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"base": "hf:x", "seed": 0}'])
def test_no_job(job, tmp_path, text):
    write_job(job, tmp_path)
    (tmp_path / "job.json").write_text(text)
    with pytest.raises(InputError, match="cannot read"):
        read_job(tmp_path)
    with pytest.raises(InputError, match="cannot read"):
        read_job(tmp_path / "none")


def test_an_unknown_setting_is_named(job, tmp_path):
    write_job(job, tmp_path)
    path = tmp_path / "job.json"
    path.write_text(path.read_text().replace('"epochs"', '"epoch"'))
    with pytest.raises(InputError, match="unknown setting"):
        read_job(tmp_path)
