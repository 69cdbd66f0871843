import json
import math

import pytest

from hydrometer.errors import InputError, ModelError, NotPermitted

torch = pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("trl", reason="needs the extra `train`")
pytestmark = [
    pytest.mark.torch,
    # peft 0.21 asks transformers by a name that 5.23 has replaced
    pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning"),
]


def losses(trained):
    return [r["loss"] for r in trained.curve]


def test_the_student_learns_the_answers_and_can_be_loaded(teach):
    from transformers import AutoModelForCausalLM

    got = teach(steps=30, learning_rate=3e-3)
    assert losses(got)[0] == pytest.approx(math.log(320), rel=0.05)
    assert losses(got)[-1] < 0.6 * losses(got)[0]
    assert [r["step"] for r in got.curve] == list(range(1, 31))
    assert all(r["distillation"] is None and r["cross_entropy"] == r["loss"] for r in got.curve)
    assert got.tokens == got.curve[-1]["tokens"] > 0
    assert (got.examples, got.steps, got.set_aside) == (20, 30, ())
    model = AutoModelForCausalLM.from_pretrained(got.folder)
    assert sum(p.numel() for p in model.parameters()) == got.parameters
    left = sorted(p.name for p in got.folder.parent.iterdir())
    assert left == ["curve.jsonl", "run.json", "student", "trained.json"]


def test_without_the_permit_nothing_trains(teach, permit, examples, tmp_path):
    from datetime import date

    from hydrometer.distill.train.run import train

    with pytest.raises(TypeError, match="permit"):
        train(examples, base=None, config=None, out=tmp_path, at=None, seed=0)
    with pytest.raises(NotPermitted, match="other rows"):
        teach(given=examples[:-1])
    with pytest.raises(NotPermitted, match="run out"):
        teach(at=date(2027, 1, 1))
    assert not (tmp_path / "out").exists()


def test_two_runs_agree_and_another_seed_does_not(teach):
    assert losses(teach("a")) == losses(teach("b")) != losses(teach("c", seed=1))


def test_a_finished_training_is_read_not_repeated(teach):
    first = teach()
    stamp = (first.folder / "model.safetensors").stat().st_mtime_ns
    assert teach() == first
    assert (first.folder / "model.safetensors").stat().st_mtime_ns == stamp
    with pytest.raises(InputError, match="another training") as caught:
        teach(learning_rate=1e-4, seed=5)
    assert caught.value.got == "another learning_rate, seed"
    assert teach(save_steps=3, keep_checkpoints=1) == first, "these change no weight"
    (first.folder.parent / "run.json").unlink()
    with pytest.raises(InputError, match="cannot read"):
        teach()  # whose student this is cannot be told


def test_accumulated_batches_are_one_large_batch(teach):
    large = teach("large", batch_size=8, steps=3)
    small = teach("small", batch_size=2, accumulate=4, steps=3)
    assert losses(small) == pytest.approx(losses(large), abs=1e-5)


def test_a_point_for_several_steps_is_their_mean(teach):
    each, pairs = teach("each"), teach("pairs", log_steps=2)
    want = [(losses(each)[i] + losses(each)[i + 1]) / 2 for i in (0, 2)]
    assert losses(pairs) == pytest.approx(want, abs=1e-6)


def test_adapters_are_merged_and_kept(teach, teacher):
    from hydrometer.distill.train.config import parse_base

    base = parse_base(f"hf:{teacher}")
    got = teach(lora=2, base=base, learning_rate=1e-2)
    assert 0 < got.trained_parameters < 0.2 * got.parameters
    assert (got.adapter / "adapter_model.safetensors").exists()
    from transformers import AutoModelForCausalLM

    old, new = (
        AutoModelForCausalLM.from_pretrained(p).state_dict() for p in (teacher, got.folder)
    )
    assert old.keys() == new.keys()
    moved = {k for k in old if not torch.equal(old[k], new[k])}
    assert moved
    assert all("proj" in k for k in moved)


