"""Rare runs in common: counted by hand, with models left out, and for a new suspect."""

import numpy as np
import pytest

from hydrometer.features.tokens import ngrams, tokenise
from hydrometer.trace.corpus import Corpus
from hydrometer.trace.views.rare import RareView, rare_runs


def corpus_of(answers):
    return Corpus.from_texts({f"m{i}": {"p": a} for i, a in enumerate(answers)}, ["p"])


def test_runs_of_two_to_four_tokens():
    assert rare_runs(tokenise("a b c d e")).size == 4 + 3 + 2
    assert rare_runs(tokenise("a a a a")).size == 3  # each length once
    assert rare_runs(tokenise("a")).size == 0


def test_scores_by_hand():
    # Ten models: at most one other may use a run. The teacher and m1 share "a b"; "x y" is
    # used by the teacher, m2 and m3, and counts for none of them.
    made = RareView(corpus_of(["a b x y", "a b", "x y", "x y c", *["q"] * 6]), [0], share=0.1)
    scores = made.tensor[0, :, 0]
    assert np.isnan(scores[0])
    # m1 is not counted among the users of its own run; the teacher is.
    assert scores[1] == pytest.approx(1 / np.sqrt(4 * 2))
    np.testing.assert_array_equal(scores[2:], 0.0)


def test_what_is_rare_without_a_model():
    answers = ["a b x y", "a b", "x y", "x y c", *["q"] * 6]
    made = RareView(corpus_of(answers), [0], share=0.1)
    # Without m3, "x y" is the teacher's and m2's alone.
    left = made.leave_out([3])[0, :, 0]
    assert left[2] == pytest.approx(1 / np.sqrt(4 * 2))
    assert left[3] == 0.0  # m2 and the teacher have it: two users besides m3


@pytest.mark.parametrize("gone", [[5], [3, 11], [20, 2, 9]])
def test_leave_out_is_a_fit_without_those_models(fitted, gone):
    corpus = fitted.corpus
    stay = [i for i in range(len(corpus.models)) if i not in gone]
    fresh = RareView(corpus.take(stay), [stay.index(t) for t in fitted.teachers])
    left = RareView(corpus, fitted.teachers).leave_out(gone)
    np.testing.assert_allclose(left[:, stay], fresh.tensor, rtol=1e-6)
    for i in gone:
        np.testing.assert_allclose(left[:, i], fresh.row(corpus.tokens[i]), rtol=1e-6)


def test_an_empty_answer_has_no_score():
    made = RareView(corpus_of(["a b c", "", "a b"]), [0])
    assert np.isnan(made.tensor[0, 1, 0])
    assert np.isnan(made.row([tokenise("")])[0, 0])


def test_the_runs_that_are_shown_are_those_that_count(fitted):
    made = RareView(fitted.corpus, fitted.teachers)
    tokens = fitted.corpus.tokens[0][0]
    shown = made.shared(0, tokens, 0)
    counted = made.row(fitted.corpus.tokens[0])[0, 0]
    assert shown.size == pytest.approx(counted * tokens.size)
    assert np.isin(shown, rare_runs(tokens)).all()
    assert made.shared(0, tokens[:1], 0).size == 0
    assert ngrams(tokens, 2)[0].dtype == np.uint64
