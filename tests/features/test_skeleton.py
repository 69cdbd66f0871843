"""Skeletons against a slow reading of their definition, one text and one token at a time."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hydrometer.features.skeleton import CHUNK, Alphabet, skeletons

ALPHABET = Alphabet(b"one", {"step by step": 1, "rubric": 2})
FULL = 2**64 - 1
GOLDEN, MIX = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9
ODD = [
    "",
    "\ud800",
    "a\udfffb",
    "\0\0",
    "漢字かな交じり文",
    "0123 456",
    "...",
    "I",
    "I am A",
    " b",
    "Ünïcode 7",
]

pieces = st.sampled_from([*"ab .,:?!\n'7A漢é", "the ", "Bob ", "step by step ", "\ud800", "\0"])
texts = st.lists(st.one_of(st.lists(pieces, max_size=60).map("".join), st.sampled_from(ODD)))


def tokens(text):
    """Plain and masked hash of every token, and whether it is masked."""
    text = text.encode("utf-8", "replace").decode()
    found, open_, stop = [], False, True
    for c in text:
        wide = 0x3000 <= ord(c) < 0xE000
        if not (c.isascii() and (c.isalnum() or c == "'")) and c.isascii():
            open_, stop = False, stop or c in ".!?:\n"
            continue
        if open_ and not wide:
            found[-1][0] += c
        else:
            found.append([c, stop])
            stop = False
        open_ = not wide
    out = []
    for token, opening in found:
        data = token.encode()
        low = [b + 32 if 0x41 <= b <= 0x5A else b for b in data]
        h = sum(int(ALPHABET.table[b]) * int(ALPHABET.powers[i]) for i, b in enumerate(low)) & FULL
        h = ((h ^ h >> 29) * GOLDEN) & FULL
        number = any(c in "0123456789" for c in token)
        name = "A" <= token[0] <= "Z" and not opening and len(data) > 1
        masked = int(ALPHABET.number) if number else int(ALPHABET.name) if name else h
        out.append((h, masked, number or name))
    return out


def sketch(text, k):
    kept = []
    for _, masked, mask in tokens(text):
        if not (mask and kept and kept[-1] == (masked, True)):
            kept.append((masked, mask))
    found = set()
    for run in zip(kept, kept[1:], kept[2:], strict=False):
        if sum(mask for _, mask in run) < 2:
            h = 3
            for token, _ in run:
                h = ((h ^ token) * GOLDEN) & FULL
                h ^= h >> 29
            found.add((h * MIX) & FULL)
    return sorted(found)[:k]


def split(found):
    return [a.tolist() for a in np.split(found.sketch, np.cumsum(found.sizes)[:-1])]


@given(texts)
@example([" ".join(["alpha beta gamma"] * 300 + [f"w{chr(97 + i)}" for i in range(26)])])
def test_a_sketch_is_the_smallest_shingles(some):
    found = skeletons(some, ALPHABET, k=8)
    assert split(found) == ([sketch(t, 8) for t in some] or [[]])
    assert found.words.tolist() == [len(tokens(t)) for t in some]


@given(texts)
@example(["漢" * 30_000, "the cat sat on it"])
@example(["I am A", " and so it goes"])
def test_a_text_is_measured_the_same_alone(some):
    together = skeletons(some, ALPHABET)
    for i, text in enumerate(some):
        alone = skeletons([text], ALPHABET)
        for name in ("words", "digest", "skeleton", "head", "tail", "script", "phrases", "sizes"):
            assert getattr(alone, name)[0] == getattr(together, name)[i], name
        assert split(alone)[0] == split(together)[i]


def test_chunks_leave_no_trace():
    rng = np.random.default_rng(1)
    word = np.array(["alpha", "Beta", "gamma.", "12", "delta", "漢字", "é"])
    long = [" ".join(rng.choice(word, size=9000)) for _ in range(40)]
    assert sum(map(len, long)) > CHUNK
    together = skeletons(long, ALPHABET)
    for i in (0, 20, 39):
        alone = skeletons([long[i]], ALPHABET)
        assert alone.digest[0] == together.digest[i]
        assert split(alone)[0] == split(together)[i]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Solve for 12 apples, please, and say why", "Solve for 7 apples, please, and say why"),
        ("Write to Mary Ann Smith of it now", "Write to Bob of it now"),
        ("tell  me, then: WHY?", "Tell me then: why"),
    ],
)
def test_what_fills_a_frame_is_masked(one, other):
    found = skeletons([one, other, one + " not"], ALPHABET)
    assert found.skeleton[0] == found.skeleton[1] != found.skeleton[2]
    assert split(found)[0] == split(found)[1]


def test_digest_forgets_case_and_spaces_only():
    found = skeletons(["Tell me of 7 cats", "tell  ME of 7 cats!", "tell me of 8 cats"], ALPHABET)
    assert found.digest[0] == found.digest[1] != found.digest[2]


def test_nothing_to_measure():
    found = skeletons(["", " .,!", "\0"], ALPHABET)
    assert not found.words.any()
    assert not found.digest.any()
    assert not found.sketch.size
    assert skeletons([], ALPHABET).words.size == 0


def test_head_and_tail_need_a_long_text():
    frame = "one two three four five {} six seven eight nine ten"
    found = skeletons([frame.format("cat"), frame.format("dog or two"), "too short"], ALPHABET)
    assert found.head[0] == found.head[1] != 0
    assert found.tail[0] == found.tail[1] != 0
    assert found.head[2] == found.tail[2] == 0
    assert found.head[0] != found.tail[0]


def test_script_is_that_of_most_of_the_text():
    same = skeletons(
        ["привет, как дела", "добрый день", "hello there", "漢字かな"], ALPHABET
    ).script
    assert same[0] == same[1] != 0
    assert same[2] == 0
    assert same[3] not in (0, same[0])


def test_phrases_do_not_reach_over_two_texts():
    found = skeletons(["Think step by", "step", "Step by step, a rubric"], ALPHABET)
    assert found.phrases.tolist() == [0, 0, 3]


def test_another_secret_has_other_hashes():
    text = ["tell me all of the things that you know about it"]
    one, other = skeletons(text, ALPHABET), skeletons(text, Alphabet(b"two"))
    assert not set(one.sketch.tolist()) & set(other.sketch.tolist())
    assert (one.digest != other.digest).all()
    assert (one.head != other.head).all()
