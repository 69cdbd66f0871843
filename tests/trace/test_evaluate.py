"""The benchmark's pairs and figures, counted by hand and run on made-up models."""

import contextlib
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trace_toys import make_world

from hydrometer.errors import HydrometerError, InputError
from hydrometer.trace.evaluate import (
    Pair,
    Row,
    default_pairs,
    evaluate,
    metrics_of,
    read_pairs,
)
from hydrometer.trace.lineage import Lineage, Record
from hydrometer.trace.panel import Panel


def test_pairs_are_read(tmp_path):
    path = tmp_path / "pairs.csv"
    path.write_text("\ufeffstudent,teacher,label,note\ns,t, 1 ,x\n s ,u,0,\n", encoding="utf-8")
    assert read_pairs(path) == [Pair("s", "t", 1, "given"), Pair("s", "u", 0, "given")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no pairs"),
        ("student,teacher,label\n", "holds no pairs"),
        ("student,teacher\na,b\n", ":2: not a pair"),
        ("student,teacher,label\na,b,1\na,b,yes\n", ":3: not a pair"),
        ("student,teacher,label\n,b,1\n", "wanted: student,teacher,label with label 1 or 0"),
        ("x\n1,2,3\n", ":2: not a pair"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, text, said):
    path = tmp_path / "pairs.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as found:
        read_pairs(path)
    assert said in str(found.value)
    with pytest.raises(InputError, match="cannot read the pairs"):
        read_pairs(tmp_path)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("pairs") / "pairs.csv"


@given(st.binary(max_size=80), st.booleans())
def test_any_bytes_raise_only_our_errors(scratch, raw, headed):
    scratch.write_bytes(b"student,teacher,label\n" + raw if headed else raw)
    with contextlib.suppress(HydrometerError):
        read_pairs(scratch)


def test_default_pairs_by_hand():
    lineage = Lineage(
        {
            r.model: r
            for r in (
                Record("ta1", "teacher", source="A"),
                Record("ta2", "teacher", source="A"),
                Record("tb", "teacher", source="B"),
                Record("s", "student", "A", ("ta1",)),
                Record("c", "clean"),
                Record("d", "derived", teacher_models=("s",)),
                Record("u", "unknown"),
            )
        }
    )
    assert default_pairs(list(lineage.records), lineage) == [
        Pair("s", "ta1", 1),
        Pair("s", "tb", 0),  # ta2 is a snapshot of its own vendor: left out
        Pair("c", "ta1", 0),
        Pair("c", "ta2", 0),
        Pair("c", "tb", 0),
        Pair("d", "tb", 0, "derived"),
    ]


def row(student, label, score, verdict, kind="default"):
    verdicts = {"0.01": "inconclusive", "0.05": verdict}
    p = 0.03 if verdict == "supported" else 0.5
    among_all = dict.fromkeys(verdicts, "supported" if score == 3.0 else "inconclusive")
    return Row(
        Pair(student, "t", label, kind),
        score=score,
        pvalue=p,
        adjusted=p,
        evalue=1.0,
        verdicts=verdicts,
        among_all=among_all,
        overlap=score,
        length=-1.0,
    )


def test_figures_by_hand():
    found = metrics_of(
        [
            row("a", 1, 3.0, "supported"),
            row("b", 1, 1.0, "inconclusive"),
            row("c", 0, 2.0, "supported"),
            row("d", 0, 0.0, "not supported"),
            row("e", 0, -1.0, "not supported"),
            row("f", 0, 9.0, "supported", "derived"),
        ]
    )
    assert found["auroc"] == pytest.approx(5 / 6)
    assert found["tpr_at_fpr"]["0"] == 0.5
    assert found["false_accusation_rate"]["0.05"]["count"] == 1
    assert found["false_accusation_rate"]["0.05"]["rate"] == pytest.approx(1 / 3)
    assert found["false_accusation_rate"]["0.01"]["count"] == 0
    assert found["true_detection_rate"]["0.05"]["rate"] == 0.5
    paid = found["adjusted_for_all_candidates"]
    assert paid["false_accusation_rate"]["0.05"]["count"] == 0
    assert paid["true_detection_rate"]["0.05"]["rate"] == 0.5
    assert found["derived_false_accusation_rate"] == {"count": 1, "n": 1, "highest_score": 9.0}
    assert found["baselines"]["2-gram overlap"]["auroc"] == pytest.approx(5 / 6)
    assert found["baselines"]["length only"]["auroc"] == 0.5


def test_one_kind_of_pair_has_no_separation():
    found = metrics_of([row("a", 0, 1.0, "supported"), row("b", 0, np.nan, "inconclusive")])
    assert found["auroc"] is None
    assert found["true_detection_rate"]["0.05"]["rate"] is None


@pytest.fixture(scope="module")
def labelled():
    world = make_world(21, nulls=21, prompts=30)
    answers, records = dict(world.panel.answers), dict(world.panel.lineage.records)
    for name, teacher in (("pupila", "teachera"), ("learnera", "teachera"), ("pupb", "teacherb")):
        answers[name] = world.student(teacher, 0.6)
        vendor = "Vendor " + teacher[-1].upper()
        records[name] = Record(name, "student", vendor, (teacher,))
    return Panel(answers, world.panel.prompts, Lineage(records))


@pytest.fixture(scope="module")
def found(labelled):
    pairs = default_pairs(list(labelled.answers), labelled.lineage)
    ticks = []
    out = evaluate(labelled, pairs, seed=3, progress=lambda i, n: ticks.append((i, n)))
    assert ticks[-1] == (24, 24)
    return out


def test_made_up_students_are_told_apart(found):
    assert (found["suspects"], found["candidates"], found["models"]) == (24, 2, 26)
    assert found["auroc"] == 1.0
    assert found["vendor_level"]["auroc"] == 1.0
    assert found["attribution_top1"] == {"vendor": 1.0, "model": 1.0, "students": 3}
    assert found["attribution_macro"]["vendors"] == ["Vendor A", "Vendor B"]
    assert len(found["pairs"]) == 3 + 3 + 42
    positives = [p for p in found["pairs"] if p["label"]]
    assert {p["pvalue"] for p in positives} == {1 / 24, 1 / 25}
    # 30 prompts are too few for a verdict.
    assert {p["verdict"] for p in found["pairs"]} <= {"inconclusive", "not supported"}
    json.dumps(found, allow_nan=False)


def test_the_same_seed_gives_the_same_figures(found, labelled):
    pairs = default_pairs(list(labelled.answers), labelled.lineage)
    again = evaluate(labelled, pairs, seed=3)
    timed = ("seconds_fit", "seconds_per_audit", "peak_rss_mb")
    assert {k: v for k, v in again.items() if k not in timed} == {
        k: v for k, v in found.items() if k not in timed
    }


def test_pairs_of_models_that_are_not_there(labelled):
    with pytest.raises(InputError, match="pairs name models without answers; got: gone, missing"):
        evaluate(labelled, [Pair("gone", "missing", 1)], seed=0)


def test_a_suspect_with_too_few_answers(labelled):
    few = dict(labelled.answers)
    few["pupila"] = dict(list(few["pupila"].items())[:19])
    panel = Panel(few, labelled.prompts, labelled.lineage)
    with pytest.raises(InputError, match="pupila answered too few prompts; got: 19; wanted: 20"):
        evaluate(panel, [Pair("pupila", "teachera", 1)], seed=0)
