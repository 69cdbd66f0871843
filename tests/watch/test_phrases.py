"""The phrases of collection: found in texts, however they are written."""

import pytest

from hydrometer.features.skeleton import Alphabet, skeletons
from hydrometer.watch.phrases import PHRASES, PRODUCTION, REASONING, RUBRIC, TRACE

ALPHABET = Alphabet(b"k", PHRASES)


@pytest.mark.parametrize("phrase", PHRASES)
def test_each_is_found_in_a_sentence(phrase):
    found = skeletons([f"So, {phrase.title()}: do it", f"do {phrase}x it"], ALPHABET).phrases
    assert found[0] & PHRASES[phrase] == PHRASES[phrase]
    assert found[1] & PHRASES[phrase] != PHRASES[phrase]


def test_kinds_are_bits():
    kinds = (REASONING, TRACE, RUBRIC, PRODUCTION)
    assert sorted(kinds) == [1, 2, 4, 8]
    assert all(0 < bits < 16 for bits in PHRASES.values())


def test_ordinary_words_set_nothing():
    texts = ["What is the capital of France?", "Fix this bug in my code", "Write a poem of rain"]
    assert not skeletons(texts, ALPHABET).phrases.any()
