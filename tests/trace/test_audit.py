"""One suspect against a panel: refusals, ranks counted by hand, early stops."""

import numpy as np
import pytest

from hydrometer.errors import Refused
from hydrometer.stats.conformal import rank_pvalue
from hydrometer.trace.audit import _adjusted, audit_rows, looks, suspect_rows


def test_looks():
    assert looks(20) == [20]
    assert looks(25) == [25]
    assert looks(101) == [25, 50, 100, 101]
    assert looks(3000)[-2:] == [1600, 3000]


def test_adjusted_by_hand():
    models = np.array([[1.0, 5.0], [3.0, 2.0], [2.0, np.nan], [9.0, 9.0]])
    null = np.array([[True, True], [True, True], [True, False], [False, False]])
    # Largest over their columns: 5, 3, 2. For candidate 0 with score 2.5: 5 and 3 are above.
    found = _adjusted(np.array([2.5, 4.0]), models, null)
    np.testing.assert_allclose(found, [3 / 4, 2 / 3])
    # Ties count against; nothing compares with a score that is not there.
    np.testing.assert_allclose(_adjusted(np.array([5.0, np.nan]), models, null), [2 / 4, 1.0])


def test_too_few_prompts_are_refused(world, fitted):
    answers = dict(list(world.null_suspect().items())[:19])
    with pytest.raises(Refused, match="too few prompts") as found:
        suspect_rows(fitted, answers)
    assert "got: 19 of the panel's 24 prompts answered" in str(found.value)
    assert "hydrometer ask" in str(found.value)


@pytest.mark.parametrize("empty", ["", "  "])
def test_empty_answers_are_no_answers(world, fitted, empty):
    answers = world.null_suspect()
    for k in list(answers)[:4]:
        answers[k] = empty
    rows, shared = suspect_rows(fitted, answers)
    assert shared.tolist() == list(range(4, 24))
    assert np.isfinite(audit_rows(rows, shared, seed=0).scores.suspect).all()


@pytest.mark.parametrize(("copied", "refused"), [(24, True), (12, True), (11, False)])
def test_a_suspect_that_is_a_candidate_is_refused(world, fitted, copied, refused):
    answers = world.null_suspect()
    theirs = world.panel.answers["teacherb"]
    for k in list(answers)[:copied]:
        answers[k] = theirs[k].upper()
    if not refused:
        suspect_rows(fitted, answers)
        return
    with pytest.raises(Refused, match="the answers of 'teacherb' itself") as found:
        suspect_rows(fitted, answers)
    assert f"{copied} of 24" in str(found.value)


def test_ranks_are_those_of_the_scores(world, fitted):
    rows, shared = suspect_rows(fitted, world.null_suspect())
    audit = audit_rows(rows, shared, seed=5)
    scores = rows.scores(shared)
    assert audit.prompts == 24
    assert audit.stopped_at is None
    for result in audit.candidates:
        k = fitted.candidates.index(result.teacher)
        null = scores.null[:, k]
        assert null.sum() == 20
        assert result.score == pytest.approx(scores.suspect[k])
        ranked = rank_pvalue(scores.suspect[k], scores.models[null, k])
        assert result.family_rank.pvalue == pytest.approx(ranked.pvalue)
        assert result.rank.pvalue >= ranked.pvalue
        assert result.adjusted >= result.rank.pvalue >= result.rank.smallest
        assert 0 <= result.evalue <= 21
        assert result.curve[-1] == (24, pytest.approx(result.score))
        assert result.prompt_se > 0
    assert [c.score for c in audit.candidates] == sorted(scores.suspect, reverse=True)


def test_a_student_is_first_and_found(world, fitted):
    rows, shared = suspect_rows(fitted, world.student("teacherb", 0.6))
    best = audit_rows(rows, shared, seed=0).candidates[0]
    assert best.teacher == "teacherb"
    assert best.rank.pvalue == best.adjusted == pytest.approx(1 / 21)


def test_the_seed_orders_the_looks_and_not_the_score(world):
    from trace_toys import make_world

    big = make_world(3, nulls=8, prompts=60)
    rows, shared = suspect_rows(big.panel.fit(big.panel.candidates), big.null_suspect())
    one, two = (audit_rows(rows, shared, seed=s).candidates[0] for s in (0, 1))
    again = audit_rows(rows, shared, seed=0).candidates[0]
    assert one.score == pytest.approx(two.score)
    assert one.adjusted == two.adjusted
    assert one.curve[0] != two.curve[0]
    assert again.curve == one.curve


def test_an_early_stop_is_never_kinder_than_the_end():
    from trace_toys import make_world

    big = make_world(4, nulls=12, prompts=60)
    fitted = big.panel.fit(big.panel.candidates)
    rows, shared = suspect_rows(fitted, big.student("teachera", 0.6))
    early = audit_rows(rows, shared, seed=0, until_decided=0.1)
    assert early.stopped_at == 25
    assert early.candidates[0].teacher == "teachera"
    assert early.candidates[0].adjusted <= 0.1
    assert early.candidates[0].curve[-1][0] == 25
    whole = audit_rows(rows, shared, seed=0, until_decided=1e-6)
    assert whole.stopped_at is None
    assert whole.candidates[0].adjusted <= early.candidates[0].adjusted
    assert len(whole.candidates[0].curve) == 3


def test_length_out_of_reach_is_seen(world, fitted):
    answers = {k: v + " " + " ".join([v] * 5) for k, v in world.null_suspect().items()}
    rows, shared = suspect_rows(fitted, answers)
    audit = audit_rows(rows, shared, seed=0)
    assert audit.length_gap > 1
    assert audit.near_null == 0
