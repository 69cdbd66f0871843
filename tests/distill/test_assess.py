import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hydrometer_endpoint import ok, serve

from hydrometer.distill.assess import assess, held_out_of, limits, rows_of
from hydrometer.distill.evaluate import Evaluation, Side, Speed
from hydrometer.distill.plan import make_plan
from hydrometer.distill.quality import Perplexity, wilson
from hydrometer.distill.recipe import read_recipe
from hydrometer.distill.stages import Setting, collect_answers
from hydrometer.distill.train.record import Trained
from hydrometer.distill.winrate import WinRate

WHEN = datetime(2026, 8, 25, 12, tzinfo=UTC)
FOUND = Evaluation(
    Side("s", Perplexity(5, 100, 400, 200.0, 7.4, 0.72), wilson(3, 10), Speed(90.0, 0.1, 0.2, 5),
         1000, 5_000_000, 2.0),
    Side("t", Perplexity(5, 90, 400, 100.0, 3.0, 0.36), wilson(6, 10), Speed(30.0, 0.3, 0.5, 5),
         9000, 9_000_000, 6.0),
    WinRate(wilson(4.5, 9), 3, 3, 3, 1, 1), None, 10,
)  # fmt: skip


def test_rows_say_what_was_measured():
    rows = {r["measure"]: r for r in rows_of(FOUND, "EUR", before=1.5)}
    assert rows["right answers"]["interval"] == pytest.approx([0.1078, 0.6032], abs=1e-3)
    assert rows["right answers kept"]["student"] == 0.5
    assert rows["speed-up"]["student"] == 3.0
    assert rows["memory while answering, MB"]["teacher"] == 9.0
    assert rows["cost of a million answer tokens, EUR"]["student"] == 2.0
    assert rows["win rate of the student"]["note"].startswith("3 wins, 3 ties (1 turn")
    assert "1.5 before the training" in rows["bits per byte of the teacher's text"]["note"]
    bare = rows_of(Evaluation(Side("s"), None, None, None, 3), "USD")
    assert bare == []


def test_limits_name_what_is_missing():
    record = {"examples": {"count": 7}}
    assert any("not evaluated" in t for t in limits(record, []))
    rows = rows_of(replace(FOUND, teacher=None), "USD")
    told = limits(record, rows)
    assert any("was not run here" in t for t in told)
    assert not any("no answer key" in t for t in told)
    assert not any("was not run here" in t for t in limits(record, rows_of(FOUND, "USD")))


def collected(kitchen, folder, **more):
    path = kitchen(**more)
    recipe = read_recipe(path)
    s = Setting(recipe, folder, lambda: WHEN, {}, lambda t: None, lambda *a: None,
                timer=time.perf_counter)  # fmt: skip
    folder.mkdir()
    collect_answers(s, make_plan(recipe, at=WHEN))
    return s


def trained(folder):
    return Trained(folder, None, (), "cpu", 1, 1.0, 10, 1, 20_000, 20_000, 1, 1, (), {}, "f")


def test_what_is_held_out_comes_with_the_teachers_words_and_the_key(kitchen, tmp_path):
    s = collected(kitchen, tmp_path / "w", more="[evaluate]\nprompts = 5\n")
    held = held_out_of(s.recipe, s.folder / "held-out.jsonl")
    assert len(held) == 5
    assert all(h.text and h.key is None for h in held)
    none = held_out_of(s.recipe, tmp_path / "absent.jsonl")
    assert [h.text for h in none] == [None] * 5


@pytest.mark.torch
def test_a_recorded_teacher_is_not_timed_and_the_judge_is_asked_once(kitchen, tmp_path, tiny):
    def prefer(body, n):
        text = body["messages"][0]["content"]
        mine = text.index("Answer A") < text.index("Answer B")
        message = {"role": "assistant", "content": "tie" if mine else "A"}
        return 200, {}, {**ok(body), "choices": [{"message": message, "finish_reason": "stop"}]}

    with serve(prefer) as e:
        more = ('[evaluate]\nwin_rate = true\nmax_tokens = 4\n[judge]\nmodel = "j"\n'
                f'surface = "api"\nprovider = "acme"\nspec = "openai:j@{e.url}"\n')  # fmt: skip
        s = collected(kitchen, tmp_path / "w", more=more)
        found = assess(s, trained(tiny), [])
        asked = len(e.asked)
        assert asked == 16
        again = assess(s, trained(tiny), [])
        assert len(e.asked) == asked
    rows = {r["measure"]: r for r in found["rows"]}
    assert rows["win rate of the student"]["n"] == 8
    assert rows["win rate of the student"]["student"] == 0.5
    assert rows["tokens per second"]["teacher"] is None
    assert rows["tokens per second"]["student"] > 0
    assert rows["memory while answering, MB"]["student"] > 50
    bits = rows["bits per byte of the teacher's text"]["student"]
    assert 6 < bits < 10  # random weights foresee nothing
    assert bits == {r["measure"]: r for r in again["rows"]}[
        "bits per byte of the teacher's text"]["student"]  # fmt: skip


@pytest.mark.torch
def test_a_teacher_that_runs_here_is_measured_too(kitchen, tmp_path, tiny):
    path = kitchen(answers="temperature = 1.0", more="[price]\nmachine_hour = 1\n")
    text = path.read_text().replace("recorded:teacher-a@answers.jsonl", f"hf:{tiny}")
    path.write_text(text.replace("max_tokens = 40", "max_tokens = 6"))
    recipe = read_recipe(path)
    recipe = replace(recipe, evaluate=replace(recipe.evaluate, max_tokens=4, prompts=3))
    folder = tmp_path / "w"
    folder.mkdir()
    s = Setting(recipe, folder, lambda: WHEN, {}, lambda t: None, lambda *a: None)
    collect_answers(s, make_plan(recipe, at=WHEN))
    found = assess(s, trained(tiny), [])
    rows = {r["measure"]: r for r in found["rows"]}
    same = rows["bits per byte of the teacher's text"]
    assert same["student"] == pytest.approx(same["teacher"])  # student and teacher are one model
    assert "tokens per second" not in rows  # no timer was given
    assert len(found["sizes"]) == 2
    assert found["sizes"][1]["parameters"] > 10_000
    assert found["size_measure"].startswith("bits per byte")
