import numpy as np

from hydrometer.watch.simulate.dice import Dice
from hydrometer.watch.simulate.prose import Frame, Library, Voice, foreign


def test_a_frame_keeps_common_and_capital_words():
    frame = Frame("Would Peter's elephants march about Lisbon quickly?")
    assert frame.words == ("elephants", "march", "quickly")
    dice = Dice(np.random.default_rng(0))
    assert frame.fill(dice, ("tea",), 1.0) == "Would Peter's tea tea about Lisbon tea?"
    assert frame.fill(dice, ("tea",), 0.0) == frame.text


def test_the_share_of_replaced_words_is_what_is_asked(dice):
    frame = Frame(" ".join(["elephants"] * 2000))
    assert 0.27 < frame.fill(dice, ("tea",), 0.3).split().count("tea") / 2000 < 0.33


def test_two_people_write_differently_and_one_stays_with_its_topics(material, dice):
    library = Library(material, dice)
    a, b = Voice(library, dice), Voice(library, dice)
    own, other = ({a.question(dice) for _ in range(80)}, {b.question(dice) for _ in range(80)})
    assert len(own) > 60
    assert len(own & other) < 8
    words = [w for q in own for w in q.lower().split()]
    mine = {v.lower() for v in a.vocabulary}
    theirs = {v.lower() for v in b.vocabulary}
    assert sum(w in mine for w in words) > 1.3 * sum(w in theirs for w in words)


def test_drift_replaces_topics(material, dice):
    voice = Voice(Library(material, dice), dice)
    before = list(voice.vocabulary)
    voice.drift(dice, 0.5)
    assert 0.25 < np.mean([x != y for x, y in zip(before, voice.vocabulary, strict=True)]) < 0.75


def test_other_languages_are_varied(dice):
    for language in ("es", "zh"):
        said = {foreign(dice, language, ("Orsel", "kiwi")) for _ in range(300)}
        assert len(said) > 290
