"""Verdicts by their rules, and a finding that says what it rests on."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from hydrometer.finding import Attribution, Verdict, from_statement
from hydrometer.stats.conformal import rank_pvalue
from hydrometer.trace.audit import Audit, CandidateResult, audit_rows, suspect_rows
from hydrometer.trace.calibrate import Scores
from hydrometer.trace.finding import Context, assumptions_of, trace_finding, verdict_of

CONTEXT = Context("suspect", 0.05, 7, "2026-01-01T00:00:00+00:00", "hydrometer trace ...")


def result(place, nulls=99, *, families=None, adjusted=None):
    """A candidate with `place` of its null models at or above the suspect."""
    null = np.r_[np.full(place, 2.0), np.zeros(nulls - place)]
    rank = rank_pvalue(1.0, null)
    by_family = rank if families is None else rank_pvalue(1.0, null, families=families)
    return CandidateResult(
        "t", "V", 1.0, rank, by_family, adjusted or rank.pvalue, 1.0, (), np.zeros(6), 0.1
    )


def audit_of(one, *, prompts=100, gap=0.1):
    return Audit((one,), Scores(*[np.zeros(1)] * 4), prompts, None, gap, 50)


def judged(one, alpha, **options):
    return verdict_of(one, assumptions_of(audit_of(one, **options), one, alpha), alpha)


@pytest.mark.parametrize(
    ("place", "nulls", "alpha", "verdict"),
    [
        (0, 99, 0.01, "supported"),  # 1/100
        (1, 99, 0.01, "inconclusive"),
        (4, 99, 0.05, "supported"),  # 5/100
        (5, 99, 0.05, "inconclusive"),
        (19, 99, 0.05, "inconclusive"),  # 20/100
        (20, 99, 0.05, "not supported"),
        (0, 18, 0.05, "inconclusive"),  # 1/19: the panel is too small for a verdict
        (18, 18, 0.05, "inconclusive"),
        (19, 19, 0.05, "not supported"),
        (0, 19, 0.05, "supported"),
    ],
)
def test_verdicts_at_their_edges(place, nulls, alpha, verdict):
    assert judged(result(place, nulls), alpha) == verdict


@pytest.mark.parametrize(
    "options", [{"prompts": 49}, {"gap": 0.51}], ids=["few prompts", "no null model of its length"]
)
def test_an_unmet_assumption_keeps_it_open(options):
    assert judged(result(0), 0.05) == "supported"
    assert judged(result(0), 0.05, **options) == "inconclusive"
    assert judged(result(50), 0.05, **options) == "not supported"


def test_a_rank_that_rests_on_one_family_is_not_steady():
    # Nine of ten families have a member above: p by family is far from 1/20.
    families = [*range(9), *[9] * 90]
    assert judged(result(4, families=families), 0.05) == "inconclusive"
    assert judged(result(4, families=[9] * 4 + list(range(95))), 0.05) == "supported"


def test_the_correction_over_candidates_decides():
    assert judged(result(0, adjusted=0.06), 0.05) == "inconclusive"


def test_nothing_to_compare_with_is_inconclusive():
    empty = result(0, nulls=0)
    assert math.isnan(empty.rank.pvalue)
    assert judged(empty, 0.05) == "inconclusive"


@pytest.fixture(scope="module")
def made():
    from trace_toys import make_world

    big = make_world(5, nulls=24, prompts=60)
    fitted = big.panel.fit(big.panel.candidates)
    rows, shared = suspect_rows(fitted, big.student("teachera", 0.6))
    return audit_rows(rows, shared, seed=7), rows, rows.raw(shared)


def finding_of(made, *, members=("Vendor A",), context=CONTEXT, none=False):
    audit, rows, raw = made
    scores = {"Vendor A": 2.0, "Vendor B": 0.0}
    set_of = Attribution("vendor", members, "Vendor A", 0.9, none, scores)
    return trace_finding(audit, rows, set_of, context, raw=raw)


def test_a_supported_finding(made):
    found = finding_of(made)
    assert found.verdict is Verdict.SUPPORTED
    assert found.title == "Was suspect trained on teachera's answers?"
    assert found.pvalue == pytest.approx(1 / 26)
    assert found.multiplicity.family == 2
    assert found.n["prompts"] == 60
    assert found.n["null models"] == 25
    assert found.interval.about == "prompts"
    assert found.interval.low < found.statistic < found.interval.high
    assert "none stands as close" in found.summary
    assert "Vendor A cannot be excluded." in found.summary
    assert found.details["smallest_p"] == pytest.approx(1 / 26)
    first = found.candidates[0]
    assert [v.weak for v in first.views] == [False] * 5 + [True]
    assert all(v.pvalue >= 1 / 26 for v in first.views)
    assert len(first.null) == 25
    assert {n.stratum for n in first.null} == {"clean", "teacher"}


def test_it_survives_the_wire(made):
    found = finding_of(made)
    wire = json.loads(json.dumps(found.to_statement(), allow_nan=False))
    assert from_statement(wire).to_statement() == wire


def test_no_candidate_excluded_is_said(made):
    found = finding_of(made, members=("Vendor A", "Vendor B"), none=True)
    assert "No candidate can be excluded, and neither can a source that was not" in found.summary


def test_a_stricter_alpha_asks_for_more_models(made):
    found = finding_of(made, context=replace(CONTEXT, alpha=0.01))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "the panel is large enough for this alpha" in found.summary
    assert any("99 null models for alpha 0.01 (now 25" in s for s in found.settle)


def test_the_base_gives_a_shift(made):
    found = finding_of(made, context=replace(CONTEXT, base_scores={"teachera": 0.0}))
    shift = next(v for v in found.candidates[0].views if v.name == "shift from base")
    assert shift.statistic == pytest.approx(found.statistic)
    assert shift.weak
    assert shift.agrees
    assert not any("--base" in s for s in found.settle)


def test_without_null_models_it_still_speaks(world):
    from hydrometer.trace.lineage import Lineage, Record
    from hydrometer.trace.panel import Panel

    records = {"teachera": Record("teachera", "teacher", source="Vendor A")}
    panel = Panel(world.panel.answers, world.panel.prompts, Lineage(records))
    rows, shared = suspect_rows(panel.fit(["teachera"]), world.null_suspect())
    audit = audit_rows(rows, shared, seed=0)
    set_of = Attribution("vendor", (), None, 0.9, True, {})
    found = trace_finding(audit, rows, set_of, CONTEXT, raw=rows.raw(shared))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "cannot be ranked against teachera: 0 models" in found.summary
    assert from_statement(found.to_statement()).verdict is Verdict.INCONCLUSIVE
