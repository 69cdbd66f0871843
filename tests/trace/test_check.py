"""What is wrong with a panel is found, and only that."""

import pytest

from hydrometer.trace.check import check_panel
from hydrometer.trace.lineage import Lineage, Record
from hydrometer.trace.panel import Panel


def changed(world, name, answers=None, record=None, lineage=None):
    held = dict(world.panel.answers)
    if answers is not None:
        held[name] = answers
    records = dict(lineage or world.panel.lineage.records)
    if record is not None:
        records[name] = record
    return Panel(held, world.panel.prompts, Lineage(records))


def said(panel, *candidates):
    return [(p.level, p.model, p.text) for p in check_panel(panel, candidates or None)]


def test_a_sound_panel_has_no_problem(world):
    assert said(world.panel) == []


def test_a_model_without_lineage_is_background(world):
    assert ("warning", "stranger", "no lineage: background only") in said(
        changed(world, "stranger", world.null_suspect())
    )


def test_missing_answers(world):
    few = dict(list(world.panel.answers["modelaa"].items())[:20])
    assert ("warning", "modelaa", "4 of 24 answers missing") in said(
        changed(world, "modelaa", few)
    )


def test_repeated_answers(world):
    same = dict.fromkeys(world.panel.prompts, "I cannot help with that one, sorry my friend.")
    found = said(changed(world, "modelaa", same))
    assert ("warning", "modelaa", "23 of 24 answers repeat another") in found


def test_one_model_twice(world):
    found = said(changed(world, "modelaa", world.panel.answers["modelab"]))
    assert ("error", "modelaa", "gives the answers of modelab: one model twice") in found


@pytest.mark.parametrize(("copied", "level"), [(4, None), (12, "error")])
def test_a_null_model_that_repeats_a_candidate(world, copied, level):
    answers = dict(world.panel.answers["modelaa"])
    answers.update(list(world.panel.answers["teachera"].items())[:copied])
    panel = changed(world, "modelaa", answers)
    found = [p for p in check_panel(panel) if p.level == "error"]
    assert bool(found) == (level == "error")
    if found:
        assert found[0].model == "modelaa"
        assert "repeats 50% of the answers of teachera" in found[0].text
        # It is contaminated for that candidate alone.
        assert not [p for p in check_panel(panel, ("teacherb",)) if p.level == "error"]


def test_too_few_null_models(world):
    lineage = {k: r for k, r in world.panel.lineage.records.items() if k < "modelad" or k > "n"}
    found = said(changed(world, "", lineage=lineage), "teachera")
    assert ("warning", "teachera", "4 null models: no p-value below 1/5") in found


def test_a_null_model_that_claims_the_vendor(world):
    records = dict(world.panel.lineage.records)
    records["teachera"] = Record("teachera", "teacher", source="OpenAI")
    answers = dict(world.panel.answers["modelaa"])
    first = next(iter(answers))
    answers[first] = "I am ChatGPT, a large language model trained by OpenAI."
    found = said(changed(world, "modelaa", answers, lineage=records))
    assert [t for _, m, t in found if m == "modelaa"] == [
        "names OpenAI as its maker in 4% of its answers: it may be contaminated "
        "(this makes the test more cautious)"
    ]
