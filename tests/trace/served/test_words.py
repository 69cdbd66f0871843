"""Words of a text and agreement with a continuation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrometer.trace.served.words import Words, agreeing_words


@given(st.text(max_size=80))
def test_words_are_those_of_split_and_prefixes_end_with_them(text: str) -> None:
    cut = Words.of(text)
    assert list(cut.words) == text.split()
    for n in range(cut.count + 1):
        assert cut.prefix(n).split() == text.split()[:n]
        assert text.startswith(cut.prefix(n))


@pytest.mark.parametrize(
    ("continuation", "cut", "found"),
    [
        (" b c d", False, (3, False)),
        ("b x", False, (1, True)),
        (" b", False, (1, True)),  # stopped by itself before the candidate did
        (" b", True, (1, False)),  # cut: ask on from there
        (" b cc", True, (1, True)),
        ("", False, (0, True)),
        ("", True, (0, False)),
        (" b c d e f", False, (3, False)),
    ],
)
def test_agreement(continuation: str, cut: bool, found: tuple[int, bool]) -> None:
    assert agreeing_words(continuation, ("b", "c", "d"), cut=cut) == found


def test_a_word_cut_in_half_is_left_open() -> None:
    assert agreeing_words(" the elep", ("the", "elephant"), cut=True) == (1, False)
    assert agreeing_words(" the elep", ("the", "elephant"), cut=False) == (1, True)
