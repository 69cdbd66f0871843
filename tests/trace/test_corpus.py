"""A corpus keeps models in rows, prompts in columns, and marks what is missing."""

import pytest

from hydrometer.errors import InputError
from hydrometer.features.tokens import tokenise
from hydrometer.trace.corpus import Corpus

TEXTS = {"a": {"p": "one two", "q": "three"}, "b": {"q": "four five six"}}


def test_rows_columns_and_gaps():
    held = Corpus.from_texts(TEXTS, ["p", "q"])
    assert held.models == ("a", "b")
    assert held.lengths.tolist() == [[2, 1], [0, 3]]
    assert held.tokens[1][1].tolist() == tokenise("four five six").tolist()


def test_take_and_columns_keep_the_order_asked_for():
    held = Corpus.from_texts(TEXTS, ["p", "q"])
    assert held.take([1, 0]).models == ("b", "a")
    turned = held.columns([1, 0])
    assert turned.prompts == ("q", "p")
    assert turned.lengths.tolist() == [[1, 2], [3, 0]]
    assert turned.columns([1, 0]).lengths.tolist() == held.lengths.tolist()


@pytest.mark.parametrize(("texts", "prompts"), [({}, ["p"]), (TEXTS, [])])
def test_nothing_to_compare(texts, prompts):
    with pytest.raises(InputError, match="nothing to compare"):
        Corpus.from_texts(texts, prompts)
