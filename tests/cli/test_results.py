import json

import pytest

from hydrometer.cli.results import claim_folder, write_results
from hydrometer.errors import InputError


def test_both_files_are_written(tmp_path):
    claim_folder(tmp_path / "a" / "b")
    write_results(tmp_path / "a" / "b", {"auroc": 0.5}, "| a |\n")
    assert json.loads((tmp_path / "a/b/metrics.json").read_text()) == {"auroc": 0.5}
    assert sorted(p.name for p in (tmp_path / "a/b").iterdir()) == ["metrics.json", "table.md"]


def test_a_folder_that_cannot_be_is_told_before_the_work(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write"):
        claim_folder(tmp_path / "file" / "b")
    with pytest.raises(InputError, match="cannot write"):
        write_results(tmp_path / "none", {}, "")
