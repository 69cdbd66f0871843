"""A panel against itself: members, suspects, orders and selections."""

import numpy as np
import pytest

from hydrometer.errors import InputError
from hydrometer.features.tokens import tokenise
from hydrometer.trace.lineage import Lineage, Record
from hydrometer.trace.panel import COMBINED, VIEWS, Panel


def tokens_of(panel, answers):
    return [tokenise(answers.get(k, "")) for k in panel.prompts]


def test_candidates_are_the_teachers(world):
    assert world.panel.candidates == ("teachera", "teacherb")


@pytest.mark.parametrize(("wanted", "said"), [(["gone"], "got: gone"), ([], "got: no candidate")])
def test_a_candidate_must_be_there(world, wanted, said):
    with pytest.raises(InputError, match=said):
        world.panel.fit(wanted)


def test_select_keeps_order_and_drops_the_rest(world):
    keys = list(world.panel.prompts)[5:2:-1]
    few = world.panel.select(prompts=keys, models=["modelab", "teachera"])
    assert list(few.prompts) == keys
    assert list(few.answers) == ["modelab", "teachera"]
    assert set(few.answers["modelab"]) == set(keys)


def test_shapes(world, fitted):
    rows = fitted.suspect(tokens_of(world.panel, world.null_suspect()))
    raw = rows.raw(np.arange(24))
    assert len(raw) == len(VIEWS) == COMBINED + 1
    assert {v.shape for v in raw} == {(22, 2)}
    assert all(np.isfinite(v[-1]).all() for v in raw)
    # No model is compared with itself.
    assert all(np.isnan(v[fitted.teachers, [0, 1]]).all() for v in raw)


@pytest.mark.parametrize("model", ["modelaa", "modelas"])
def test_a_member_scores_as_a_suspect_from_outside(world, fitted, model):
    prompts = np.arange(24)
    inner = fitted.member(model).raw(prompts)
    outside = world.panel.select(models=[m for m in world.panel.answers if m != model])
    outer = outside.fit(world.panel.candidates).suspect(
        tokens_of(world.panel, world.panel.answers[model])
    )
    for (name, _), a, b in zip(VIEWS, inner, outer.raw(prompts), strict=True):
        if name in ("overlap", "rare agreement", "contrast"):
            np.testing.assert_allclose(a[-1], b[-1], rtol=1e-4, err_msg=name)
        else:  # lists of markers are frozen on the whole panel
            np.testing.assert_allclose(a[-1], b[-1], atol=0.15, err_msg=name)


def test_a_members_whole_family_is_left_out(world):
    records = dict(world.panel.lineage.records)
    for name in ("modelaa", "modelab", "modelac"):
        records[name] = Record(name, "clean", family="one")
    panel = Panel(world.panel.answers, world.panel.prompts, Lineage(records))
    rows = panel.fit(panel.candidates).member("modelab")
    names = np.array(rows.panel.corpus.models)
    assert not {"modelaa", "modelab", "modelac"} & set(names[rows.inside])
    assert not rows.who.null[np.isin(names, ["modelaa", "modelab", "modelac"])].any()
    # What the siblings say changes nothing.
    changed = dict(panel.answers)
    changed["modelaa"] = changed["modelac"] = dict.fromkeys(panel.prompts, "Nothing at all here.")
    other = Panel(changed, panel.prompts, panel.lineage)
    again = other.fit(panel.candidates).member("modelab")
    keep = [*np.flatnonzero(~np.isin(names, ["modelaa", "modelab", "modelac"])), names.size]
    for v in (0, 1):
        a, b = rows.raw(np.arange(24))[v], again.raw(np.arange(24))[v]
        np.testing.assert_allclose(a[keep], b[keep], rtol=1e-5)


def test_a_suspect_of_a_family_is_judged_without_it(world, fitted):
    tokens = tokens_of(world.panel, world.null_suspect())
    rows = fitted.suspect(tokens, family=world.panel.lineage.family("modelaf"))
    at = fitted.corpus.models.index("modelaf")
    assert at not in rows.inside
    assert not rows.who.null[at].any()


def test_the_order_of_prompts_does_not_matter(world, fitted):
    answers = world.null_suspect()
    turn = np.random.default_rng(3).permutation(24)
    rows = fitted.suspect(tokens_of(world.panel, answers))
    one, two = rows.scores(np.arange(24)), rows.scores(turn)
    np.testing.assert_allclose(one.suspect, two.suspect, atol=1e-8)
    np.testing.assert_allclose(one.models, two.models, atol=1e-8)


def test_prompts_in_another_order_give_the_same_scores(world, fitted):
    # All views that enter the score; contrast splits prompts by their place.
    keys = list(world.panel.prompts)
    turned = world.panel.select(
        prompts=[keys[i] for i in np.random.default_rng(3).permutation(24)]
    )
    answers = world.null_suspect()
    rows = fitted.suspect(tokens_of(world.panel, answers))
    other = turned.fit(turned.candidates).suspect(tokens_of(turned, answers))
    one, two = rows.scores(np.arange(24)), other.scores(np.arange(24))
    np.testing.assert_allclose(one.suspect, two.suspect, atol=1e-6)
    np.testing.assert_allclose(one.models, two.models, atol=1e-6)


def test_models_in_another_order_give_the_same_scores(world, fitted):
    names = list(world.panel.answers)
    turned = world.panel.select(models=names[::-1])
    answers = world.null_suspect()
    one = fitted.suspect(tokens_of(world.panel, answers)).scores(np.arange(24))
    again = turned.fit(world.panel.candidates)
    two = again.suspect(tokens_of(turned, answers)).scores(np.arange(24))
    np.testing.assert_allclose(one.suspect, two.suspect, atol=1e-6)
    np.testing.assert_allclose(one.models[::-1], two.models, atol=1e-6)


def test_unanswered_prompts_do_not_enter(world, fitted):
    answers = world.null_suspect()
    half = {k: v for i, (k, v) in enumerate(answers.items()) if i % 2}
    whole = fitted.suspect(tokens_of(world.panel, answers)).raw(np.arange(1, 24, 2))
    some = fitted.suspect(tokens_of(world.panel, half)).raw(np.arange(1, 24, 2))
    for a, b in zip(whole, some, strict=True):
        np.testing.assert_allclose(a[-1], b[-1], rtol=1e-6)
