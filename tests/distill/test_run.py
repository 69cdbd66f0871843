import os
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hydrometer.distill.files import read_json
from hydrometer.distill.recipe import read_recipe
from hydrometer.distill.run import claim, locked, prepare, reread, work
from hydrometer.distill.stages import Setting
from hydrometer.errors import InputError, NotPermitted

WHEN = datetime(2026, 8, 25, 12, tzinfo=UTC)


@pytest.fixture
def begun(kitchen, tmp_path):
    def lay(**more):
        path = kitchen(**more)
        folder = tmp_path / "work"
        s = Setting(read_recipe(path), folder, lambda: WHEN, {}, lambda t: None, lambda *a: None)
        return s, path

    return lay


def test_prepared_and_prepared_again(begun):
    s, path = begun()
    plan = prepare(s, recipe_path=path)
    assert plan.asked == 0
    known = read_json(s.folder / "run.json")
    assert known["recipe"] == os.path.join("..", "recipe.toml")
    assert known["sha256"] == s.recipe.digest
    assert read_json(s.folder / "plan.json")["terms"]["verdict"] == "permitted"
    chosen, trained = work(s, plan, until="filter")
    assert trained is None
    assert len(chosen.examples) > 20
    assert prepare(s, recipe_path=path).asked == 40


def test_stopped_after_collecting(begun):
    s, path = begun()
    work(s, prepare(s, recipe_path=path), until="collect")
    assert (s.folder / "answers.jsonl").exists()
    assert not (s.folder / "examples.jsonl").exists()
    with pytest.raises(InputError, match="no trained student"):
        reread(s)


def test_a_changed_recipe_is_refused_with_what_changed(begun):
    s, path = begun()
    prepare(s, recipe_path=path)
    path.write_text(path.read_text().replace("max_tokens = 40", "max_tokens = 50\nseed = 3"))
    changed = replace(s, recipe=read_recipe(path))
    with pytest.raises(InputError) as caught:
        prepare(changed, recipe_path=path)
    assert "answers.max_tokens: 40 -> 50; answers.seed: 0 -> 3" in str(caught.value)
    assert "--work" in str(caught.value)


def test_what_only_changes_how_it_runs_may_change(begun):
    s, path = begun()
    prepare(s, recipe_path=path)
    path.write_text(path.read_text().replace("max_tokens = 40", "max_tokens = 40\nworkers = 5"))
    prepare(replace(s, recipe=read_recipe(path)), recipe_path=path)


def test_a_refusal_comes_before_any_asking_and_leaves_the_plan(begun):
    s, path = begun(provider="barred")
    with pytest.raises(NotPermitted, match="barred-terms@2025-01-01"):
        prepare(s, recipe_path=path)
    assert read_json(s.folder / "plan.json")["terms"]["permitted"] is False
    assert not (s.folder / "answers.jsonl").exists()
    assert not (s.folder / "run.json").exists()


def test_the_gate_is_asked_again_at_resume(begun):
    s, path = begun()
    work(s, prepare(s, recipe_path=path), until="filter")
    use = path.parent / "use.toml"
    use.write_text(use.read_text().replace("2026-08-25", "2026-10-25"))
    later = replace(s, clock=lambda: datetime(2026, 10, 25, tzinfo=UTC))
    with pytest.raises(NotPermitted, match="last seen"):
        prepare(later, recipe_path=path)


def test_one_run_at_a_time(tmp_path):
    second = locked(tmp_path / "w")
    with locked(tmp_path / "w"), pytest.raises(InputError, match="another run"):
        second.__enter__()
    with locked(tmp_path / "w"):
        pass


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write to"):
        claim(tmp_path / "file" / "work")
    claim(tmp_path)
    assert not (tmp_path / ".probe").exists()
