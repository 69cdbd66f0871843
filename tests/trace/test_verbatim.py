"""Copied passages: long, in both answers, and in nobody else's."""

import numpy as np
import pytest

from hydrometer.features.tokens import tokenise
from hydrometer.trace.corpus import Corpus
from hydrometer.trace.verbatim import RUN, verbatim_prompts

LONG = " ".join(f"w{i}" for i in range(RUN))
SHORT = " ".join(f"w{i}" for i in range(RUN - 1))


def found(suspect, teacher, other, skip=()):
    corpus = Corpus.from_texts({"t": {"p": teacher}, "o": {"p": other}}, ["p"])
    return verbatim_prompts([tokenise(suspect)], corpus, 0, np.arange(1), skip=skip)


@pytest.mark.parametrize(
    ("suspect", "teacher", "other", "copied"),
    [
        (f"x {LONG} y", f"{LONG} z", "else", [0]),
        (f"x {SHORT} y", f"{SHORT} z", "else", []),
        (f"x {LONG}", f"{LONG} z", f"as they say: {LONG}", []),
        (LONG, "else", "else", []),
        ("", LONG, "else", []),
        (LONG.upper(), LONG, "", [0]),
    ],
)
def test_a_run_counts_where_only_the_candidate_has_it(suspect, teacher, other, copied):
    assert found(suspect, teacher, other) == copied


def test_the_candidates_own_family_does_not_make_it_common():
    assert found(LONG, LONG, LONG) == []
    assert found(LONG, LONG, LONG, skip=[1]) == [0]


def test_only_the_prompts_asked_for():
    corpus = Corpus.from_texts({"t": {"p": LONG, "q": LONG}}, ["p", "q"])
    suspect = [tokenise(LONG)] * 2
    assert verbatim_prompts(suspect, corpus, 0, np.array([1])) == [1]
    assert verbatim_prompts(suspect, corpus, 0, np.array([], dtype=int)) == []
