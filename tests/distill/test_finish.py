import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hydrometer.distill.finish import finish
from hydrometer.distill.plan import make_plan
from hydrometer.distill.recipe import read_recipe
from hydrometer.distill.stages import Setting, collect_answers, select
from hydrometer.distill.train.record import Trained
from hydrometer.distill.train.weights import weights_digest
from hydrometer.errors import InputError

WHEN = datetime(2026, 8, 25, 12, tzinfo=UTC)
pytestmark = pytest.mark.torch


@pytest.fixture
def selected(kitchen, tmp_path, tiny):
    recipe = read_recipe(kitchen(provider="dutiful", more="[evaluate]\nprompts = 2\n"))
    folder = tmp_path / "w"
    folder.mkdir()
    s = Setting(recipe, folder, lambda: WHEN, {}, lambda t: None, lambda *a: None)
    plan = make_plan(recipe, at=WHEN)
    answers, _ = collect_answers(s, plan)
    curve = ({"step": 1, "loss": 2.0, "cross_entropy": 2.0, "distillation": None},)
    trained = Trained(tiny, None, curve, "cpu", 1, 1.0, 10, 1, 20_000, 20_000, 1, 32, (),
                      {"torch": "2"}, "print")  # fmt: skip
    return s, select(s, plan, answers), trained


def test_the_folder_of_the_student(selected):
    s, chosen, trained = selected
    done = finish(s, chosen, trained, environment={"hydrometer": "0"})
    student = s.folder / "student"
    assert {p.name for p in student.iterdir()} >= {
        "README.md", "NOTICE", "hydrometer.json", "model.safetensors", "config.json"}  # fmt: skip
    record = json.loads((student / "hydrometer.json").read_text())
    assert record["training"]["student_sha256"] == weights_digest(trained.folder)
    assert record["environment"] == {"hydrometer": "0", "torch": "2"}
    assert done.page()["curve"][0]["loss"] == 2.0
    assert done.summary()["verdict"] == "with-duties"
    assert json.loads(json.dumps(done.page()))["duties"][0]["state"]
    assert any(r["measure"].startswith("bits per byte") for r in done.rows)


def test_an_evaluation_is_kept_until_it_is_asked_for_again(selected):
    s, chosen, trained = selected
    finish(s, chosen, trained, environment={}, evaluate=False)
    path = s.folder / "evaluation.json"
    assert not path.exists()
    assert "Not evaluated." in (s.folder / "student" / "README.md").read_text()
    finish(s, chosen, trained, environment={})
    marked = json.loads(path.read_text())
    marked["rows"][0]["note"] = "kept"
    path.write_text(json.dumps(marked))
    assert finish(s, chosen, trained, environment={}).rows[0]["note"] == "kept"
    other = replace(s, recipe=replace(s.recipe, evaluate=replace(s.recipe.evaluate, prompts=1)))
    fresh = finish(other, chosen, trained, environment={})
    assert (fresh.rows[0]["note"] != "kept", fresh.rows[0]["n"]) == (True, 1)
    path.write_text(json.dumps(marked))
    assert finish(s, chosen, trained, environment={}, again=True).rows[0]["note"] != "kept"


def test_a_student_folder_that_cannot_be_written(selected):
    s, chosen, trained = selected
    (s.folder / "student").write_text("in the way")
    with pytest.raises(InputError, match="cannot write"):
        finish(s, chosen, trained, environment={}, evaluate=False)
