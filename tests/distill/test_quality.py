import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from hydrometer.distill.quality import HeldOut, accuracy, matches, perplexity, wilson
from hydrometer.errors import InputError
from hydrometer.exchange import Message

ASKED = (Message("user", "q"),)


class Scores:
    """Foresees each byte with the same chance."""

    name, prefill = "even", False

    def __init__(self, chance, size):
        self._chance, self._size = chance, size

    def answer(self, queries):
        raise AssertionError("not asked")

    def score(self, prompt, responses):
        count = [-(-len(r.encode()) // self._size) for r in responses]
        return [(math.log(self._chance) * self._size,) * c for c in count]


@given(st.integers(1, 300), st.data())
def test_the_interval_is_that_of_scipy(n, data):
    k = data.draw(st.integers(0, n))
    want = binomtest(k, n).proportion_ci(method="wilson")
    got = wilson(k, n)
    assert (got.low, got.high) == pytest.approx((want.low, want.high), abs=1e-9)
    assert got.value == k / n


def test_no_trial_has_no_share():
    assert wilson(0, 0).value is wilson(0, 0).low is None
    for k, n in ((3, 2), (-1, 2), (0, -1)):
        with pytest.raises(InputError):
            wilson(k, n)


def test_bytes_compare_what_tokens_do_not():
    held = [HeldOut("a", ASKED, "abcd" * 6), HeldOut("b", ASKED, "xyzw"), HeldOut("c", ASKED)]
    small, large = (perplexity(Scores(0.5, size), held) for size in (1, 4))
    assert (small.tokens, large.tokens, small.bytes, small.texts) == (28, 7, 28, 2)
    assert small.per_token == pytest.approx(2)
    assert large.per_token == pytest.approx(16)
    assert small.bits_per_byte == pytest.approx(1) == large.bits_per_byte
    assert perplexity(Scores(0.5, 1), [HeldOut("c", ASKED)]) is None


def test_a_model_that_does_not_score_is_passed_over():
    class Speaks:
        name, prefill = "mute", False

        def answer(self, queries):
            return []

    assert perplexity(Speaks(), [HeldOut("a", ASKED, "text")]) is None


@pytest.mark.parametrize(
    ("response", "key", "match", "right"),
    [
        ("It is 42.", "42", "number", True),
        ("First 7, then 1,042", "1042", "number", True),
        ("1/2", "0.5", "number", True),
        ("-3", "3", "number", False),
        ("none", "3", "number", False),
        ("3", "none", "number", False),
        ("7/0", "7", "number", False),
        (" The Hague! ", "the hague", "exact", True),
        ("It is The Hague", "the hague", "exact", False),
        ("", "", "exact", False),
        (None, "x", "exact", False),
    ],
)
def test_what_counts_as_right(response, key, match, right):
    assert matches(response, key, match) is right


def test_only_questions_with_a_key_count():
    got = accuracy(["4", "5", None, "?"], ["4", "4", "4", None], "number")
    assert (got.successes, got.n) == (1, 3)
    with pytest.raises(InputError, match="way to match"):
        accuracy(["4"], ["4"], "fuzzy")
