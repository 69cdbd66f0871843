"""Overlap of word pairs against sets counted by hand, and row against tensor."""

import numpy as np
import pytest

from hydrometer.features.tokens import tokenise
from hydrometer.trace.corpus import Corpus
from hydrometer.trace.views.overlap import OverlapView


def view(**texts):
    held = {m: dict(enumerate(t)) for m, t in texts.items()}
    keys = sorted({k for a in held.values() for k in a})
    names = [str(k) for k in keys]
    corpus = Corpus.from_texts(
        {m: {str(k): v for k, v in a.items()} for m, a in held.items()}, names
    )
    return OverlapView(corpus, [0]), corpus


def test_the_cosine_of_two_sets():
    # {ab, bc, cd} and {bc, cx}: one in common; 1 / sqrt(6). Repeats count once.
    made, _ = view(t=["a b c d"], m=["b c x"], same=["a b c d"], far=["x y"], twice=["b c b c x"])
    assert np.isnan(made.tensor[0, 0, 0])
    np.testing.assert_allclose(
        made.tensor[0, 1:, 0], [1 / np.sqrt(6), 1, 0, 1 / np.sqrt(9)], rtol=1e-6
    )


@pytest.mark.parametrize("answer", ["", "word"])
def test_an_answer_without_pairs_has_no_score(answer):
    made, _ = view(t=["a b", "a b"], m=[answer, "a b"])
    assert np.isnan(made.tensor[0, 1, 0])
    assert made.tensor[1, 1, 0] == 1
    row = made.row([tokenise(answer), tokenise("a b")])
    assert np.isnan(row[0, 0])
    assert row[1, 0] == 1


def test_a_candidate_without_an_answer_has_no_score():
    made, _ = view(t=["", "a b"], m=["a b", "b a"])
    assert np.isnan(made.tensor[0]).all()
    assert np.isnan(made.row([tokenise("a b")] * 2)[0, 0])


def test_a_suspect_scores_as_the_panel_model_with_its_answers(world, fitted):
    corpus = fitted.corpus
    made = OverlapView(corpus, fitted.teachers)
    for i in (2, 7, 20):
        np.testing.assert_allclose(made.row(corpus.tokens[i]), made.tensor[:, i], rtol=1e-6)


def test_the_score_is_symmetric(fitted):
    made = OverlapView(fitted.corpus, [0, 5])
    np.testing.assert_allclose(made.tensor[:, 5, 0], made.tensor[:, 0, 1], rtol=1e-6)
