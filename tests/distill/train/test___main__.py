"""The training as a program: launched on two processes, killed and run again, out of disk."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hydrometer.distill.train.config import TrainConfig, parse_base
from hydrometer.distill.train.job import Job, write_job
from hydrometer.errors import NotPermitted

torch = pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("trl", reason="needs the extra `train`")
pytestmark = [
    pytest.mark.torch,
    # trl 1.16 and peft 0.21 ask transformers by a name that 5.23 has replaced
    pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning"),
]

ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1",
               "TRL_EXPERIMENTAL_SILENCE": "1"}  # fmt: skip
COMMON = {"batch_size": 2, "max_length": 64, "learning_rate": 1e-3, "warmup": 0.0, "steps": 12,
          "save_steps": 5, "max_new_tokens": 4, "top_k": 8}  # fmt: skip

KILLED = """
import os, signal, sys
from datetime import date
from hydrometer.distill.train import trainer
from hydrometer.distill.train.job import read_job
from hydrometer.distill.train.run import train

def kill():
    os.kill(os.getpid(), signal.SIGKILL)

def progress(step, steps, row):
    if step == 8 and sys.argv[3] == "step":
        kill()

real = trainer.seal
def seal(folder):
    if folder.name == "checkpoint-10" and sys.argv[3] == "checkpoint":
        kill()
    real(folder)

trainer.seal = seal
job = read_job(sys.argv[1])
train(job.examples, permit=job.permit, base=job.base, config=job.config, out=sys.argv[2],
      at=date(2026, 11, 1), seed=job.seed, teacher=job.teacher, progress=progress)
"""


@pytest.fixture
def job(examples, permit, teacher):
    def make(**config):
        settings = TrainConfig(**(COMMON | config))
        wanted = None if settings.method == "sequence" else teacher
        base = parse_base(f"new:{teacher}@layers=2,width=64,heads=2")
        return Job(examples, permit, base, settings, 3, wanted)

    return make


def run(job, out):
    from hydrometer.distill.train.run import train

    return train(job.examples, permit=job.permit, base=job.base, config=job.config, out=out,
                 at=datetime(2026, 11, 1, tzinfo=UTC).date(), seed=job.seed,
                 teacher=job.teacher)  # fmt: skip


def points(trained):
    return [{k: v for k, v in r.items() if k != "seconds"} for r in trained.curve]


@pytest.mark.parametrize(
    ("where", "config"),
    [
        ("checkpoint", {"method": "sequence"}),
        ("step", {"method": "on-policy", "on_policy_share": 0.7, "accumulate": 2}),
        ("step", {"method": "logit", "schedule": "cosine"}),
    ],
)
def test_a_killed_run_resumes_to_the_same_curve(job, tmp_path, where, config):
    made = job(**config)
    write_job(made, tmp_path / "job")
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, tmp_path / "job", tmp_path / "killed", where],
        env=ENVIRONMENT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL, killed.stderr[-2000:]
    left = len((tmp_path / "killed" / "curve.jsonl").read_text().splitlines())
    assert left == (8 if where == "step" else 10)
    resumed, whole = run(made, tmp_path / "killed"), run(made, tmp_path / "whole")
    assert [r["step"] for r in resumed.curve] == list(range(1, 13))
    assert points(resumed) == points(whole)
    from safetensors.torch import load_file

    a, b = (load_file(t.folder / "model.safetensors") for t in (resumed, whole))
    assert all(torch.equal(a[k], b[k]) for k in b)
    seconds = [r["seconds"] for r in resumed.curve]
    assert seconds == sorted(seconds)


def launch(job, permit, tmp_path, *more):
    now = datetime.now(UTC)  # noqa: TID251 (the program reads the clock)
    fresh = {"issued_at": now.isoformat(), "expires": (now + timedelta(days=9)).date().isoformat()}
    write_job(replace(job, permit=replace(permit, **fresh)), tmp_path / "job")
    return subprocess.run(
        [*more, "-m", "hydrometer.distill.train", tmp_path / "job", "--out", tmp_path / "out"],
        env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


def test_two_processes_train_as_one_with_batches_twice_as_large(job, permit, tmp_path):
    # `accelerate launch --cpu` starts one process, whatever it is asked for; torchrun starts two
    done = launch(job(), permit, tmp_path, sys.executable, "-m", "torch.distributed.run",
                  "--standalone", "--nproc_per_node", "2")  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    (line,) = done.stdout.splitlines()
    record = json.loads(line)
    assert record["processes"] == 2
    single = run(job(batch_size=4), tmp_path / "single")
    from hydrometer.distill.train.record import read_trained

    double = read_trained(tmp_path / "out")
    assert record == double.to_record()
    assert [r["step"] for r in double.curve] == list(range(1, 13))
    assert double.tokens == single.tokens
    for name in ("loss", "cross_entropy", "learning_rate"):
        want = [r[name] for r in single.curve]
        assert [r[name] for r in double.curve] == pytest.approx(want, abs=1e-5)


def test_a_permit_that_has_run_out_trains_nothing(job, permit, tmp_path, capsys):
    from hydrometer.distill.train.__main__ import main

    write_job(job(), tmp_path / "job")
    assert main([str(tmp_path / "job"), "--out", str(tmp_path / "out")]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "the permit has run out" in said.err
    assert not (tmp_path / "out").exists()
    assert main([str(tmp_path / "none"), "--out", str(tmp_path / "out")]) == 2
    with pytest.raises(NotPermitted):
        job().permit.require([], at=datetime(2026, 11, 1, tzinfo=UTC).date())
