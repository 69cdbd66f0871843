import json
from dataclasses import fields
from pathlib import Path

import pytest

from hydrometer.distill.recipe import SECTIONS, Shape, changes, read_recipe
from hydrometer.errors import InputError


def test_a_recipe_with_its_defaults(kitchen):
    path = kitchen(more="[train]\nepochs = 2\n")
    r = read_recipe(path)
    assert r.student.name == "tiny"
    assert r.student.new is not None
    assert r.student.new.layers == 2
    assert r.teacher.writer("answer") == {
        "role": "answer", "model": "acme/large", "surface": "api",
        "provider": "acme", "host": None, "aggregator": None, "account": None,
        "generated_at": "2026-08-20",
    }  # fmt: skip
    assert r.train.epochs == 2
    assert r.judge is None
    assert r.spec(r.teacher).where == str(path.parent / "answers.jsonl")
    assert sorted(r.files) == ["prompts.file", "teacher.spec"]
    assert json.loads(json.dumps(r.values()))["answers"]["draws"] == 1


def test_all_problems_come_at_once_and_name_the_nearest_key(kitchen):
    path = kitchen(
        answers='temprature = 0.7\ndraws = 0\ntop_p = "high"\nengine = "cloud"',
        more="[filtre]\nnear = 1\n[judge]\nspec = 'nothing'\nmodel = 'm'\nsurface = 'api'\n",
    )
    with pytest.raises(InputError) as caught:
        read_recipe(path)
    text = str(caught.value)
    for part in (
        "6 problems",
        "no section [filtre]; nearest: [filter]",
        "[answers] has no key 'temprature'; nearest: temperature",
        "draws must be at least 1",
        "top_p must be a number",
        "engine must be one of local, ray",
        "no such model",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("new = {", "base = 'hf:x'\nnew = {", "either base or new"),
        ("new = {", "#", "either base or new"),
        ("layers = 2", "layers = 2, depth = 3", r"\[student.new\] has no key 'depth'"),
        ("layers = 2, ", "", r"\[student.new\] needs layers"),
        ('file = "use.toml"', 'file = "no.toml"', "nothing at .*no.toml"),
        ('file = "prompts.jsonl"', 'file = "no.jsonl"', "cannot read .*no.jsonl"),
        ("@answers.jsonl", "@no.jsonl", "cannot read .*no.jsonl"),
        ("recorded:teacher-a@answers.jsonl", "hf:nowhere", "nothing at .*nowhere"),
        ("[use]", "[used]", r"no section \[used\]; nearest: \[use\](.|\n)*needs the section"),
        ('surface = "api"', 'surface = "moon"', "surface must be one of"),
        ('name = "tiny"', 'name = " "', "name is empty"),
        ("held_out = 0.2", "held_out = nan", "must be a number"),
        ("[prompts]", "[prompts", "cannot read the recipe"),
        ("max_tokens = 40", "max_tokens = true", "must be a whole number"),
        ("width = 16", "width = 18", "cannot train with this width"),
        ("[use]", "[evaluate]\nwin_rate = true\n[use]", "win_rate needs a section"),
        ("[use]", "[train]\nmethod = 'logit'\n[use]", "needs weights under"),
        ("[use]", "[train]\nepoch = 1\n[use]", r"\[train\] has no key 'epoch'; nearest: epochs"),
        ("[use]", "[train]\nlearning_rate = -1\n[use]", "cannot train with this learning_rate"),
    ],
)
def test_what_cannot_be_used(kitchen, old, new, says):
    path = kitchen()
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(InputError, match=says):
        read_recipe(path)


def test_no_file(tmp_path):
    with pytest.raises(InputError, match="cannot read the recipe"):
        read_recipe(tmp_path / "absent.toml")


def test_the_digest_knows_what_is_made_from_how_it_is_run(kitchen):
    path = kitchen()
    before = read_recipe(path)
    path.write_text(path.read_text().replace("max_tokens = 40", "max_tokens = 40\nworkers = 7"))
    assert read_recipe(path).digest == before.digest
    path.write_text(path.read_text().replace("max_tokens = 40", "max_tokens = 41"))
    after = read_recipe(path)
    assert after.digest != before.digest
    assert changes(before.making(), after.making()) == ["answers.max_tokens: 40 -> 41"]


def test_a_file_that_changed_changes_the_recipe(kitchen):
    path = kitchen()
    before = read_recipe(path)
    with open(path.parent / "answers.jsonl", "a") as file:
        file.write("\n")
    assert changes(before.making(), read_recipe(path).making())[0].startswith("files.teacher.spec")


def test_the_folder_may_move(kitchen, tmp_path):
    path = kitchen()
    before = read_recipe(path).digest
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    for file in tmp_path.glob("*.*l"):
        (moved / file.name).write_bytes(file.read_bytes())
    assert read_recipe(moved / "recipe.toml").digest == before


def test_lineage_and_further_writers_are_rows_of_the_terms(kitchen):
    path = kitchen(prompts='writers = [{model = "w", surface = "api", provider = "x"}]')
    path.write_text(
        path.read_text().replace(
            'surface = "api"',
            'surface = "api"\ndistilled_from = [{model = "z", role = "answer"}]',
            1,
        )
    )
    r = read_recipe(path)
    assert r.teacher.writer("answer")["distilled_from"] == [{"model": "z", "role": "answer"}]
    assert r.prompts.writers[0].writer("prompt")["provider"] == "x"


def test_the_page_on_recipes_has_every_key():
    page = (Path(__file__).parents[2] / "docs/reference/recipe.md").read_text(encoding="utf-8")
    for section, part in {**SECTIONS, "new": Shape}.items():
        for f in fields(part):
            assert f"`{f.name}`" in page or f"{f.name} =" in page, f"{section}.{f.name}"
        assert f"[{section}]" in page or section == "new"
