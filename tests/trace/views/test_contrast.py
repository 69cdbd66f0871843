"""The cross-fitted likelihood ratio: by hand, without itself, and for a new suspect."""

import numpy as np
import pytest

from hydrometer.features.tokens import tokenise
from hydrometer.trace.corpus import Corpus
from hydrometer.trace.views.contrast import STRENGTH, ContrastView


def corpus_of(*rows):
    keys = [str(j) for j in range(len(rows[0]))]
    return Corpus.from_texts(
        {f"m{i}": dict(zip(keys, row, strict=True)) for i, row in enumerate(rows)}, keys
    )


def test_by_hand():
    # One word is one n-gram. Other half: the teacher says "a", the rest say "b".
    made = ContrastView(corpus_of(["x", "a"], ["a", "b"], ["b", "b"], ["a", "b"]), [0])
    background = 1 / 3 + 1e-9  # of m1's background: the teacher's a among three models
    wanted = np.log((1 + STRENGTH * background) / (1 + STRENGTH) / background)
    assert made.tensor[0, 1, 0] == pytest.approx(wanted, rel=1e-4)
    assert made.tensor[0, 2, 0] == pytest.approx(np.log(STRENGTH / (1 + STRENGTH)), rel=1e-3)
    assert np.isnan(made.tensor[:, 0, 0]).all()


def test_weights_come_from_the_other_half():
    # What is said at prompt 0 gives no weight at prompt 0.
    one = ContrastView(corpus_of(["a b c", "x"], ["a b c", "y"], ["d", "z"]), [0])
    two = ContrastView(corpus_of(["g h i", "x"], ["a b c", "y"], ["d", "z"]), [0])
    assert one.tensor[0, 1, 0] == two.tensor[0, 1, 0]


def test_a_suspect_scores_as_it_would_in_the_panel(fitted):
    corpus = fitted.corpus
    made = ContrastView(corpus, fitted.teachers)
    for i in (4, 20):
        stay = [j for j in range(len(corpus.models)) if j != i]
        without = ContrastView(corpus.take(stay), fitted.teachers)
        np.testing.assert_allclose(
            without.row(corpus.tokens[i]), made.tensor[:, i], rtol=1e-4, atol=1e-6
        )


def test_no_answer_no_score(fitted):
    made = ContrastView(fitted.corpus, fitted.teachers)
    row = made.row([tokenise(""), tokenise("a b"), *[tokenise("")] * 22])
    assert np.isnan(row[0]).all()
    assert np.isfinite(row[1]).all()
    assert np.isnan(row[2:]).all()
    assert np.isnan(made.row([tokenise("")] * 24)).all()


def test_a_single_prompt_has_no_other_half():
    made = ContrastView(corpus_of(["a b"], ["a c"]), [0])
    np.testing.assert_allclose(made.tensor[0, 1], [0.0], atol=1e-12)
