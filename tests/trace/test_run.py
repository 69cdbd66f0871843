"""The whole of a trace: verdicts on a planted student and on an innocent; refusals."""

from dataclasses import replace

import pytest
from trace_toys import make_world

from hydrometer.errors import InputError, Refused
from hydrometer.finding import Verdict
from hydrometer.trace.finding import Context
from hydrometer.trace.lineage import Lineage, Record
from hydrometer.trace.panel import Panel
from hydrometer.trace.run import Question, run_trace

CONTEXT = Context("suspect", 0.05, 7, "2026-01-01T00:00:00+00:00", "hydrometer trace ...")


@pytest.fixture(scope="module")
def big():
    return make_world(11, nulls=21, prompts=60)


@pytest.fixture(scope="module")
def student(big):
    return big.student("teacherb", 0.6)


def test_a_student_is_found(big, student):
    found = run_trace(big.panel, Question("suspect", student), CONTEXT)
    assert found.verdict is Verdict.SUPPORTED
    assert found.candidates[0].teacher == "teacherb"
    assert found.candidates[1].verdict is not Verdict.SUPPORTED
    assert found.pvalue == pytest.approx(1 / 23)
    assert not found.attribution.none_of_these
    assert found.exhibits
    assert [v.name for v in found.views] == ["near-verbatim overlap", "self-identification"]
    assert found == run_trace(big.panel, Question("suspect", student), CONTEXT)


def test_an_innocent_is_not(big):
    found = run_trace(big.panel, Question("suspect", big.null_suspect()), CONTEXT)
    assert found.verdict is not Verdict.SUPPORTED


def test_candidates_can_be_named(big, student):
    found = run_trace(big.panel, Question("suspect", student, candidates=["teachera"]), CONTEXT)
    assert [c.teacher for c in found.candidates] == ["teachera"]
    with pytest.raises(InputError, match="no answers of a candidate; got: gone"):
        run_trace(big.panel, Question("suspect", student, candidates=["gone"]), CONTEXT)


def test_a_candidate_without_lineage_is_a_vendor_of_its_own(big, student):
    panel = Panel(
        {**big.panel.answers, "newcomer": big.student("teacherb", 0.9)},
        big.panel.prompts,
        big.panel.lineage,
    )
    found = run_trace(panel, Question("suspect", student, candidates=["newcomer"]), CONTEXT)
    assert found.candidates[0].family == "newcomer"
    assert found.n["null models"] == 23


def test_a_suspect_in_the_panel_is_taken_out_of_it(big):
    answers = big.panel.answers["modelad"]
    found = run_trace(big.panel, Question("modelad", answers), CONTEXT)
    assert found.n["panel models"] == 22
    assert "modelad" not in {n.model for c in found.candidates for n in c.null}


def test_a_suspect_is_not_its_own_candidate(big):
    answers = big.panel.answers["teachera"]
    found = run_trace(big.panel, Question("teachera", answers), CONTEXT)
    assert [c.teacher for c in found.candidates] == ["teacherb"]
    with pytest.raises(InputError, match="no candidate teacher"):
        run_trace(big.panel, Question("teachera", answers, candidates=["teachera"]), CONTEXT)


def test_a_family_can_be_left_out(big, student):
    found = run_trace(big.panel, Question("suspect", student, family="modelae"), CONTEXT)
    assert "modelae" not in {n.model for n in found.candidates[0].null}
    assert found.n["null models"] == 21


def test_a_contaminated_panel_is_refused(big, student):
    answers = {**big.panel.answers, "modelac": big.panel.answers["teachera"]}
    panel = Panel(answers, big.panel.prompts, big.panel.lineage)
    with pytest.raises(Refused, match="not fit for a verdict") as found:
        run_trace(panel, Question("suspect", student), CONTEXT)
    assert "one model twice" in str(found.value)
    assert "hydrometer panel check" in str(found.value)


def test_the_candidate_itself_under_another_name_is_refused(big):
    question = Question("suspect", big.panel.answers["teachera"])
    with pytest.raises(Refused, match="identity is not distillation"):
        run_trace(big.panel, question, CONTEXT)


def test_too_few_prompts_are_refused(big, student):
    with pytest.raises(Refused, match="too few prompts"):
        run_trace(big.panel, Question("suspect", dict(list(student.items())[:19])), CONTEXT)
    with pytest.raises(Refused, match="0 of the panel's 60 prompts"):
        run_trace(big.panel, Question("suspect", {"another prompt": "yes"}), CONTEXT)


def test_until_decided_stops(big, student):
    found = run_trace(big.panel, Question("suspect", student, until_decided=True), CONTEXT)
    assert found.details["stopped_at"] == 25
    assert found.candidates[0].curve[-1][0] == 25
    assert found.pvalue <= 0.05


def test_base_losses_and_key_are_shown_beside(big, student):
    losses = {"teacherb": [-1.0, -1.2], "teachera": [0.0, 0.1]}
    question = Question("suspect", student, base=big.null_suspect(), losses=losses)
    found = run_trace(big.panel, question, CONTEXT)
    names = [v.name for v in found.candidates[0].views]
    assert names[-2:] == ["loss contrast", "shift from base"]
    assert all(v.weak for v in found.candidates[0].views[-2:])
    assert found.statistic == run_trace(big.panel, Question("suspect", student), CONTEXT).statistic


def test_a_tiny_panel_is_inconclusive(big, student):
    few = big.panel.select(models=["teachera", "modelaa"])
    found = run_trace(few, Question("suspect", student), replace(CONTEXT, alpha=0.01))
    assert found.verdict is Verdict.INCONCLUSIVE


def test_a_fit_serves_several_suspects(big, student):
    fitted = big.panel.fit(big.panel.candidates)
    question = Question("suspect", student)
    assert run_trace(big.panel, question, CONTEXT, fitted=fitted) == run_trace(
        big.panel, question, CONTEXT
    )


def test_a_panel_without_teachers_has_no_candidate(big, student):
    lineage = Lineage({m: Record(m, "clean") for m in big.panel.answers})
    with pytest.raises(InputError, match="no candidate teacher"):
        run_trace(
            Panel(big.panel.answers, big.panel.prompts, lineage),
            Question("suspect", student),
            CONTEXT,
        )
