"""Marker lists and the cosine of habits."""

import numpy as np
import pytest

from hydrometer.features.tokens import ngrams, openings, tokenise
from hydrometer.trace.corpus import Corpus
from hydrometer.trace.views.markers import MarkerView, openings_view, templates_view


def made_of(answers, **options):
    corpus = Corpus.from_texts(
        {f"m{i}": {str(j): a for j, a in enumerate(row)} for i, row in enumerate(answers)},
        [str(j) for j in range(len(answers[0]))],
    )
    given = {"most": 10, "least_models": 1, **options}
    return MarkerView(corpus, name="n", question="q", extract=lambda t: ngrams(t[:1], 1), **given)


def test_root_frequencies_by_hand():
    view = made_of([["sure", "sure", "yes", "no"], ["yes", "yes", "yes", ""]])
    found = view.frequencies(None, np.arange(4))
    assert found.shape == (2, 3)
    np.testing.assert_allclose(np.sort(found[0]), np.sqrt([0.25, 0.25, 0.5]))
    np.testing.assert_allclose(np.sort(found[1]), [0, 0, 1])
    # Over the first two prompts alone, and with a suspect whose word is on no list.
    some = view.frequencies(
        view.count([tokenise("sure"), tokenise("novel")] * 2), np.array([0, 1])
    )
    assert some.shape == (3, 3)
    np.testing.assert_allclose(np.sort(some[2]), [0, 0, np.sqrt(0.5)])


def test_the_list_is_of_what_enough_models_use():
    rows = [["sure", "yes"], ["sure", "no"], ["sure", "maybe"]]
    assert made_of(rows, least_models=3).frequencies(None, np.arange(2)).shape == (3, 1)
    assert made_of(rows, least_models=9).frequencies(None, np.arange(2)).shape == (3, 1)
    assert made_of(rows, most=2).frequencies(None, np.arange(2)).shape == (3, 2)


def test_no_marker_at_all_is_no_likeness():
    view = made_of([["", ""], ["", ""]])
    found = view.likeness(
        view.frequencies(view.count([tokenise("")] * 2), np.arange(2)), np.arange(3)
    )
    np.testing.assert_array_equal(found, np.zeros((3, 3)))


def test_likeness_by_hand():
    view = made_of([["sure"], ["yes"]])
    # Standardised over all rows: (1, -1), (-1, 1), (1, -1); the cosine of the last with the first.
    found = view.likeness(np.array([[1.0, 0.0], [0.0, 1.0], [0.5, 0.0]]), np.array([0, 1]))
    assert found[0, 1] == pytest.approx(-1)
    # The third stands at (0, -1) about the mean of the first two.
    assert found[0, 2] == pytest.approx(np.sqrt(0.5))
    np.testing.assert_allclose(found, found.T)


@pytest.mark.parametrize("make", [openings_view, templates_view])
def test_a_suspect_stands_where_the_panel_model_with_its_answers_does(fitted, make):
    view, prompts = make(fitted.corpus), np.arange(24)
    found = view.frequencies(view.count(fitted.corpus.tokens[4]), prompts)
    np.testing.assert_allclose(found[-1], found[4])
    alike = view.likeness(found, np.arange(21))
    np.testing.assert_allclose(alike[-1], alike[4], atol=1e-12)
    assert np.abs(alike).max() <= 1 + 1e-12


@pytest.mark.parametrize("make", [openings_view, templates_view])
def test_the_order_of_prompts_does_not_matter(fitted, make):
    turn = np.random.default_rng(0).permutation(24)
    turned = make(fitted.corpus.columns(turn.tolist()))
    one = make(fitted.corpus).frequencies(None, np.arange(24))
    np.testing.assert_allclose(turned.frequencies(None, np.arange(24)), one)
    # Nor that in which they are asked for.
    np.testing.assert_allclose(make(fitted.corpus).frequencies(None, turn), one)


def test_openings_are_of_the_first_four_tokens():
    assert openings(tokenise("a b c d e f")).tolist() == openings(tokenise("a b c d x")).tolist()
