import shutil

import pytest

from hydrometer.distill.train.weights import weights_digest
from hydrometer.errors import InputError


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model"
    path.mkdir()
    (path / "model.safetensors").write_bytes(b"weights")
    (path / "config.json").write_text("{}")
    (path / "tokenizer.json").write_text("{}")
    return path


def test_a_copy_is_the_same_model_and_a_note_changes_nothing(model, tmp_path):
    first = weights_digest(model)
    shutil.copytree(model, tmp_path / "copy")
    (tmp_path / "copy" / "README.md").write_text("words")
    (tmp_path / "copy" / "trained.json").write_text("{}")
    assert weights_digest(tmp_path / "copy") == first


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
def test_one_byte_is_another_model(model, name):
    first = weights_digest(model)
    (model / name).write_bytes((model / name).read_bytes() + b" ")
    assert weights_digest(model) != first


def test_a_file_wherever_it_lies(tmp_path):
    for name in ("a.gguf", "b.gguf"):
        (tmp_path / name).write_bytes(b"x")
    assert weights_digest(tmp_path / "a.gguf") == weights_digest(tmp_path / "b.gguf")


def test_nothing_there(tmp_path):
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(InputError, match="no model at"):
            weights_digest(path)
