from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hydrometer_endpoint import ok, serve

from hydrometer.distill import stages
from hydrometer.distill.example import examples_digest, read_examples
from hydrometer.distill.files import read_json, read_lines
from hydrometer.distill.plan import make_plan
from hydrometer.distill.recipe import read_recipe
from hydrometer.distill.stages import (
    Setting,
    collect_answers,
    require_training,
    select,
    train_student,
)
from hydrometer.errors import InputError, MissingExtra, ModelError, NotPermitted, Refused
from hydrometer.terms.permit import read_permit

WHEN = datetime(2026, 8, 25, 12, tzinfo=UTC)


@pytest.fixture
def still(kitchen, tmp_path):
    def lay(edit=lambda text: text, **more):
        path = kitchen(**more)
        path.write_text(edit(path.read_text()))
        recipe = read_recipe(path)
        said, counted = [], []
        folder = tmp_path / "work"
        folder.mkdir(exist_ok=True)
        setting = Setting(recipe, folder, lambda: WHEN, {}, said.append,
                          lambda *a: counted.append(a))  # fmt: skip
        return setting, make_plan(recipe, at=WHEN, work=folder), said, counted

    return lay


def test_from_answers_to_a_permitted_training_set(still):
    refusing = {3, 5}

    def answer(i):
        return "I'm sorry, but I can't help with that." if i in refusing else f"own {i} words " * 3

    s, plan, said, counted = still(answer=answer)
    answers, held = collect_answers(s, plan)
    assert (len(answers), len(held)) == (32, 8)
    assert counted[-1] == ("held-out", 8, 8)
    chosen = select(s, plan, answers)
    rejected = read_lines(s.folder / "rejected.jsonl")
    log = (s.folder / "answers.jsonl").read_text().splitlines()
    for row in rejected:
        assert row["id"] in log[row["line"] - 1]
    assert len(chosen.examples) + len(rejected) == 32
    assert chosen.rejected.get("refusal", 0) == sum(r["reason"] == "refusal" for r in rejected)
    assert read_examples(s.folder / "examples.jsonl") == chosen.examples
    permit = read_permit(s.folder / "permit.json")
    permit.require([e.row() for e in chosen.examples], at=WHEN.date())
    provenance = read_lines(s.folder / "provenance.jsonl")
    assert [p["id"] for p in provenance] == [e.id for e in chosen.examples]
    assert {tuple(p["terms"]) for p in provenance} == {("acme-terms@2025-01-01",)}
    assert {e.teacher["model"] for e in chosen.examples} == {"acme/large"}
    assert chosen.examples[0].source.startswith("prompts.jsonl#p")
    assert any("answers kept" in x for x in said)
    again = select(s, plan, answers)
    assert examples_digest(again.examples) == examples_digest(chosen.examples)
    assert again.permit == chosen.permit


def test_a_judge_is_a_writer_of_what_it_lets_through(still, tmp_path):
    def grade(body, n):
        message = {
            "role": "assistant",
            "content": "1" if "own 3 " in body["messages"][0]["content"] else "4",
        }
        return 200, {}, {**ok(body), "choices": [{"message": message, "finish_reason": "stop"}]}

    with serve(grade) as e:
        more = (f'[judge]\nspec = "openai:j@{e.url}"\nmodel = "dutiful/judge"\nsurface = "api"\n'
                'provider = "dutiful"\nthreshold = 3\n')  # fmt: skip
        s, plan, _, _ = still(answer=lambda i: f"own {i} words and more of {i * 7}", more=more)
        answers, _ = collect_answers(s, plan)
        chosen = select(s, plan, answers)
        asked = len(e.asked)
        select(s, plan, answers)
        assert len(e.asked) == asked == 32
    assert chosen.permit.verdict == "with-duties"
    assert all(x.writers[-1]["role"] == "judge" for x in chosen.examples)
    assert all(x.writers[-1]["generated_at"] == "2026-08-25" for x in chosen.examples)
    low = sum("own 3 " in e.response for e in answers)
    assert chosen.rejected == ({"judged too low": low} if low else {})
    provenance = read_lines(s.folder / "provenance.jsonl")
    assert {p["judge_score"] for p in provenance} == {4.0}
    assert provenance[0]["others"][0]["model"] == "dutiful/judge"
    assert len((s.folder / "judge.jsonl").read_text().splitlines()) == 32


