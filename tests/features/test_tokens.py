"""Tokens and n-grams against cases counted by hand, and on any text at all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrometer.features.tokens import ngrams, openings, sentence_starts, tokenise, words

TEXTS = st.text(st.characters(), max_size=200)  # half surrogates too


def test_words_are_lower_case_with_single_marks():
    assert words("It's 3.5!\n\tOK") == ["it", "'", "s", "3", ".", "5", "!", "\n", "ok"]
    assert words(" \t ") == []


def test_a_hash_is_the_same_on_every_machine():
    # The first 8 bytes of BLAKE2b with an 8-byte digest, little-endian.
    import hashlib

    known = hashlib.blake2b(b"the", digest_size=8).digest()
    assert int(tokenise("the THE")[1]) == int.from_bytes(known, "little")


@pytest.mark.parametrize(("n", "size"), [(1, 4), (2, 3), (4, 1), (5, 0)])
def test_ngrams_count(n, size):
    assert ngrams(tokenise("to be or not"), n).shape == (size,)


def test_ngrams_know_order_and_length():
    assert ngrams(tokenise("a b"), 2)[0] != ngrams(tokenise("b a"), 2)[0]
    assert ngrams(tokenise("a"), 1)[0] != tokenise("a")[0]
    many = ngrams(tokenise("x y x y x"), 2)
    assert many[0] == many[2]
    assert many[0] != many[1]


def test_ngrams_of_no_length_are_refused():
    with pytest.raises(ValueError, match="at least 1"):
        ngrams(tokenise("a"), 0)


def test_openings_are_the_first_runs():
    tokens = tokenise("Sure, here is one")
    assert openings(tokens).tolist() == [int(ngrams(tokens, n)[0]) for n in (1, 2, 3, 4)]
    assert openings(tokenise("Yes")).size == 1
    assert openings(tokenise("")).size == 0


def test_sentence_starts_by_hand():
    # Sentences and lines: "a b .", "c d e !", "- f"
    tokens = tokenise("A b. C d e!\n- f")
    singles = [int(ngrams(tokenise(w), 1)[0]) for w in ("a", "c", "-")]
    assert sentence_starts(tokens, (1,)).tolist() == singles
    pairs = [int(ngrams(tokenise(w), 2)[0]) for w in ("a b", "c d", "- f")]
    assert sentence_starts(tokens, (2,)).tolist() == pairs
    # A run past the end of the answer is no run.
    assert sentence_starts(tokens, (3,)).size == 2


@given(TEXTS)
def test_any_text_gives_tokens(text):
    tokens = tokenise(text)
    assert tokens.dtype == np.uint64
    assert tokens.size == len(words(text))
    assert openings(tokens).size == min(4, tokens.size)
    for n in (1, 2, 3, 17):
        assert ngrams(tokens, n).size == max(0, tokens.size - n + 1)
    assert sentence_starts(tokens).size <= 3 * tokens.size


@given(TEXTS, TEXTS)
def test_a_run_is_where_it_stands(first, second):
    # A line break cuts no token in two, so the tokens of both texts stand side by side.
    joined = tokenise(first + "\n" + second)
    assert joined[tokenise(first).size + 1 :].tolist() == tokenise(second).tolist()


@given(st.text(st.characters(codec="ascii"), max_size=80))
def test_case_does_not_count(text):
    assert tokenise(text.upper()).tolist() == tokenise(text).tolist()