def test_mixed_precision_keeps_whole_weights(teach):
    from safetensors.torch import load_file

    got = teach(dtype="bfloat16")
    assert losses(got) == pytest.approx(losses(teach("whole")), rel=0.02)
    assert {v.dtype for v in load_file(got.folder / "model.safetensors").values()} == {
        torch.float32
    }


def test_a_loss_that_is_no_number_stops_and_keeps_the_last_checkpoint(teach, tmp_path):
    with pytest.raises(ModelError, match=r"stopped at step \d+") as caught:
        teach(learning_rate=1e9, steps=50, save_steps=1, max_grad_norm=0)
    assert "lower the learning rate" in caught.value.next_step
    from hydrometer.distill.train.checkpoints import newest

    last = newest(tmp_path / "out" / "checkpoints")
    if last is not None:  # the first update alone can end it
        from safetensors.torch import load_file

        assert all(torch.isfinite(v).all() for v in load_file(last / "model.safetensors").values())
    for line in (tmp_path / "out" / "curve.jsonl").read_text().splitlines():
        assert math.isfinite(json.loads(line)["loss"])


def test_poisoned_weights_are_never_saved(teach, teacher, tmp_path):
    import transformers

    from hydrometer.distill.train.config import parse_base

    bad = tmp_path / "bad"
    model = transformers.AutoModelForCausalLM.from_pretrained(teacher)
    with torch.no_grad():
        model.model.layers[0].mlp.up_proj.weight[0, 0] = float("nan")
    model.save_pretrained(bad)
    transformers.AutoTokenizer.from_pretrained(teacher).save_pretrained(bad)
    with pytest.raises(ModelError, match="the loss is nan"):
        teach(base=parse_base(f"hf:{bad}"))
    assert not (tmp_path / "out" / "student").exists()


def test_progress_is_told(teach):
    seen = []
    teach(progress=lambda step, steps, row: seen.append((step, steps, row["loss"] > 0)))
    assert seen == [(i, 4, True) for i in range(1, 5)]


def test_a_disk_too_small_is_told_before_the_work(teach, monkeypatch):
    import shutil
    from collections import namedtuple

    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(1, 1, 1000))
    with pytest.raises(InputError, match="not enough room"):
        teach()


@pytest.mark.parametrize("lora", [0, 2])
def test_a_full_disk_loses_nothing(teach, tmp_path, lora):
    import resource

    settings = {"steps": 9, "save_steps": 3, "lora": lora}
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(step, steps, row):
        if step == 5:  # from here on no file can be larger than this
            resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))

    try:
        with pytest.raises(InputError, match="cannot write") as caught:
            teach(progress=fill, **settings)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "continues where it stopped" in caught.value.next_step
    from hydrometer.distill.train.checkpoints import newest

    assert newest(tmp_path / "out" / "checkpoints").name == "checkpoint-3"
    assert losses(teach(**settings)) == losses(teach("whole", **settings))


def test_a_file_system_without_room_loses_nothing(teach, tmp_path, monkeypatch):
    import shutil
    import subprocess

    small = tmp_path / "out"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(small)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        settings = {"steps": 6, "save_steps": 2, "keep_checkpoints": 1}  # 1.5 MB each
        usage = shutil.disk_usage(tmp_path)
        with monkeypatch.context() as patch:
            patch.setattr(shutil, "disk_usage", lambda path: usage)
            with pytest.raises(InputError, match="cannot write") as caught:
                teach(**settings)
        assert caught.value.got.startswith("no room for a file")
        from hydrometer.distill.train.checkpoints import newest

        assert newest(small / "checkpoints").name == "checkpoint-2"
        subprocess.run(["mount", "-o", "remount,size=20m", str(small)], check=True)
        assert losses(teach(**settings)) == losses(teach("whole", **settings))
    finally:
        subprocess.run(["umount", "--lazy", str(small)], check=True)
