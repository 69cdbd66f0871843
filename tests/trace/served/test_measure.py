"""From records to a finding, for each access: trained is seen, untrained is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from served_toys import ToySuspect, toy_design, toy_records

from hydrometer.errors import InputError, ModelError, Refused
from hydrometer.exchange import Exchange
from hydrometer.finding import Verdict
from hydrometer.models.journal import Journal
from hydrometer.trace.served.agreement import hit_rate, walk_scores
from hydrometer.trace.served.asking import ask_suspect, best_access
from hydrometer.trace.served.candidates import Design
from hydrometer.trace.served.finding import Provenance, served_finding
from hydrometer.trace.served.guards import check_records, check_size, compare_without_suspect
from hydrometer.trace.served.judge import judge_scores
from hydrometer.trace.served.likelihood import likelihood_scores, recorded_losses
from hydrometer.trace.served.measure import choose_access, measure_suspect
from hydrometer.trace.served.overlap import overlap_scores
from hydrometer.trace.served.prefill import WalkPlan, walk_candidates
from hydrometer.trace.served.remember import RememberingModel

PLAN = WalkPlan(last=20)


def trained(design: Design, memory: float = 0.5) -> ToySuspect:
    return ToySuspect([s.served for s in design.sets], memory=memory, seed=7)


def untrained() -> ToySuspect:
    return ToySuspect([], memory=0.0, seed=8)


def records(design: Design, model: ToySuspect, access: str, path: Path) -> list[Exchange]:
    with Journal(path) as journal:
        return ask_suspect(design, model, journal, access=access, plan=PLAN, max_tokens=20)


@pytest.mark.parametrize("access", ["logprobs", "prefill", "answers"])
def test_each_access_sees_the_trained_and_not_the_untrained(access: str, tmp_path: Path) -> None:
    design = toy_design()
    found = {}
    for name, model in (("trained", trained(design)), ("untrained", untrained())):
        rows = records(design, model, access, tmp_path / f"{name}.jsonl")
        assert choose_access(design, rows) == access
        measured = measure_suspect(design, rows, plan=PLAN)
        found[name] = judge_scores(measured.scores, alpha=0.01, seed=1).main.p
    assert found["trained"] < 1e-6
    assert found["untrained"] > 0.001


@pytest.mark.parametrize("access", ["logprobs", "prefill", "answers"])
def test_scores_follow_their_candidates(access: str, tmp_path: Path) -> None:
    design = toy_design(prompts=6)
    turned = replace(design, sets=tuple(replace(s, texts=s.texts[::-1]) for s in design.sets))
    rows = records(design, trained(design), access, tmp_path / "a.jsonl")
    other = records(design, untrained(), access, tmp_path / "b.jsonl")
    for reference in (None, other):
        one = measure_suspect(design, rows, reference, access=access, plan=PLAN).scores
        two = measure_suspect(turned, rows, reference, access=access, plan=PLAN).scores
        assert one == pytest.approx(two[:, ::-1])


def test_a_reference_sharpens(tmp_path: Path) -> None:
    design = toy_design(prompts=30)
    walk = walk_candidates(design, trained(design, memory=0.2), PLAN)
    base = walk_candidates(design, untrained(), PLAN)
    alone, paired = walk_scores(walk), walk_scores(walk, base)
    assert alone.shape == paired.shape == (30, 5)
    assert judge_scores(paired, alpha=0.01, seed=1).main.p < 0.01
    assert 0.0 < hit_rate(base) < hit_rate(walk) < 1.0
    assert np.isnan(
        walk_scores(
            replace(
                walk, hits=tuple(tuple(np.full_like(h, np.nan) for h in row) for row in walk.hits)
            )
        )
    ).all()


def test_prompts_that_are_not_walked_whole_are_left_out(tmp_path: Path) -> None:
    design = toy_design(prompts=20)
    rows = records(design, trained(design), "prefill", tmp_path / "a.jsonl")
    served = {s.key: s.texts[0] for s in design.sets}
    kept = [e for e in rows if served[design.sets[0].key].startswith(e.prompt[-1].content)]
    some = measure_suspect(design, [*kept, *rows[: len(rows) // 2]], access="prefill", plan=PLAN)
    status = {a.name: a.status for a in some.assumptions}
    assert status["every candidate was put to the suspect alike"] == "not met"
    assert np.isnan(some.scores).any(axis=1).sum() == np.isnan(some.scores).all(axis=1).sum()


def test_a_killed_walk_continues(tmp_path: Path) -> None:
    design, path = toy_design(prompts=8), tmp_path / "walk.jsonl"

    class Dying(ToySuspect):
        left = 3

        def answer(self, queries):  # type: ignore[no-untyped-def]
            self.left -= 1
            if self.left < 0:
                raise ModelError("gone")
            return super().answer(queries)

    dying = Dying([s.served for s in design.sets], memory=0.5, seed=7)
    with pytest.raises(ModelError), Journal(path) as journal:
        walk_candidates(design, RememberingModel(dying, journal, block=10), PLAN)
    with Journal(path) as journal:
        kept = len(journal.exchanges)
        assert kept == 30
        whole = walk_candidates(design, RememberingModel(trained(design), journal), PLAN)
    fresh = walk_candidates(design, trained(design), PLAN)
    assert all(
        np.array_equal(a, b)
        for x, y in zip(whole.hits, fresh.hits, strict=True)
        for a, b in zip(x, y, strict=True)
    )


def test_the_log_in_the_place_of_the_suspect_is_refused() -> None:
    log, _ = toy_records()
    with pytest.raises(Refused, match="log itself"):
        measure_suspect(toy_design(), log, access="answers")


def test_a_cache_keeps_the_verdict_open() -> None:
    log, _ = toy_records()
    copies = [replace(e, model="suspect") for e in log]
    measured = measure_suspect(toy_design(), copies, access="answers")
    assert {a.status for a in measured.assumptions} == {"met", "not met"}


def test_missing_records_are_named() -> None:
    design = toy_design(prompts=3)
    with pytest.raises(InputError, match="no recorded log-probabilities"):
        recorded_losses(design, [])
    with pytest.raises(InputError, match="nothing about the logged prompts"):
        choose_access(design, [])
    with pytest.raises(InputError, match="unknown access"):
        measure_suspect(design, [], access="divination")
    with pytest.raises(ModelError, match="finite"):
        likelihood_scores([[(float("inf"),), (1.0,)]])


def test_hardest_tokens_and_overlap_of_silence() -> None:
    assert likelihood_scores([[(1.0, 3.0), (2.0, 2.5)]], hardest=0.5).tolist() == [[-3.0, -2.5]]
    design = toy_design(prompts=3)
    assert (overlap_scores(design, {}) == 0.0).all()


def test_best_access_of_live_models() -> None:
    assert best_access(untrained()) == "logprobs"


def finding_of(design: Design, model: ToySuspect, path: Path):  # type: ignore[no-untyped-def]
    measured = measure_suspect(design, records(design, model, "prefill", path), plan=PLAN)
    found = judge_scores(measured.scores, alpha=0.01, seed=1)
    alike, views = compare_without_suspect(design)
    return served_finding(
        design,
        found,
        access="prefill",
        alpha=0.01,
        seed=1,
        assumptions=[
            *check_records(design),
            check_size(design, 0.01),
            alike,
            *measured.assumptions,
        ],
        provenance=Provenance(suspect="suspect", created="2026-01-01T00:00:00+00:00"),
        views=views,
        exhibits=measured.exhibits,
        details=measured.details,
    )


def test_findings(tmp_path: Path) -> None:
    design = toy_design()
    yes = finding_of(design, trained(design), tmp_path / "a.jsonl")
    assert yes.verdict is Verdict.SUPPORTED
    assert yes.pvalue is not None
    assert 0.0 < yes.pvalue < 1e-6
    assert len(yes.exhibits) == 3
    assert yes.exhibits[0].left_spans
    shown = yes.exhibits[0]
    assert all(not shown.left[s.start : s.end].isspace() for s in shown.left_spans)
    no = finding_of(
        design,
        ToySuspect([s.decoys[0] for s in design.sets], memory=0.0, seed=9),
        tmp_path / "b.jsonl",
    )
    assert no.verdict in (Verdict.NOT_SUPPORTED, Verdict.INCONCLUSIVE)
    few = toy_design(prompts=2)
    assert finding_of(few, trained(few, 0.9), tmp_path / "c.jsonl").verdict is Verdict.INCONCLUSIVE
