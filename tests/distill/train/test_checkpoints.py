import pytest

from hydrometer.distill.train.checkpoints import newest, prune, seal


@pytest.fixture
def folder(tmp_path):
    for step in (5, 10, 100):
        path = tmp_path / f"checkpoint-{step}"
        (path / "deeper").mkdir(parents=True)
        (path / "weights").write_bytes(b"x" * step)
        (path / "deeper" / "more").write_text("y")
        seal(path)
    return tmp_path


def names(folder):
    return sorted(p.name for p in folder.iterdir())


def test_the_newest_is_that_of_the_highest_step(folder):
    assert newest(folder).name == "checkpoint-100"
    assert newest(folder / "none") is None


@pytest.mark.parametrize("harm", ["shorter", "missing", "more", "unmarked", "torn mark"])
def test_one_that_is_not_whole_is_passed_over_and_removed(folder, harm):
    last = folder / "checkpoint-100"
    if harm == "shorter":
        (last / "weights").write_bytes(b"x" * 99)
    elif harm == "missing":
        (last / "deeper" / "more").unlink()
    elif harm == "more":
        (last / "new").write_text("z")
    elif harm == "unmarked":
        (last / "complete.json").unlink()
    else:
        (last / "complete.json").write_text('{"weights": 10')
    assert newest(folder).name == "checkpoint-10"
    prune(folder, 2)
    assert names(folder) == ["checkpoint-10", "checkpoint-5"]


def test_the_last_are_kept(folder):
    prune(folder, 1)
    assert names(folder) == ["checkpoint-100"]
    prune(folder / "none", 1)
