from difflib import SequenceMatcher

import numpy as np

from hydrometer.watch.simulate.paraphrase import paraphrase
from hydrometer.watch.simulate.templates import TEMPLATES

TEXT = TEMPLATES["reasoning"][0].partition("{task}")[0]


def test_paraphrases_differ_from_the_text_and_from_each_other(dice):
    said = [paraphrase(dice, TEXT) for _ in range(300)]
    assert len(set(said)) > 295
    likeness = [SequenceMatcher(None, TEXT.split(), s.split()).ratio() for s in said]
    assert np.mean(likeness) < 0.6


def test_strength_is_how_much_changes(dice):
    assert paraphrase(dice, TEXT, strength=0.0) == TEXT
    light = np.mean([len(set(paraphrase(dice, TEXT, strength=0.1).split()) & set(TEXT.split()))
                     for _ in range(200)])  # fmt: skip
    heavy = np.mean([len(set(paraphrase(dice, TEXT, strength=0.9).split()) & set(TEXT.split()))
                     for _ in range(200)])  # fmt: skip
    assert light > 1.5 * heavy


def test_odd_texts_are_left_whole(dice):
    for text in ("", "x", "{task}", "。！"):
        assert text.strip() in paraphrase(dice, text, strength=0.3)