def test_much_left_out_is_a_warning(still):
    s, plan, said, _ = still(answer=lambda i: "" if i % 4 else f"own {i} words of {i * 7}")
    answers, _ = collect_answers(s, plan)
    chosen = select(s, plan, answers)
    assert 0 < len(chosen.examples) < 16
    assert any("more than half is left out" in x for x in said)


def test_nothing_left_is_refused_and_the_reasons_are_kept(still):
    s, plan, _, _ = still(answer=lambda i: "I cannot help with that.")
    answers, _ = collect_answers(s, plan)
    with pytest.raises(Refused, match=r"nothing is left.*32 refusal.*rejected\.jsonl"):
        select(s, plan, answers)
    assert len(read_lines(s.folder / "rejected.jsonl")) == 32
    assert not (s.folder / "examples.jsonl").exists()


def test_rows_that_the_gate_refuses_leave_no_permit(still):
    s, plan, _, _ = still()
    answers, _ = collect_answers(s, plan)
    barred = replace(s.recipe, teacher=replace(s.recipe.teacher, provider="barred"))
    with pytest.raises(NotPermitted, match="barred-terms"):
        select(replace(s, recipe=barred), plan, answers)
    assert read_json(s.folder / "terms.json")["verdict"] == "prohibited"
    assert not (s.folder / "permit.json").exists()


def test_a_teacher_that_answers_nothing(still):
    with serve(lambda b, n: (500, {}, b"no")) as e:
        s, plan, _, _ = still(
            edit=lambda t: t.replace("recorded:teacher-a@answers.jsonl", f"openai:m@{e.url}")
            .replace("[prompts]", "retries = 0\n[prompts]")
        )  # fmt: skip
        with pytest.raises(ModelError):
            collect_answers(s, plan)


@pytest.mark.torch
def test_training_takes_the_permit_of_these_rows_and_no_others(still):
    pytest.importorskip("trl", reason="needs the extra `train`")
    s, plan, _, counted = still(
        more="[train]\nsteps = 2\nbatch_size = 4\nmax_length = 128\nsave_steps = 0\n"
    )
    answers, _ = collect_answers(s, plan)
    chosen = select(s, plan, answers)
    with pytest.raises(NotPermitted, match="other rows"):
        train_student(s, chosen.examples[1:], chosen.permit)
    late = replace(s, clock=lambda: datetime(2026, 12, 1, tzinfo=UTC))
    with pytest.raises(NotPermitted, match="run out"):
        train_student(late, chosen.examples, chosen.permit)
    trained = train_student(s, chosen.examples, chosen.permit)
    assert trained.steps == 2
    assert counted[-1] == ("train", 2, 2)
    assert (s.folder / "job" / "job.json").exists()
    curve = (s.folder / "train" / "curve.jsonl").read_bytes()
    assert train_student(s, chosen.examples, chosen.permit) == trained
    assert (s.folder / "train" / "curve.jsonl").read_bytes() == curve
    more = replace(s, recipe=replace(s.recipe, train=replace(s.recipe.train, steps=3)))
    with pytest.raises(InputError, match="another training"):
        train_student(more, chosen.examples, chosen.permit)


def test_libraries_that_are_missing_are_told_before_anything_is_asked(monkeypatch):
    monkeypatch.setattr(stages, "find_spec", lambda name: None if name == "trl" else object())
    with pytest.raises(MissingExtra, match=r"pip install 'hydrometer\[train\]'"):
        require_training()
